import path from 'node:path';
import { expect, it } from 'vitest';
import type { RaftCore } from '../../../engine/raft/types.ts';
import { encodeCommand } from '../../../engine/storage/codec.ts';
import { openStateMachine } from '../../../engine/storage/state/state-machine.ts';
import { EventSource } from '../../../engine/store/events.ts';
import { Group } from '../../../engine/store/group.ts';
import { Snapshots } from '../../../engine/store/snapshots.ts';
import type { ChunkSource, SnapshotOffer } from '../../../engine/transport/types.ts';
import { bytes, closeAfterTest, entry, identity, temporaryDirectory } from '../storage/support.ts';

const clock = { monotonicMs: () => 0, wallMs: () => 0 };

it('says how much of a snapshot was sent, and counts what is sent again once', async () => {
  const state = closeAfterTest(openStateMachine({ file: path.join(temporaryDirectory(), 'state.db'), identity }));
  const puts = Array.from({ length: 1000 }, (_, i) => ({
    kind: 'put' as const,
    key: bytes(`key-${String(i).padStart(4, '0')}`),
    value: new Uint8Array(1000),
    expectedRevision: null,
    clientId: 0,
    sequence: 0,
  }));
  state.apply(1, [entry(1, 1, encodeCommand(puts, 1))]);
  const core = { role: 'leader', term: 1, membership: { voters: [1, 2, 3, 4], votersOutgoing: [], learners: [] } };
  const methods = { logTerm: () => 1, snapshotFinished: () => undefined };
  const group = new Group(1, { ...core, ...methods } as unknown as RaftCore, 0, 1);
  const sources: ChunkSource[] = [];
  const endings: ((delivered: boolean) => void)[] = [];
  const snapshots = new Snapshots({
    state,
    events: new EventSource(1, clock, () => undefined),
    transfers: {
      send(_to, _offer, source, done) {
        sources.push(source);
        endings.push(done);
      },
    },
    touch: () => undefined,
    guard: (run) => {
      run();
      return true;
    },
  });
  expect(snapshots.share(group, 2)).toBeNull();
  // Two at a time: the third waits.
  snapshots.want(group, [2, 3, 4]);
  expect([2, 3, 4].map((peer) => snapshots.share(group, peer))).toEqual([0, 0, 0]);
  const [source] = sources;
  const seen: (number | null)[] = [];
  for (let number = 0; source!.chunk(number) !== null; number++) {
    if (number > 0) source!.chunk(number - 1);
    seen.push(snapshots.share(group, 2));
  }
  expect(seen.length).toBeGreaterThan(10);
  // The first piece is that of the sessions.
  expect(seen[1]! * 1000).toBeCloseTo(1000 / (seen.length - 1), -1);
  expect(seen).toEqual(seen.toSorted((a, b) => a! - b!));
  expect(seen.at(-2)).toBeLessThan(1);
  expect(seen.at(-1)).toBe(1);
  expect(snapshots.share(group, 3)).toBe(0);
  // The other one is read beside the event loop, piece by piece alike.
  const aside: (number | null)[] = [];
  for (let number = 0; ; number++) {
    const chunk = await sources[1]!.chunkAside!(number);
    expect(chunk && Buffer.from(chunk)).toEqual(source!.chunk(number));
    if (chunk === null) break;
    if (number > 0) await sources[1]!.chunkAside!(number - 1);
    aside.push(snapshots.share(group, 3));
  }
  expect(aside).toEqual(seen);
  endings[0]!(true);
  expect(snapshots.share(group, 2)).toBeNull();
  expect(snapshots.share(group, 4)).toBe(0);
  expect(sources).toHaveLength(3);
  endings[1]!(false);
  await expect(sources[1]!.chunkAside!(1)).rejects.toThrow('closed');
  endings[2]!(false);
});

it('refuses what the leader before still sends once another snapshot comes in', () => {
  const open = () => closeAfterTest(openStateMachine({ file: path.join(temporaryDirectory(), 'state.db'), identity }));
  const [leader, follower] = [open(), open()];
  const members = { voters: [1, 2, 3], votersOutgoing: [], learners: [] };
  const put = { kind: 'put' as const, key: bytes('a'), value: bytes('x'), expectedRevision: null };
  leader.apply(1, [entry(1, 1, encodeCommand([{ ...put, clientId: 0, sequence: 0 }], 1))], members);
  const restored: number[] = [];
  const core = {
    role: 'follower',
    term: 2,
    commitIndex: 0,
    membership: members,
    logTerm: () => 1,
    snapshotFinished: () => undefined,
    considerSnapshot: () => true,
    restoreSnapshot: (from: number) => restored.push(from),
  };
  const group = new Group(1, core as unknown as RaftCore, 0, 1);
  const leading = new Group(1, { ...core, role: 'leader' } as unknown as RaftCore, 0, 1);
  const sent: { readonly offer: SnapshotOffer; readonly source: ChunkSource }[] = [];
  const options = {
    events: new EventSource(1, clock, () => undefined),
    transfers: { send: (_to: number, offer: SnapshotOffer, source: ChunkSource) => void sent.push({ offer, source }) },
    touch: () => undefined,
    guard: (run: () => void) => {
      run();
      return true;
    },
  };
  new Snapshots({ ...options, state: leader }).want(leading, [2]);
  const { offer, source } = sent[0]!;
  const snapshots = new Snapshots({ ...options, state: follower });
  const before = snapshots.take(group, 1, offer)!;
  const now = snapshots.take(group, 3, offer)!;
  const chunks = [];
  for (let number = 0; ; number++) {
    const chunk = source.chunk(number);
    if (chunk === null) break;
    chunks.push(chunk);
  }
  for (const chunk of chunks) {
    expect(before.write(chunk)).toBe(false);
    expect(now.write(chunk)).toBe(true);
  }
  expect(before.finish()).toBe(false);
  before.abort();
  expect(now.finish()).toBe(true);
  expect(restored).toEqual([3]);
  expect(follower.appliedIndex(1)).toBe(1);
});
