import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { committedIndex, hasQuorum, voteResult } from '../../../engine/raft/quorum.ts';

/** The oracle knows only the definition: some majority of each list has it. All subsets are looked at. */
function subsets<T>(list: readonly T[]): T[][] {
  return list.reduce<T[][]>((all, item) => all.flatMap((subset) => [subset, [...subset, item]]), [[]]);
}

function majorities(ids: readonly number[]): number[][] {
  return subsets(ids).filter((subset) => subset.length * 2 > ids.length);
}

function naiveCommitted(lists: readonly (readonly number[])[], match: (id: number) => number): number {
  const candidates = [...new Set(lists.flat().map(match))].sort((a, b) => b - a);
  const reached = (index: number) =>
    lists.every((ids) => ids.length === 0 || majorities(ids).some((some) => some.every((id) => match(id) >= index)));
  return candidates.find(reached) ?? Number.MAX_SAFE_INTEGER;
}

function naiveVote(lists: readonly (readonly number[])[], votes: ReadonlyMap<number, boolean>): string {
  const possible = (counts: (id: number) => boolean) =>
    lists.every((ids) => ids.length === 0 || majorities(ids).some((some) => some.every(counts)));
  if (possible((id) => votes.get(id) === true)) return 'won';
  return possible((id) => votes.get(id) !== false) ? 'pending' : 'lost';
}

const ids = fc.uniqueArray(fc.integer({ min: 1, max: 9 }), { maxLength: 7 });
const matches = fc.array(fc.integer({ min: 0, max: 12 }), { minLength: 10, maxLength: 10 });
const answers = fc.array(fc.constantFrom(true, false, undefined), { minLength: 10, maxLength: 10 });

function votesOf(list: readonly (boolean | undefined)[]): Map<number, boolean> {
  const votes = new Map<number, boolean>();
  list.forEach((vote, id) => {
    if (vote !== undefined) votes.set(id, vote);
  });
  return votes;
}

describe('quorum arithmetic (pitfall 9: against a naive oracle)', () => {
  it('finds the committed index that enumerating all majorities finds, joint or not', () => {
    fc.assert(
      fc.property(ids, ids, matches, (incoming, outgoing, match) => {
        const matchOf = (id: number) => match[id]!;
        expect(committedIndex(incoming, outgoing, matchOf)).toBe(naiveCommitted([incoming, outgoing], matchOf));
      }),
      { numRuns: 2000 },
    );
  });

  it('judges an election as enumerating all majorities does, joint or not', () => {
    fc.assert(
      fc.property(ids, ids, answers, (incoming, outgoing, list) => {
        const votes = votesOf(list);
        expect(voteResult(incoming, outgoing, votes)).toBe(naiveVote([incoming, outgoing], votes));
      }),
      { numRuns: 2000 },
    );
  });

  it('agrees with itself: a quorum holds exactly when its votes win', () => {
    fc.assert(
      fc.property(ids, ids, fc.array(fc.boolean(), { minLength: 10, maxLength: 10 }), (incoming, outgoing, holds) => {
        const votes = votesOf(holds);
        const won = voteResult(incoming, outgoing, votes) === 'won';
        expect(hasQuorum(incoming, outgoing, (id) => holds[id]!)).toBe(won);
      }),
    );
  });

  it('is not constrained by empty lists', () => {
    expect(committedIndex([], [], () => 0)).toBe(Number.MAX_SAFE_INTEGER);
    expect(committedIndex([], [4], () => 7)).toBe(7);
    expect(voteResult([], [], new Map())).toBe('won');
  });

  it('lets no two decisions pass each other in a joint configuration (section 6)', () => {
    // Alone, each of the two majorities would have decided.
    const match = (id: number) => (id <= 3 ? 9 : 2);
    expect(committedIndex([1, 2, 3], [3, 4, 5], match)).toBe(2);
    const votes = votesOf([undefined, true, true, true]);
    expect(voteResult([1, 2, 3], [3, 4, 5], votes)).toBe('pending');
  });
});
