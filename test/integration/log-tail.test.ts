import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClusterClient, PrkDbClient } from '../../engine/client/index.ts';
import { eventually, nodeCluster, type NodeCluster } from '../support/node-cluster.ts';

describe('the end of a log, read from real nodes', () => {
  let cluster: NodeCluster;
  let nodes: ClusterClient[];
  let client: PrkDbClient;

  beforeAll(async () => {
    cluster = await nodeCluster(3, { partitions: 1 });
    await Promise.all(cluster.nodes.map((n) => n.start()));
    nodes = cluster.endpoints.map((endpoint) => new ClusterClient(endpoint));
    client = await PrkDbClient.connect(cluster.endpoints);
    for (let i = 0; i < 40; i++) await client.put(`key-${i}`, 'v'.repeat(100));
  });

  afterAll(async () => {
    client?.close();
    nodes?.forEach((node) => node.close());
    await cluster?.dispose();
  });

  it('is the same on every replica once they are in step, entry by entry', async () => {
    const tails = await eventually('replicas in step', async () => {
      const all = await Promise.all(nodes.map((node) => node.log({ partition: 0, limit: 16 })));
      const ends = new Set(all.map((tail) => tail.status?.persistedIndex));
      return ends.size === 1 && all;
    });
    const [first] = tails;
    expect(first?.entries).toHaveLength(16);
    for (const tail of tails) expect(tail.entries).toEqual(first?.entries);
    expect(first?.entries.at(-1)?.index).toBe(first?.status?.lastLogIndex);
    expect(first?.entries.every((entry) => entry.type === 'normal' && entry.sizeBytes > 100)).toBe(true);
    expect(tails.map((tail) => tail.status?.role).filter((role) => role === 'leader')).toHaveLength(1);
  });

  it('is refused in words for what the node does not hold', async () => {
    await expect(nodes[0]!.log({ partition: 5 })).rejects.toThrow('n1 holds no replica of partition 5');
    await expect(nodes[0]!.log({ partition: 0, limit: 1000 })).rejects.toThrow('At most 256 entries');
    expect((await nodes[0]!.log({})).status?.group).toBe(0);
  });

  it('keeps the entries of the old term when a new leader is elected, and shows the new one', async () => {
    const before = await nodes[0]!.log({ partition: 0, limit: 1 });
    const leader = before.status!.leader;
    await cluster.nodes[leader - 1]!.kill();
    const other = nodes.find((_, i) => i + 1 !== leader)!;
    const tail = await eventually('a leader of a later term', async () => {
      const now = await other.log({ partition: 0, limit: 4 });
      return now.status!.term > before.status!.term && now.entries.at(-1)!.term === now.status!.term && now;
    });
    expect(tail.entries.map((entry) => entry.term)).toContain(before.entries[0]!.term);
  });
});
