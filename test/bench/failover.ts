import * as grpc from '@grpc/grpc-js';
import { PrkDbClient } from '../../engine/client/index.ts';
import { eventually } from '../support/node-cluster.ts';
import { encodePut } from './drivers/etcd-codec.ts';
import { median } from './measure.ts';
import type { Row } from './report.ts';
import { startEtcd } from './systems/etcd.ts';
import { startPrkDb } from './systems/prkdb.ts';
import type { System } from './systems/system.ts';
import { keyOf } from './worker/load.ts';

const VALUE = Buffer.alloc(256, 0x76);
/** An attempt is given up after this; short against any election timeout, long against any write. */
const ATTEMPT_MS = 150;
const PAUSE_MS = 5;

type TryPut = () => Promise<void>;

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

/** Kills the leader, then writes until a write is acknowledged; the time between the two in milliseconds. */
async function killAndWrite(system: System, leader: number, tryPut: TryPut): Promise<number> {
  const killedAt = performance.now();
  const gone = system.processes[leader]!.end('SIGKILL');
  for (;;) {
    try {
      await tryPut();
      break;
    } catch {
      await pause(PAUSE_MS);
    }
  }
  const windowMs = performance.now() - killedAt;
  await gone;
  system.processes[leader]!.start();
  // The next kill must find a healthy cluster.
  await pause(3000);
  return windowMs;
}

async function ours(partitions: number, kills: number): Promise<number[]> {
  const system = await startPrkDb({ nodes: 3, partitions });
  const client = await PrkDbClient.connect([...system.endpoints]);
  const windows: number[] = [];
  try {
    while (windows.length < kills) {
      const leader = await system.leader();
      const metadata = await client.metadata();
      const ledByIt = new Set(metadata.partitions.filter((p) => p.leaderId === leader + 1).map((p) => p.partitionId));
      let key = keyOf(0);
      for (let i = 0; i < 10_000; i++) {
        key = keyOf(i);
        if (ledByIt.has((await client.put(key, VALUE)).partition)) break;
      }
      windows.push(
        await killAndWrite(system, leader, async () => void (await client.put(key, VALUE, { timeoutMs: 5000 }))),
      );
      await eventually('all members serve', async () => {
        const fresh = await PrkDbClient.connect([system.endpoints[leader]!]);
        const { partitions: all } = await fresh.metadata();
        fresh.close();
        return all.every((p) => p.leaderId !== 0);
      });
    }
  } finally {
    client.close();
    await system.stop();
  }
  return windows;
}

async function theirs(kills: number): Promise<number[]> {
  const system = await startEtcd({ nodes: 3 });
  const same = (bytes: Buffer): Buffer => bytes;
  const clients = system.endpoints.map(
    (e) => new grpc.Client(e, grpc.credentials.createInsecure(), { 'grpc.initial_reconnect_backoff_ms': 50 }),
  );
  const windows: number[] = [];
  let turn = 0;
  try {
    while (windows.length < kills) {
      const leader = await system.leader();
      const survivors = clients.filter((_, i) => i !== leader);
      const put = (client: grpc.Client): Promise<void> =>
        new Promise((resolve, reject) => {
          const options = { deadline: Date.now() + ATTEMPT_MS };
          client.makeUnaryRequest('/etcdserverpb.KV/Put', same, same, encodePut(keyOf(1), VALUE), options, (error) =>
            error === null ? resolve() : reject(error),
          );
        });
      // The survivors are asked at once: this client does not even lose time on the dead one.
      windows.push(await killAndWrite(system, leader, () => put(survivors[turn++ % survivors.length]!)));
      await eventually('etcd has a leader', async () => (await system.leader()) >= 0);
    }
  } finally {
    for (const client of clients) client.close();
    await system.stop();
  }
  return windows;
}

/** Time without service after a leader is killed, as one client feels it. */
export async function measureFailover(partitions: number, kills: number): Promise<[Row, unknown]> {
  const a = await ours(partitions, kills);
  const b = await theirs(kills);
  const row: Row = {
    name: `failover window, median of ${kills} kills`,
    unit: 'ms',
    ours: median(a),
    theirs: median(b),
    ratio: median(b) / median(a),
    ratioMin: Math.min(...b) / Math.max(...a),
    ratioMax: Math.max(...b) / Math.min(...a),
    atLeast: 2,
    note: 'default timings of both',
  };
  return [row, { figure: row.name, oursMs: a, theirsMs: b }];
}
