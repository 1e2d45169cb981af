import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeConfChange, encodeConfChange } from '../../../engine/raft/confchange-codec.ts';
import { applyConfChange, enterChange, leaveJoint, type ConfChange } from '../../../engine/raft/confchange.ts';
import { CorruptEntryError } from '../../../engine/raft/errors.ts';
import { NO_MEMBERSHIP } from '../../../engine/raft/membership.ts';
import type { Membership, MembershipTarget, NodeId } from '../../../engine/raft/types.ts';

const UNIVERSE = [1, 2, 3, 4, 5, 6];

/** Every set of nodes, as the naive oracle sees them. */
const SETS: readonly (readonly NodeId[])[] = Array.from({ length: 2 ** UNIVERSE.length }, (_, bits) =>
  UNIVERSE.filter((_, i) => (bits & (1 << i)) !== 0),
);

function decides(membership: Membership, set: readonly NodeId[]): boolean {
  return [membership.voters, membership.votersOutgoing].every((list) => {
    const present = list.filter((id) => set.includes(id)).length;
    return list.length === 0 || 2 * present > list.length;
  });
}

/** Whether two sets that share nobody could decide, one by each of these. */
function canDecideApart(a: Membership, b: Membership): boolean {
  return SETS.some((set) => {
    const rest = UNIVERSE.filter((id) => !set.includes(id));
    return decides(a, set) && decides(b, rest);
  });
}

const split = fc.tuple(fc.shuffledSubarray(UNIVERSE, { minLength: 1 }), fc.nat(5)).map(([ids, learners]) => {
  const count = Math.min(learners, ids.length - 1);
  return { voters: ids.slice(count), learners: ids.slice(0, count) };
});
const settled: fc.Arbitrary<Membership> = split.map(({ voters, learners }) => ({
  voters: voters.toSorted((a, b) => a - b),
  votersOutgoing: [],
  learners: learners.toSorted((a, b) => a - b),
}));

function members(voters: NodeId[], votersOutgoing: NodeId[] = [], learners: NodeId[] = []): Membership {
  return { voters, votersOutgoing, learners };
}

function entered(current: Membership, target: MembershipTarget): Membership {
  const outcome = enterChange(current, target);
  if (!outcome.ok) throw new Error(outcome.reason);
  return outcome.membership;
}

