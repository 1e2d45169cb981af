import type { NodeId, Term } from '../../../engine/raft/types.ts';
import type { LogWrite } from '../../../engine/storage/types.ts';
import type { ReplicaGhost } from '../ghost.ts';
import { Violation } from '../violation.ts';

const NAME = 'One Vote A Term (Raft paper, section 5.2)';

/** A replica gives one vote a term, whatever happens to it in between. Called when it tells someone. */
export function checkToldVote(replica: ReplicaGhost, term: Term, candidate: NodeId): void {
  const { node, toldVotes } = replica;
  const before = toldVotes.get(term);
  if (before === candidate) return;
  if (before !== undefined) {
    throw new Violation(
      NAME,
      replica.group.id,
      node,
      `node ${node} votes for node ${candidate} in term ${term} and has voted for node ${before}`,
    );
  }
  toldVotes.set(term, candidate);
}

/** Nor does its disk ever say otherwise, and its term never falls. Called when a hard state is durable. */
export function checkDurableVote(replica: ReplicaGhost, { hardState }: LogWrite): void {
  if (hardState === null) return;
  const { node, durableVotes, group } = replica;
  const { term, votedFor } = hardState;
  if (term < replica.durableTerm) {
    throw new Violation(NAME, group.id, node, `the term of node ${node} fell from ${replica.durableTerm} to ${term}`);
  }
  replica.durableTerm = term;
  const before = durableVotes.get(term);
  if (before !== undefined && before !== votedFor) {
    throw new Violation(
      NAME,
      group.id,
      node,
      `node ${node} has voted for node ${before} in term ${term}, and writes down ${votedFor === 0 ? 'no vote' : `node ${votedFor}`}`,
    );
  }
  if (votedFor !== 0) durableVotes.set(term, votedFor);
}
