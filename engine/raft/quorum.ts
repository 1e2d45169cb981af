import type { LogIndex, NodeId } from './types.ts';

/**
 * Quorum arithmetic over one majority, or two at once in a joint configuration
 * (Raft paper, section 6). An empty list is no constraint. Nothing here is incremental:
 * each answer is computed from the whole lists, so it cannot drift from them.
 */

export type VoteResult = 'won' | 'lost' | 'pending';

/** Votes, or replicas, that a group of `size` voters needs; 0 for an empty group. */
export function majority(size: number): number {
  return size === 0 ? 0 : (size >> 1) + 1;
}

const scratch: number[] = [];

/** The highest value that a majority of `ids` has reached. */
function majorityReached(ids: readonly NodeId[], reached: (id: NodeId) => number): number {
  const size = ids.length;
  if (size === 0) return Number.MAX_SAFE_INTEGER;
  for (let i = 0; i < size; i++) {
    const value = reached(ids[i]!);
    let at = i;
    while (at > 0 && scratch[at - 1]! > value) {
      scratch[at] = scratch[at - 1]!;
      at--;
    }
    scratch[at] = value;
  }
  // Ascending: a majority of the values stands at this place or after it.
  return scratch[size - majority(size)]!;
}

/**
 * The highest index that a majority of each list has stored (`match` gives 0 for a
 * member of which nothing is known). With both lists empty nothing constrains the
 * answer: Number.MAX_SAFE_INTEGER, which the caller has to bound by its log.
 */
export function committedIndex(
  incoming: readonly NodeId[],
  outgoing: readonly NodeId[],
  match: (id: NodeId) => LogIndex,
): LogIndex {
  const first = majorityReached(incoming, match);
  const second = majorityReached(outgoing, match);
  return first < second ? first : second;
}

function majorityVote(ids: readonly NodeId[], votes: ReadonlyMap<NodeId, boolean>): VoteResult {
  const needed = majority(ids.length);
  let granted = 0;
  let open = 0;
  for (const id of ids) {
    const vote = votes.get(id);
    if (vote === undefined) open++;
    else if (vote) granted++;
  }
  if (granted >= needed) return 'won';
  return granted + open >= needed ? 'pending' : 'lost';
}

/**
 * How an election stands. Won needs a majority of each list; lost means that one list
 * can no longer give one. Votes of ids in neither list do not count; an empty list is won.
 */
export function voteResult(
  incoming: readonly NodeId[],
  outgoing: readonly NodeId[],
  votes: ReadonlyMap<NodeId, boolean>,
): VoteResult {
  const first = majorityVote(incoming, votes);
  const second = majorityVote(outgoing, votes);
  if (first === 'lost' || second === 'lost') return 'lost';
  return first === 'won' && second === 'won' ? 'won' : 'pending';
}

function majorityHolds(ids: readonly NodeId[], holds: (id: NodeId) => boolean): boolean {
  let count = 0;
  for (const id of ids) if (holds(id)) count++;
  return count >= majority(ids.length);
}

/** Whether a majority of each list satisfies the predicate. */
export function hasQuorum(
  incoming: readonly NodeId[],
  outgoing: readonly NodeId[],
  holds: (id: NodeId) => boolean,
): boolean {
  return majorityHolds(incoming, holds) && majorityHolds(outgoing, holds);
}
