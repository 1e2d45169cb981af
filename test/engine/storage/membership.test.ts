import Database from 'better-sqlite3';
import fc from 'fast-check';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import type { Membership } from '../../../engine/raft/types.ts';
import { decodeFacts, encodeFacts } from '../../../engine/storage/codec.ts';
import { decodeMembership, encodeMembership } from '../../../engine/storage/codec/membership.ts';
import { CorruptDataError, CorruptStorageError } from '../../../engine/storage/errors.ts';
import { EMPTY_PARTITION } from '../../../engine/storage/state/rows.ts';
import { openStateMachine } from '../../../engine/storage/state/state-machine.ts';
import type { StateMachine } from '../../../engine/storage/types.ts';
import { bytes, closeAfterTest, command, entry, identity, put, temporaryDirectory } from './support.ts';

const root = protobuf.loadSync(fileURLToPath(new URL('../../../proto/raft.proto', import.meta.url)));
const MembershipType = root.lookupType('prkdb.raft.Membership');

const ids = fc
  .uniqueArray(fc.integer({ min: 1, max: 0xffffffff }), { maxLength: 9 })
  .map((list) => list.toSorted((a, b) => a - b));
const membership: fc.Arbitrary<Membership> = fc.record({ voters: ids, votersOutgoing: ids, learners: ids });

const THREE: Membership = { voters: [1, 2, 3], votersOutgoing: [], learners: [] };
const JOINT: Membership = { voters: [3, 4, 5], votersOutgoing: [1, 2, 3], learners: [6] };

function openState(directory = temporaryDirectory()): StateMachine {
  return closeAfterTest(openStateMachine({ file: path.join(directory, 'state.db'), identity }));
}

function plain({ voters, votersOutgoing, learners }: Membership): Membership {
  return { voters: [...voters], votersOutgoing: [...votersOutgoing], learners: [...learners] };
}

describe('an encoded membership', () => {
  it('is what proto/raft.proto says, both ways', () => {
    fc.assert(
      fc.property(membership, (given) => {
        const encoded = encodeMembership(given);
        const read = MembershipType.toObject(MembershipType.decode(encoded), { longs: Number, arrays: true });
        expect(read).toEqual(given);
        const written = MembershipType.encode(MembershipType.fromObject(given)).finish();
        expect(plain(decodeMembership(written))).toEqual(given);
      }),
    );
  });

  it('travels with the facts of a snapshot', () => {
    const facts = { appliedIndex: 7, revision: 3, keyCount: 2, timeMs: 12, rowsChecksum: 99 };
    for (const given of [null, THREE, JOINT]) {
      const decoded = decodeFacts(encodeFacts({ ...EMPTY_PARTITION, ...facts, membership: given }), 7);
      expect(decoded).toMatchObject({ ...facts, membership: given });
    }
  });

  it.each([
    ['out of order', [0x0a, 2, 2, 1]],
    ['with a node twice', [0x0a, 2, 2, 2]],
    ['with node 0', [0x0a, 1, 0]],
    ['with a list too many', [0x22, 1, 1]],
    ['that ends early', [0x0a, 2, 1]],
  ])('%s is refused', (_, encoded) => {
    expect(() => decodeMembership(Uint8Array.from(encoded))).toThrow(CorruptDataError);
  });

  it('gives a typed error or a value, when random', () => {
    const onlyTypedErrors = (input: Uint8Array): boolean => {
      try {
        decodeMembership(input);
        return true;
      } catch (error) {
        return error instanceof CorruptDataError;
      }
    };
    const checked = fc.check(fc.property(fc.uint8Array({ maxLength: 40 }), onlyTypedErrors), { numRuns: 2000 });
    expect(checked.counterexample).toBeNull();
  });
});

describe('the membership of a group', () => {
  it('is null until it is stored, and then survives with the applied index', () => {
    const directory = temporaryDirectory();
    const state = openState(directory);
    state.apply(3, [command(1, [put('a', '1')])]);
    expect(state.membership(3)).toBeNull();
    state.apply(3, [command(2, [put('a', '2')]), confChange(3)], JOINT);
    state.apply(3, [command(4, [put('a', '3')])]);
    expect(state.membership(3)).toEqual(JOINT);
    expect(state.membership(4)).toBeNull();
    state.close();

    const again = openState(directory);
    expect([again.appliedIndex(3), again.membership(3)]).toEqual([4, JOINT]);
    again.apply(3, [confChange(5)], THREE);
    again.close();
    expect(openState(directory).membership(3)).toEqual(THREE);
  });

  it('is not stored when its batch is not', () => {
    const state = openState();
    state.apply(1, [confChange(1)], THREE);
    expect(() => state.apply(1, [confChange(2), entry(3, 1, 'no command')], JOINT)).toThrow(CorruptDataError);
    expect([state.appliedIndex(1), state.membership(1)]).toEqual([1, THREE]);
  });

  it('goes with a snapshot, which replaces it', () => {
    const leader = openState();
    leader.apply(1, [command(1, [put('a', '1')]), confChange(2)], JOINT);
    const source = leader.openSnapshot(1);
    leader.apply(1, [confChange(3)], THREE);

    const directory = temporaryDirectory();
    const follower = openState(directory);
    follower.apply(1, [confChange(1)], THREE);
    const facts = decodeFacts(encodeFacts(source.facts), source.facts.appliedIndex);
    const sink = follower.beginRestore(1, facts, 1);
    sink.write(source.rows(bytes(''), 1000).rows);
    source.close();
    expect(follower.membership(1)).toEqual(THREE);
    expect(sink.install()).toBe(true);
    expect(follower.membership(1)).toEqual(JOINT);
    follower.close();
    expect(openState(directory).membership(1)).toEqual(JOINT);
  });

  it('that is not the one of the applied index is damage', () => {
    const directory = temporaryDirectory();
    const state = openState(directory);
    state.apply(1, [confChange(1)], THREE);
    state.close();
    const database = new Database(path.join(directory, 'state.db'));
    database.prepare('UPDATE partition_membership SET membership = ?').run(Buffer.from(encodeMembership(JOINT)));
    database.close();
    expect(() => openState(directory)).toThrow(CorruptStorageError);
  });

  it('is nothing that the databases of before have, and they are read', () => {
    const directory = temporaryDirectory();
    const state = openState(directory);
    state.apply(1, [command(1, [put('a', '1')])]);
    state.close();
    const database = new Database(path.join(directory, 'state.db'));
    database.exec('DROP TABLE partition_membership');
    database.close();
    const again = openState(directory);
    expect([again.appliedIndex(1), again.membership(1)]).toEqual([1, null]);
    again.apply(1, [confChange(2)], THREE);
    expect(again.membership(1)).toEqual(THREE);
  });
});

function confChange(index: number) {
  return { ...entry(index, 1, 'a change of members'), type: 1 as const };
}