describe('a change of members', () => {
  it('never lets two majorities decide apart, whatever it changes (against all sets of six nodes)', () => {
    fc.assert(
      fc.property(settled, split, (current, target) => {
        const outcome = enterChange(current, target);
        fc.pre(outcome.ok);
        const next = outcome.ok ? outcome.membership : NO_MEMBERSHIP;
        expect(canDecideApart(current, next)).toBe(false);
        expect(canDecideApart(next, leaveJoint(next))).toBe(false);
        expect(canDecideApart(next, next)).toBe(false);
      }),
      { numRuns: 2000 },
    );
  });

  it('ends with exactly those asked for', () => {
    fc.assert(
      fc.property(settled, split, (current, target) => {
        const outcome = enterChange(current, target);
        fc.pre(outcome.ok);
        const last = leaveJoint(outcome.ok ? outcome.membership : NO_MEMBERSHIP);
        expect(last).toEqual({
          voters: target.voters.toSorted((a, b) => a - b),
          votersOutgoing: [],
          learners: target.learners.toSorted((a, b) => a - b),
        });
      }),
    );
  });

  it.each<[string, Membership, MembershipTarget, Membership]>([
    ['learners alone', members([1, 2, 3]), { voters: [1, 2, 3], learners: [5, 4] }, members([1, 2, 3], [], [4, 5])],
    ['one voter more', members([1, 2, 3], [], [4]), { voters: [4, 1, 2, 3], learners: [] }, members([1, 2, 3, 4])],
    ['one voter less', members([1, 2, 3]), { voters: [1, 3], learners: [] }, members([1, 3])],
    ['a voter that becomes a learner', members([1, 2, 3]), { voters: [1, 3], learners: [2] }, members([1, 3], [], [2])],
  ])('of %s is made at once', (_, current, target, expected) => {
    expect(entered(current, target)).toEqual(expected);
  });

  it.each<[string, Membership, MembershipTarget]>([
    ['two voters more', members([1, 2, 3]), { voters: [1, 2, 3, 4, 5], learners: [] }],
    ['a voter replaced', members([1, 2, 3]), { voters: [1, 2, 4], learners: [3] }],
    ['all voters replaced', members([1, 2, 3]), { voters: [4, 5, 6], learners: [] }],
  ])('of %s goes through both majorities', (_, current, target) => {
    const joint = entered(current, target);
    expect([joint.voters, joint.votersOutgoing, joint.learners]).toEqual([
      target.voters,
      current.voters,
      target.learners,
    ]);
  });

  it.each<[string, Membership, MembershipTarget]>([
    ['at least one voter', members([1]), { voters: [], learners: [1] }],
    ['more than once', members([1]), { voters: [1, 2], learners: [2] }],
    ['more than once', members([1]), { voters: [1, 2, 2], learners: [] }],
    ['not the id', members([1]), { voters: [0], learners: [] }],
    ['not the id', members([1]), { voters: [1], learners: [-2] }],
    ['not the id', members([1]), { voters: [1.5], learners: [] }],
    ['not the id', members([1]), { voters: [2 ** 32], learners: [] }],
    ['at most 255', members([1]), { voters: Array.from({ length: 256 }, (_, i) => i + 1), learners: [] }],
    ['is not complete', members([1, 2], [3]), { voters: [1], learners: [] }],
    ['these members already', members([1, 2], [], [3]), { voters: [2, 1], learners: [3] }],
  ])('is refused with "%s"', (words, current, target) => {
    const outcome = enterChange(current, target);
    expect(outcome).toMatchObject({ ok: false, reason: expect.stringContaining(words) });
  });

  it('tells a replica that knows nothing what the members were before', () => {
    const change: ConfChange = {
      kind: 'enter',
      from: { voters: [1, 2, 3], learners: [] },
      target: { voters: [4, 5, 6], learners: [] },
    };
    const expected = { ok: true, membership: members([4, 5, 6], [1, 2, 3]) };
    expect(applyConfChange(NO_MEMBERSHIP, change)).toEqual(expected);
    expect(applyConfChange(members([1, 2, 3]), change)).toEqual(expected);
  });

  it('changes nothing when another came before it', () => {
    const change: ConfChange = {
      kind: 'enter',
      from: { voters: [1, 2, 3], learners: [] },
      target: { voters: [1, 2], learners: [] },
    };
    expect(applyConfChange(members([1, 2, 3, 4]), change)).toMatchObject({ ok: false });
    expect(applyConfChange(members([1, 2, 3], [], [4]), change)).toMatchObject({ ok: false });
    expect(applyConfChange(members([1, 2, 3], [4]), change)).toMatchObject({ ok: false });
    expect(applyConfChange(members([1, 2, 3]), { kind: 'leave' })).toMatchObject({ ok: false });
  });
});

describe('the bytes of a change', () => {
  const ids = fc
    .uniqueArray(fc.integer({ min: 1, max: 0xffffffff }), { maxLength: 9 })
    .map((list) => list.toSorted((a, b) => a - b));
  const target = fc.record({ voters: ids, learners: ids });
  const change: fc.Arbitrary<ConfChange> = fc.oneof(
    fc.constant<ConfChange>({ kind: 'leave' }),
    fc.record({ kind: fc.constant('enter' as const), from: target, target }),
  );

  it('give it back', () => {
    fc.assert(
      fc.property(change, (given) => {
        expect(decodeConfChange(encodeConfChange(given))).toEqual(given);
      }),
    );
  });

  it('are a typed error, or the only encoding of what they say, when damaged', () => {
    const damage = fc.array(fc.tuple(fc.nat(80), fc.nat(255)), { maxLength: 3 });
    const isEither = (data: Uint8Array): boolean => {
      try {
        return Buffer.compare(encodeConfChange(decodeConfChange(data)), data) === 0;
      } catch (error) {
        return error instanceof CorruptEntryError;
      }
    };
    const damaged = fc.tuple(change, damage, fc.integer({ min: -2, max: 2 })).map(([given, spots, more]) => {
      const good = encodeConfChange(given);
      const data = new Uint8Array(Math.max(0, good.length + more));
      data.set(good.subarray(0, data.length));
      for (const [at, to] of spots) if (at < data.length) data[at] = to;
      return data;
    });
    const checked = fc.check(fc.property(fc.oneof(damaged, fc.uint8Array({ maxLength: 60 })), isEither), {
      numRuns: 5000,
    });
    expect(checked.counterexample).toBeNull();
  });

  it('may be part of something larger', () => {
    const encoded = encodeConfChange({
      kind: 'enter',
      from: { voters: [1], learners: [] },
      target: { voters: [1], learners: [2] },
    });
    const larger = Buffer.concat([Buffer.from('xyz'), encoded, Buffer.from('xyz')]);
    const view = larger.subarray(3, 3 + encoded.length);
    expect(decodeConfChange(view)).toMatchObject({ target: { voters: [1], learners: [2] } });
  });
});
