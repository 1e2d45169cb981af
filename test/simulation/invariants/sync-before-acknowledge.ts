import { MessageType, type LogIndex, type Message, type NodeId } from '../../../engine/raft/types.ts';
import type { ReplicaGhost } from '../ghost.ts';
import { decides, words } from './configurations.ts';
import { Violation } from '../violation.ts';

const NAME = 'No Acknowledgement Before The Sync It Needs (Raft paper, figure 2, "before responding to RPCs")';

function fail(replica: ReplicaGhost, message: string): never {
  throw new Violation(NAME, replica.group.id, replica.node, message);
}

/**
 * A vote is durable before anyone hears of it. A newer term on disk does as well: a node
 * that has left a term without a vote on disk never votes in it again.
 */
export function checkVoteDurable(replica: ReplicaGhost, message: Message): void {
  const { node, durableVotes, durableTerm } = replica;
  const candidate = message.type === MessageType.Vote ? node : message.to;
  const durableVote = durableVotes.get(message.term);
  if (durableVote === candidate || (durableVote === undefined && durableTerm > message.term)) return;
  fail(
    replica,
    `node ${node} speaks of its vote for node ${candidate} in term ${message.term}, which is not on its disk`,
  );
}

/** Nobody speaks for a term that a crash could take back. Pre-votes are about a term that nobody is in yet. */
export function checkTermDurable(replica: ReplicaGhost, message: Message): void {
  const { type, term } = message;
  if (term <= replica.durableTerm || type === MessageType.PreVote || type === MessageType.PreVoteResponse) return;
  fail(replica, `node ${replica.node} speaks in term ${term}, and its disk has term ${replica.durableTerm}`);
}

/**
 * An accepted append is on the follower's disk, and it is the leader's. Unless the disk has
 * a newer term by now: whoever replaced the entry was elected by a majority that did not
 * have it, so that this late answer cannot commit it.
 */
export function checkAppendDurable(replica: ReplicaGhost, message: Message): void {
  const { node, group } = replica;
  const { index, term, to } = message;
  if (term < replica.durableTerm) return;
  const found = replica.durableTermAt(index);
  if (found < 0) {
    fail(replica, `node ${node} acknowledges entry ${index}, and its disk ends at ${replica.durable.entries.length}`);
  }
  const leader = group.replicas.get(to);
  if (leader === undefined || leader.core?.role !== 'leader' || leader.core.term !== term) return;
  const expected = leader.termAt(index);
  if (expected === found || expected < 0) return;
  fail(replica, `node ${node} acknowledges entry ${index} of term ${expected}, and its disk has one of term ${found}`);
}

/**
 * What a leader takes for committed is on the disks of a majority, or of both while two
 * decide together. Called when more was committed than ever before, once the new entries are
 * noted. What was in force when it counted, or came into force between the entries that it
 * committed in this step, is known to the step alone: one of those must do.
 */
export function checkCommitDurable(replica: ReplicaGhost, index: LogIndex): void {
  const { group, node, appliedIndex } = replica;
  const term = replica.termAt(index);
  const has = (id: NodeId) => group.replicas.get(id)?.durableTermAt(index) === term;
  const oldest = group.configurations.indexOf(group.configurationAt(Math.min(appliedIndex, index - 1)));
  // A follower can hear of it before the leader's own step is over, and the leader may be one change behind it.
  const first = replica.role === 'leader' ? oldest : oldest - 1;
  const candidates = group.configurations.filter((c, i) => i >= first && c.index < index);
  if (candidates.some(({ membership }) => decides(membership, has))) return;
  const copies = [...group.replicas.keys()].filter(has).join(', ');
  fail(
    replica,
    `node ${node} takes entry ${index} of term ${term} for committed; it is on the disks of ${copies}, ` +
      `and the members are ${candidates.map(({ membership }) => words(membership)).join(' or ')}`,
  );
}
