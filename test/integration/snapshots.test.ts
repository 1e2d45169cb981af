import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClusterClient } from '../../engine/client/cluster-client.ts';
import { PrkDbClient, ReadMode } from '../../engine/client/index.ts';
import type { GroupStatus } from '../../engine/rpc/cluster.ts';
import { eventually, nodeCluster, type NodeCluster } from '../support/node-cluster.ts';

const PARTITIONS = 2;
const VALUE = 'v'.repeat(200);

describe('nodes whose logs are cut', () => {
  let cluster: NodeCluster;
  let admins: ClusterClient[];
  let db: PrkDbClient;
  const expected = new Map<string, string>();
  let written = 0;

  beforeAll(async () => {
    const compaction = { maxEntries: 100, maxBytes: 1024 * 1024, keepEntries: 10, keepBytes: 0 };
    cluster = await nodeCluster(3, { partitions: PARTITIONS, compaction });
    await Promise.all(cluster.nodes.map((n) => n.start()));
    admins = cluster.nodes.map((n) => new ClusterClient(n.address));
    db = await PrkDbClient.connect(cluster.endpoints);
  });

  afterAll(async () => {
    admins?.forEach((admin) => admin.close());
    db?.close();
    await cluster?.dispose();
  });

  /** Few at a time, so that they are many entries. */
  async function write(count: number): Promise<void> {
    const writer = async (): Promise<void> => {
      for (let i = 0; i < count / 8; i++) {
        const key = `key-${written++ % 3000}`;
        const value = `${written}-${VALUE}`;
        expected.set(key, value);
        await db.put(key, value);
      }
    };
    await Promise.all(Array.from({ length: 8 }, writer));
  }

  async function groups(node: number): Promise<GroupStatus[]> {
    const status = await admins[node - 1]!.status();
    return status.groups.filter((group) => group.partition !== undefined);
  }

  /** The node has applied all that the leaders have committed. */
  async function inStep(node: number): Promise<void> {
    await eventually(`n${node} is in step`, async () => {
      const leaders = (await Promise.all([1, 2, 3].map((id) => groups(id).catch(() => []))))
        .flat()
        .filter((group) => group.role === 'leader');
      const own = await groups(node);
      return (
        leaders.length === PARTITIONS &&
        leaders.every((leader) =>
          own.some((group) => group.partition === leader.partition && group.appliedIndex >= leader.commitIndex),
        )
      );
    });
  }

  /** Every key as this node alone holds it. */
  async function heldBy(node: number): Promise<Map<string, string>> {
    const alone = await PrkDbClient.connect([cluster.endpoints[node - 1]!]);
    try {
      const held = new Map<string, string>();
      for (const key of expected.keys()) {
        const entry = await alone.get(key, { readMode: ReadMode.Stale });
        if (entry !== null) held.set(key, entry.value.toString());
      }
      return held;
    } finally {
      alone.close();
    }
  }

  it('a node that was down while the log was cut gets a snapshot, and then the rest', async () => {
    await cluster.nodes[2]!.kill();
    await write(6000);
    await eventually('the logs are cut', async () => {
      await write(80);
      const own = [...(await groups(1)), ...(await groups(2))];
      return own.every((group) => group.firstLogIndex > 100);
    });
    await cluster.nodes[2]!.start();
    await inStep(3);
    expect(cluster.nodes[2]!.output).toContain('snapshotRestored');
    expect(await heldBy(3)).toEqual(expected);
  });

  it('that node can vote and lead afterwards, also after a restart', async () => {
    await cluster.nodes[2]!.kill();
    await cluster.nodes[2]!.start();
    await inStep(3);
    for (let partition = 0; partition < PARTITIONS; partition++) {
      await eventually(`n3 leads partition ${partition}`, async () => {
        for (const [i, admin] of admins.entries()) {
          const leads = (await groups(i + 1)).some((g) => g.partition === partition && g.role === 'leader');
          if (leads && i === 2) return true;
          if (leads) await admin.transferLeadership({ partition, toNodeId: 3 });
        }
        return false;
      });
    }
    await write(400);
    for (const [key, value] of [...expected].slice(0, 200)) {
      expect((await db.get(key))?.value.toString()).toBe(value);
    }
  });

  it('killed again and again while snapshots arrive, it ends up with what the others have', async () => {
    for (let round = 0; round < 4; round++) {
      await cluster.nodes[0]!.kill();
      await write(1600);
      await cluster.nodes[0]!.start();
      // At whatever moment of the transfer this is.
      await new Promise((resolve) => setTimeout(resolve, 100 + 150 * round));
      await cluster.nodes[0]!.kill();
      await cluster.nodes[0]!.start();
    }
    await inStep(1);
    expect(await heldBy(1)).toEqual(expected);
  });

  it('all of them stopped and started again serve everything from cut logs', async () => {
    await Promise.all(cluster.nodes.map((node) => node.stop()));
    await Promise.all(cluster.nodes.map((node) => node.start()));
    await inStep(2);
    const keys = [...expected.keys()];
    const values = await Promise.all(keys.map((key) => db.get(key)));
    expect(new Map(keys.map((key, i) => [key, values[i]?.value.toString()]))).toEqual(expected);
  });
});
