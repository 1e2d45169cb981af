import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClusterClient } from '../../engine/client/cluster-client.ts';
import { PrkDbClient } from '../../engine/client/index.ts';
import type { ClusterEvent, Faults } from '../../engine/rpc/cluster.ts';
import { eventually, nodeCluster, type NodeCluster } from '../support/node-cluster.ts';

const NO_FAULTS: Faults = { links: [], diskDelayMs: 0, logLimitBytes: 0, stateLimitBytes: 0 };

describe('a node whose disk is full', () => {
  let cluster: NodeCluster;
  let admins: ClusterClient[];
  let db: PrkDbClient;

  beforeAll(async () => {
    cluster = await nodeCluster(3, { partitions: 3, faultsEnabled: true });
    await Promise.all(cluster.nodes.map((n) => n.start()));
    admins = cluster.nodes.map((n) => new ClusterClient(n.address));
    db = await PrkDbClient.connect(cluster.endpoints);
    await eventually('all led, each node by one', async () => {
      const statuses = await Promise.all(admins.map((a) => a.status()));
      return statuses.every((s) => s.groups.filter((g) => g.role === 'leader').length > 0);
    });
  });

  afterAll(async () => {
    admins?.forEach((a) => a.close());
    db?.close();
    await cluster?.dispose();
  });

  const cases: readonly (readonly [string, number, Partial<Faults>, RegExp])[] = [
    ['its log', 0, { logLimitBytes: 1 }, /^The Raft log cannot be written: .*raft-log\.db .*SQLITE_FULL/],
    ['its state machine', 1, { stateLimitBytes: 1 }, /^The state machine cannot be written: .*state\.db .*SQLITE_FULL/],
  ];

  it.each(cases)('under %s says so, leads nothing, lives on, and is well after a restart', async (_, i, full, says) => {
    const [node, admin] = [cluster.nodes[i]!, admins[i]!];
    const { pid } = node;
    const events: ClusterEvent[] = [];
    const stopObserving = admin.observe(
      { intervalMs: 200, afterSequence: 0 },
      { observation: (o) => void events.push(...o.events), end: () => {} },
    );
    const acknowledged = new Map<string, string>();
    await admin.setFaults({ ...NO_FAULTS, ...full });
    try {
      // What is refused or left open is not counted; what is acknowledged must be there for ever.
      const failed = await eventually('the full disk is told', async () => {
        for (let n = 0; n < 12; n++) {
          const [key, value] = [`key ${i} ${acknowledged.size}`, 'v'.repeat(3000)];
          const written = await db.put(key, value, { timeoutMs: 2000 }).catch(() => null);
          if (written !== null) acknowledged.set(key, value);
        }
        const status = await admin.status();
        return status.storageError === '' ? null : status;
      });
      expect(failed.storageError).toMatch(says);
      expect(failed.storageError).toMatch(/The disk is full: make room, then restart the node\.$/);
      expect(failed.groups.map((g) => g.role)).toEqual(failed.groups.map(() => 'follower'));
      await eventually('the event is told', async () => {
        return events.some((e) => e.kind === 'storageFailed' && says.test(e.detail));
      });
      const { metricsPort } = node.member;
      expect((await fetch(`http://127.0.0.1:${metricsPort}/livez`)).status).toBe(503);
      expect((await fetch(`http://127.0.0.1:${metricsPort}/readyz`)).status).toBe(503);

      // The others take over, with all keys.
      await eventually('the others serve every partition', async () => {
        for (let n = 0; n < 12; n++) await db.put(`after ${n}`, 'x', { timeoutMs: 2000 });
        return true;
      });
      const later = await admin.status();
      expect(later.groups.map((g) => g.role)).toEqual(later.groups.map(() => 'follower'));
      expect(later.groups.map((g) => g.persistedIndex)).toEqual(failed.groups.map((g) => g.persistedIndex));
      expect({ running: node.running, pid: node.pid }).toEqual({ running: true, pid });
    } finally {
      stopObserving();
    }
    expect(await node.stop()).toBe(0);
    await node.start();
    await eventually('it has caught up', async () => {
      const [mine, other] = await Promise.all([admin.status(), admins[2]!.status()]);
      return mine.storageError === '' && mine.groups.every((g, at) => g.appliedIndex >= other.groups[at]!.commitIndex);
    });
    for (const [key, value] of acknowledged) {
      expect(Buffer.from((await db.get(key, { timeoutMs: 10_000 }))!.value).toString()).toBe(value);
    }
  });
});
