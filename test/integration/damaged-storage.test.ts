import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClusterClient } from '../../engine/client/cluster-client.ts';
import { PrkDbClient, ReadMode } from '../../engine/client/index.ts';
import { eventually, nodeCluster, type NodeCluster } from '../support/node-cluster.ts';

const VALUE = 'a value that is easy to find '.repeat(20);

/** Changes a byte of each place where the file holds the value; returns how many there are. */
function damageValue(file: string): number {
  const bytes = readFileSync(file);
  let found = 0;
  for (let at = bytes.indexOf(VALUE); at >= 0; at = bytes.indexOf(VALUE, at + 1)) {
    bytes[at + 7] = 0x58;
    found++;
  }
  writeFileSync(file, bytes);
  return found;
}

describe('a node whose data is damaged where only a read of it can tell', () => {
  let cluster: NodeCluster;
  let db: PrkDbClient;

  beforeAll(async () => {
    cluster = await nodeCluster(3, { partitions: 1 });
    await Promise.all(cluster.nodes.map((n) => n.start()));
    db = await PrkDbClient.connect(cluster.endpoints);
    await eventually('written', () => db.put('damaged', VALUE, { timeoutMs: 2000 }));
    await eventually('applied everywhere', async () => {
      for (const node of cluster.nodes) {
        const admin = new ClusterClient(node.address);
        const { groups } = await admin.status().finally(() => admin.close());
        if (groups.some((g) => g.keyCount === 0)) return false;
      }
      return true;
    });
  });

  afterAll(async () => {
    db?.close();
    await cluster?.dispose();
  });

  it('never shows it, says so and lives on, while the others answer', async () => {
    const [node] = cluster.nodes;
    await node!.stop();
    expect(damageValue(path.join(node!.config.dataDir, 'state.db'))).toBe(1);
    await node!.start();
    const { pid } = node!;
    const alone = await PrkDbClient.connect([cluster.endpoints[0]!]);
    const admin = new ClusterClient(node!.address);
    try {
      // Any replica may answer a stale read: it is asked until the damaged one has had its turn.
      const status = await eventually('the damage is told', async () => {
        const row = await alone.get('damaged', { readMode: ReadMode.Stale, timeoutMs: 2000 });
        expect(row === null ? null : Buffer.from(row.value).toString()).toBe(VALUE);
        const now = await admin.status();
        return now.storageError === '' ? null : now;
      });
      expect(status.storageError).toMatch(/state\.db is damaged: .*move .*state\.db .*rebuilds them from its log/);
      expect(status.groups.map((g) => g.role)).toEqual(['follower', 'follower']);
      expect({ running: node!.running, pid: node!.pid }).toEqual({ running: true, pid });
      const linearizable = await db.get('damaged', { timeoutMs: 20_000 });
      expect(Buffer.from(linearizable!.value).toString()).toBe(VALUE);
    } finally {
      alone.close();
      admin.close();
    }
  });
});
