import { decodeConfChange } from '../../../engine/raft/confchange-codec.ts';
import { EntryType, type Entry, type Membership, type RaftCore, type Term } from '../../../engine/raft/types.ts';
import type { LogWrite } from '../../../engine/storage/types.ts';
import type { StoreTiming } from '../../../engine/store/types.ts';
import type { ReplicaGhost } from '../ghost.ts';
import { Violation } from '../violation.ts';
import { decides, words } from './configurations.ts';

const NAME = 'Configuration Safety (Raft paper, section 6; dissertation, chapter 4)';

function fail({ group, node }: ReplicaGhost, message: string): never {
  throw new Violation(NAME, group.id, node, message);
}

/**
 * A replica counts by what the changes that it has applied make of the founders, and its
 * state machine has that stored; one that knows nothing yet has not met a change. Called when
 * it starts, and after each step in which it applied something or changed its membership.
 */
export function checkInForce(replica: ReplicaGhost, inForce: Membership, stored: Membership | null): void {
  const { group, node, appliedIndex } = replica;
  const expected = group.configurationAt(appliedIndex);
  if (stored !== null && words(stored) !== words(inForce)) {
    fail(replica, `node ${node} counts by ${words(inForce)}, and its state machine has stored ${words(stored)}`);
  }
  if (inForce.voters.length === 0 && expected.index === 0) {
    const { voters, learners } = expected.membership;
    if (replica.wasDeleted || ![...voters, ...learners].includes(node)) return;
  }
  if (words(inForce) === words(expected.membership)) return;
  fail(
    replica,
    `node ${node} has applied ${appliedIndex} entries and counts by ${words(inForce)}; the members are ${words(expected.membership)}`,
  );
}

/**
 * Whoever is elected has a majority by the membership in force for it, and that is at most one
 * committed change behind: two could leave no node in common with the majority of now. Called
 * when the replica tells of its election, which it does before it applies anything else.
 */
export function checkElected(replica: ReplicaGhost, core: RaftCore, term: Term): void {
  const { group, node } = replica;
  const { membership: inForce, appliedIndex } = core;
  const granted = (id: number) => id === node || group.replicas.get(id)?.toldVotes.get(term) === node;
  if (!decides(inForce, granted)) {
    const voters = [...group.replicas.keys()].filter(granted).join(', ');
    fail(replica, `node ${node} leads term ${term} with the votes of ${voters}, and counts by ${words(inForce)}`);
  }
  // Votes may arrive late, when others have committed in later terms: that one can commit nothing any more.
  const committed = group.committedInTerm.findLast((one) => one.term < term)?.index ?? 0;
  const missed = group.configurations.filter(({ index }) => index > appliedIndex && index <= committed);
  if (missed.length <= 1) return;
  fail(
    replica,
    `node ${node} leads term ${term} by ${words(inForce)}, and has not applied the committed changes ${missed.map((c) => c.index).join(', ')}`,
  );
}

/**
 * A leader adds a change only after an entry of its own term is committed (braft#182), has no
 * other that it has not applied, and makes nobody a voter that is far behind. Called before the
 * write is noted.
 */
export function checkProposed(replica: ReplicaGhost, { entries }: LogWrite, maxLagEntries: number): void {
  const { core } = replica;
  if (core?.role !== 'leader') return;
  for (const entry of entries) {
    if (entry.type === EntryType.ConfChange && entry.term === core.term)
      checkChange(replica, entry, entries, maxLagEntries);
  }
}

function checkChange(replica: ReplicaGhost, entry: Entry, entries: readonly Entry[], maxLagEntries: number): void {
  const { group, node, core, submitted } = replica;
  const { index, term } = entry;
  if (replica.termAt(core!.commitIndex) !== term) {
    fail(replica, `node ${node} proposes a change in term ${term}, in which nothing is committed`);
  }
  const from = entries[0]!.index;
  for (let other = core!.appliedIndex + 1; other < index; other++) {
    const found = other < from ? submitted[other - 1] : entries[other - from];
    if (found?.type !== EntryType.ConfChange) continue;
    fail(replica, `node ${node} proposes a change as entry ${index} while that of entry ${other} is not applied`);
  }
  const change = decodeConfChange(entry.data);
  if (change.kind === 'leave') return;
  for (const id of change.target.voters.filter((id) => !change.from.voters.includes(id))) {
    const added = group.replicas.get(id);
    // One that follows a later leader may have lost what this one knew it to have.
    if (added === undefined || added.durableTerm > term) continue;
    const reached = Math.max(added.durable.entries.length, added.restoredIndex);
    if (reached >= index - 1 - maxLagEntries) continue;
    fail(replica, `node ${node} makes node ${id} a voter with entry ${index}, and its log ends at ${reached}`);
  }
}

/** Ticks after which a leader that is no voter must have handed over or stepped down. */
export function leavingTicks({ electionTicksMax, heartbeatTicks }: StoreTiming): number {
  return electionTicksMax + 2 * heartbeatTicks + 2;
}

/** A leader whose removal is applied leaves office (etcd#11038). Called after a tick of its node, the `tick`th. */
export function checkRemovedLeader(replica: ReplicaGhost, tick: number, limitTicks: number): void {
  const { core, node } = replica;
  if (core?.role !== 'leader' || isVoter(core.membership, node)) {
    replica.removedSinceTick = null;
    return;
  }
  replica.removedSinceTick ??= tick;
  if (tick - replica.removedSinceTick <= limitTicks) return;
  fail(replica, `node ${node} still leads ${tick - replica.removedSinceTick} ticks after it was removed`);
}

function isVoter({ voters, votersOutgoing }: Membership, id: number): boolean {
  return voters.includes(id) || votersOutgoing.includes(id);
}
