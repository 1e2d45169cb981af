import path from 'node:path';
import { expect, it, vi } from 'vitest';
import { append } from '../../../engine/raft/messages.ts';
import { Raft } from '../../../engine/raft/raft.ts';
import { compactionSchema } from '../../../engine/config/node-config.ts';
import { SYSTEM_GROUP } from '../../../engine/config/ids.ts';
import { encodeCommand } from '../../../engine/storage/codec.ts';
import { openStateMachine } from '../../../engine/storage/state/state-machine.ts';
import { Store } from '../../../engine/store/index.ts';
import { encodeRouting, genesisRouting, ROUTING_KEY } from '../../../engine/store/routing.ts';
import type { StoreOptions } from '../../../engine/store/types.ts';
import { closeAfterTest, entry, identity, temporaryDirectory } from '../storage/support.ts';

const GROUP = 1;
const LEADER = 2;
const members = [1, 2, 3, 4].map((id) => ({ id, host: 'h', clientPort: id, raftPort: id, metricsPort: id }));
const genesis = genesisRouting({ clusterId: 'c', clusterName: 'c', members, partitions: 1, replicationFactor: 3 });
const NODE = [1, 2, 3, 4].find((id) => !genesis.partitions[0]!.replicas.includes(id))!;

it('a replica that is created while the disk hangs rests until it answers', () => {
  let nowMs = 0;
  const rounds: (() => void)[] = [];
  const writes: ((error: Error | null) => void)[] = [];
  const told: string[] = [];
  const store = new Store({
    nodeId: NODE,
    genesis,
    log: {
      recovered: () => undefined,
      reader: () => ({ entries: () => [], term: () => undefined }),
      write: (_batch: unknown, done: (error: Error | null) => void) => void writes.push(done),
    },
    state: closeAfterTest(openStateMachine({ file: path.join(temporaryDirectory(), 'state.db'), identity })),
    transport: { send: () => {}, links: () => [] },
    transfers: { send: () => {} },
    clock: { monotonicMs: () => nowMs, wallMs: () => nowMs },
    random: () => 0.5,
    schedule: (run: () => void) => void rounds.push(run),
    timing: { tickMs: 50, heartbeatTicks: 1, electionTicksMin: 6, electionTicksMax: 12 },
    compaction: compactionSchema.parse({}),
    onEvent: ({ kind, detail }: { kind: string; detail: string }) => void told.push(`${kind}: ${detail}`),
  } as unknown as StoreOptions);
  const settle = (): void => {
    for (let round = rounds.shift(); round !== undefined; round = rounds.shift()) round();
  };
  const hear = (previous: number, commit: number, entries: Parameters<typeof append>[6]): void => {
    const message = append(LEADER, NODE, 1, previous, previous === 0 ? 0 : 1, commit, entries, 0);
    store.receive(LEADER, [{ group: SYSTEM_GROUP, message }]);
    settle();
  };
  const rest = vi.spyOn(Raft.prototype, 'rest');
  const wake = vi.spyOn(Raft.prototype, 'wake');

  const [partition] = genesis.partitions;
  const table = { ...genesis, epoch: genesis.epoch + 1, partitions: [{ ...partition!, replicas: [2, 3, NODE] }] };
  const mutation = { kind: 'put', key: ROUTING_KEY, value: encodeRouting(table), expectedRevision: null } as const;
  hear(0, 0, [entry(1, 1, encodeCommand([{ ...mutation, clientId: 0, sequence: 0 }], 1))]);
  for (const done of writes.splice(0)) done(null);
  settle();
  // What comes now never gets to the disk, while what is there already is known to be committed.
  hear(1, 0, [entry(2, 1, encodeCommand([], 1))]);
  expect(writes).toHaveLength(1);
  nowMs = 60_000;
  store.tick();
  settle();
  expect(told.join()).toContain('storageFailed: The disk does not answer');
  expect(store.groups.has(GROUP)).toBe(false);
  hear(2, 1, []);
  const created = store.groups.get(GROUP)!.core;
  expect(rest.mock.contexts).toContain(created);
  expect(wake).not.toHaveBeenCalled();

  for (let done = writes.shift(); done !== undefined; done = writes.shift()) {
    done(null);
    settle();
  }
  expect(told.join()).toContain('storageRecovered');
  expect(wake.mock.contexts).toContain(created);
  store.stop();
});
