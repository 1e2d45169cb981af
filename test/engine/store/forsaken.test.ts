import path from 'node:path';
import { expect, it } from 'vitest';
import { compactionSchema } from '../../../engine/config/node-config.ts';
import { SYSTEM_GROUP } from '../../../engine/config/ids.ts';
import { append, dismissal } from '../../../engine/raft/messages.ts';
import type { Message } from '../../../engine/raft/types.ts';
import { openStateMachine } from '../../../engine/storage/state/state-machine.ts';
import { Store } from '../../../engine/store/index.ts';
import { genesisRouting } from '../../../engine/store/routing.ts';
import type { StoreOptions } from '../../../engine/store/types.ts';
import { closeAfterTest, identity, temporaryDirectory } from '../storage/support.ts';

const NODE = 1;
const LEADER = 2;
const members = [1, 2, 3].map((id) => ({ id, host: 'h', clientPort: id, raftPort: id, metricsPort: id }));
const genesis = genesisRouting({ clusterId: 'c', clusterName: 'c', members, partitions: 1, replicationFactor: 3 });

it('a node that its leader does nothing but dismiss has not heard from it', () => {
  let nowMs = 0;
  const store = new Store({
    nodeId: NODE,
    genesis,
    log: {
      recovered: () => undefined,
      reader: () => ({ entries: () => [], term: () => undefined }),
      write: (_batch: unknown, done: (error: Error | null) => void) => done(null),
    },
    state: closeAfterTest(openStateMachine({ file: path.join(temporaryDirectory(), 'state.db'), identity })),
    transport: { send: () => {}, links: () => [] },
    transfers: { send: () => {} },
    clock: { monotonicMs: () => nowMs, wallMs: () => nowMs },
    random: () => 0.5,
    schedule: () => {},
    timing: { tickMs: 50, heartbeatTicks: 1, electionTicksMin: 6, electionTicksMax: 12 },
    compaction: compactionSchema.parse({}),
    onEvent: () => {},
  } as unknown as StoreOptions);
  const hear = (atMs: number, message: Message): number => {
    nowMs = atMs;
    store.receive(LEADER, [{ group: SYSTEM_GROUP, message }]);
    return store.groups.get(SYSTEM_GROUP)!.leaderHeardAtMs;
  };

  expect(hear(1_000, append(LEADER, NODE, 1, 0, 0, 0, [], 0))).toBe(1_000);
  expect(hear(2_000, dismissal(LEADER, NODE, 1, 0, 0))).toBe(1_000);
  expect(hear(3_000, append(LEADER, NODE, 1, 0, 0, 0, [], 0))).toBe(3_000);
  store.stop();
});
