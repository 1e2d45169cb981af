import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClusterClient } from '../../engine/client/cluster-client.ts';
import { PrkDbClient } from '../../engine/client/index.ts';
import type { ClusterEvent, NodeStatus } from '../../engine/rpc/cluster.ts';
import { eventually, nodeCluster, type NodeCluster } from '../support/node-cluster.ts';

const PARTITIONS = 6;

describe('leadership of real nodes', () => {
  let cluster: NodeCluster;
  let admins: ClusterClient[];
  let db: PrkDbClient;
  const events: ClusterEvent[] = [];
  const cancels: (() => void)[] = [];

  /** Events of a node's present life; those told before are skipped by the test that cares. */
  function watch(admin: ClusterClient): void {
    const handlers = {
      observation: (o: { events: ClusterEvent[] }) => void events.push(...o.events),
      end: () => {},
    };
    cancels.push(admin.observe({ intervalMs: 200, afterSequence: 0 }, handlers));
  }

  beforeAll(async () => {
    cluster = await nodeCluster(3, { partitions: PARTITIONS });
    await Promise.all(cluster.nodes.map((n) => n.start()));
    admins = cluster.nodes.map((n) => new ClusterClient(n.address));
    admins.forEach(watch);
    db = await PrkDbClient.connect(cluster.endpoints);
    await eventually('all led', async () => (await leaders()).size === PARTITIONS);
  });

  afterAll(async () => {
    cancels.forEach((cancel) => cancel());
    admins?.forEach((admin) => admin.close());
    db?.close();
    await cluster?.dispose();
  });

  async function statuses(): Promise<NodeStatus[]> {
    const all = await Promise.allSettled(admins.map((admin) => admin.status()));
    return all.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
  }

  /** Who leads each partition, by the nodes that say so of themselves. */
  async function leaders(): Promise<Map<number, number>> {
    const found = new Map<number, number>();
    for (const status of await statuses()) {
      for (const { partition, role } of status.groups) {
        if (partition !== undefined && role === 'leader') found.set(partition, status.nodeId);
      }
    }
    return found;
  }

  it('goes to the replica that was named, and no write is refused meanwhile', async () => {
    const from = (await leaders()).get(0)!;
    const to = (from % 3) + 1;
    let stop = false;
    let written = 0;
    const writer = (async () => {
      for (let i = 0; !stop; i++) {
        await db.put(`transfer-${i}`, 'x');
        written++;
      }
    })();
    await admins[from - 1]!.transferLeadership({ partition: 0, toNodeId: to });
    await eventually('the named replica leads', async () => (await leaders()).get(0) === to);
    const before = written;
    await eventually('writes go on', () => Promise.resolve(written > before + 20));
    expect(written).toBeGreaterThan(before);
    stop = true;
    await writer;
  });

  it('is not given to a stranger, nor by a node that does not lead, and both are told why', async () => {
    const from = (await leaders()).get(1)!;
    const other = (from % 3) + 1;
    await expect(admins[from - 1]!.transferLeadership({ partition: 1, toNodeId: 9 })).rejects.toThrow(
      'n9 is no voter of partition 1',
    );
    await expect(admins[other - 1]!.transferLeadership({ partition: 1, toNodeId: other })).rejects.toThrow(
      `n${other} does not lead partition 1; ask n${from}.`,
    );
    await expect(admins[0]!.transferLeadership({ partition: 99, toNodeId: 2 })).rejects.toThrow(
      'n1 holds no replica of partition 99.',
    );
  });

  it('leaves a node that is asked to hand over all, to both of the others', async () => {
    expect(await admins[0]!.handOver()).toBe(0);
    const after = await eventually('all led by others', async () => {
      const found = await leaders();
      return found.size === PARTITIONS && ![...found.values()].includes(1) ? found : null;
    });
    expect(new Set(after.values())).toEqual(new Set([2, 3]));
  });

  it('goes on without a gap when a node stops in order: nobody has to miss its heartbeats', async () => {
    const now = await leaders();
    const victim = now.get(0)!;
    const led = [...now].filter(([, leader]) => leader === victim).map(([partition]) => partition);
    const since = events.length;
    expect(await cluster.nodes[victim - 1]!.stop()).toBe(0);
    await eventually('all led by those who stayed', async () => {
      const found = await leaders();
      return found.size === PARTITIONS && ![...found.values()].includes(victim);
    });
    const told = events.slice(since).filter((event) => led.includes(event.partition ?? -1));
    // Whoever stood did so because the leader asked, not because its silence was noticed.
    expect(told.filter((event) => event.kind === 'leaderLost')).toEqual([]);
    expect(told.filter((event) => event.kind === 'electionStarted' && event.detail === 'preVote')).toEqual([]);
    await cluster.nodes[victim - 1]!.start();
    await db.put('after', 'x');
  });
});
