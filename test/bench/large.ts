import { ClusterClient, PrkDbClient, ReadMode } from '../../engine/client/index.ts';
import { groupOfPartition } from '../../engine/config/ids.ts';
import { eventually } from '../support/node-cluster.ts';
import { compactionSchema, type Compaction } from '../../engine/config/node-config.ts';
import type { Row } from './report.ts';
import { startPrkDb } from './systems/prkdb.ts';
import type { System } from './systems/system.ts';
import { Histogram } from './worker/histogram.ts';

const VALUE = Buffer.alloc(100, 0x76);
const FILL_CONCURRENCY = 1024;
/** Waits that end when something has happened, not when it should have. */
const PATIENCE_MS = 300_000;
/** What writes beside the measured event: enough to feel a stall, far from saturation. */
const CLIENTS = 8;
const PAUSE_BETWEEN_WRITES_MS = 10;
const BASELINE_MS = 10_000;
/** As many as the promise says; the log's own limits are for these. */
const FULL_WRITES_BEHIND = 500_000;

export interface LargeSettings {
  readonly keys: number;
  readonly writesBehind: number;
}

/** With fewer writes a log is cut sooner, so that a member that missed them gets a snapshot all the same. */
function compactionFor(writesBehind: number): Compaction {
  const usual = compactionSchema.parse({});
  const share = Math.min(1, writesBehind / FULL_WRITES_BEHIND);
  return {
    ...usual,
    maxBytes: Math.max(64 * 1024, Math.floor(usual.maxBytes * share)),
    keepBytes: Math.floor(usual.keepBytes * share),
  };
}

const keyOf = (i: number): string => `key-${String(i).padStart(10, '0')}`;

async function fill(client: PrkDbClient, from: number, to: number): Promise<void> {
  let next = from;
  const writer = async (): Promise<void> => {
    while (next < to) await client.put(keyOf(next++), VALUE, { timeoutMs: 30_000 });
  };
  await Promise.all(Array.from({ length: FILL_CONCURRENCY }, writer));
}

/** Writes steadily until it is told to stop; latencies in milliseconds. */
function steadyWrites(client: PrkDbClient): { stop(): Promise<Histogram> } {
  const latencies = new Histogram();
  let stopped = false;
  const writer = async (id: number): Promise<void> => {
    for (let i = 0; !stopped; i++) {
      const startedMs = performance.now();
      await client.put(`steady-${id}-${i % 1000}`, VALUE, { timeoutMs: 30_000 });
      latencies.record(performance.now() - startedMs);
      await new Promise((resolve) => setTimeout(resolve, PAUSE_BETWEEN_WRITES_MS));
    }
  };
  const writers = Promise.all(Array.from({ length: CLIENTS }, (_, id) => writer(id)));
  return {
    async stop() {
      stopped = true;
      await writers;
      return latencies;
    },
  };
}

/** How long a member needs from its start until it answers a read that its own state serves. */
async function restartMs(system: System, member: number): Promise<number> {
  const process = system.processes[member]!;
  await process.end('SIGTERM');
  const startedMs = performance.now();
  process.start();
  await eventually(
    'the member answers',
    async () => {
      const client = await PrkDbClient.connect([system.endpoints[member]!], { timeoutMs: 500 });
      try {
        return (await client.get(keyOf(0), { readMode: ReadMode.Follower, timeoutMs: 500 })) !== null;
      } finally {
        client.close();
      }
    },
    PATIENCE_MS,
  );
  return performance.now() - startedMs;
}

async function appliedIndex(system: System, member: number): Promise<number> {
  const client = new ClusterClient(system.endpoints[member]!);
  try {
    const { groups } = await client.status({ timeoutMs: 1_000 });
    return groups.find((group) => group.group === groupOfPartition(0))?.appliedIndex ?? 0;
  } finally {
    client.close();
  }
}

/** One partition with a million keys: a member restarts, and one that missed much comes back under load. */
export async function measureLarge({ keys, writesBehind }: LargeSettings): Promise<[Row, unknown][]> {
  const system = await startPrkDb({ nodes: 3, partitions: 1, compaction: compactionFor(writesBehind) });
  const client = await PrkDbClient.connect([...system.endpoints]);
  try {
    await fill(client, 0, keys);
    const leader = await system.leader();
    const member = (leader + 1) % 3;
    const restart = await restartMs(system, member);

    const before = steadyWrites(client);
    await new Promise((resolve) => setTimeout(resolve, BASELINE_MS));
    const usual = await before.stop();

    await system.processes[member]!.end('SIGKILL');
    await fill(client, keys, keys + writesBehind);
    const target = await appliedIndex(system, leader);
    const during = steadyWrites(client);
    const startedMs = performance.now();
    system.processes[member]!.start();
    await eventually(
      'the member is in step',
      async () => (await appliedIndex(system, member).catch(() => 0)) >= target,
      PATIENCE_MS,
    );
    const backMs = performance.now() - startedMs;
    const meanwhile = await during.stop();

    const row = (name: string, unit: string, ours: number, bound: number, note: string): [Row, unknown] => {
      const ratio = bound / ours;
      const result = { name, unit, ours, theirs: bound, ratio, ratioMin: ratio, ratioMax: ratio, atLeast: 1, note };
      return [result, { figure: name, ours, bound }];
    };
    const size = `${keys.toLocaleString('en-US')} keys`;
    const missed = `${writesBehind.toLocaleString('en-US')} writes missed`;
    const p99 = meanwhile.quantileMs(0.99);
    const usualP99 = usual.quantileMs(0.99);
    return [
      row(`restart of a member with ${size}`, 's', restart / 1000, 3, 'until it answers a follower read'),
      row(`back in step after ${missed}`, 's', backMs / 1000, 30, 'from its start; a snapshot where the log was cut'),
      row(`write p99 meanwhile, against 100 ms`, 'ms', p99, 100, `${size}; usually ${usualP99.toFixed(1)} ms`),
      row(`write p99 meanwhile, against twice the usual`, 'ms', p99, 2 * usualP99, `${CLIENTS} clients with pauses`),
    ];
  } finally {
    client.close();
    await system.stop();
  }
}
