import { rmSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkHistory } from '../../engine/check/index.ts';
import { ClusterClient } from '../../engine/client/cluster-client.ts';
import { PrkDbClient } from '../../engine/client/index.ts';
import type { NodeConfig } from '../../engine/config/node-config.ts';
import { fillSettings } from '../../engine/drill/settings.ts';
import { Workload } from '../../engine/drill/workload.ts';
import type { MembersResponse } from '../../engine/rpc/cluster.ts';
import { eventually, nodeCluster, type NodeCluster, type NodeProcess } from '../support/node-cluster.ts';

const PARTITIONS = 6;

describe('a cluster whose nodes change under load', () => {
  let cluster: NodeCluster;
  let db: PrkDbClient;
  let load: Workload;
  const joined = new Map<number, NodeProcess>();

  beforeAll(async () => {
    cluster = await nodeCluster(3, { partitions: PARTITIONS, lastingPorts: true });
    await Promise.all(cluster.nodes.map((n) => n.start()));
    db = await PrkDbClient.connect(cluster.endpoints, { timeoutMs: 10_000 });
    await eventually('a write', () => db.put('first', 'value'));
    await Promise.all(Array.from({ length: 300 }, (_, i) => db.put(`kept-${i}`, `value-${i}`)));
    const settings = fillSettings(
      { clients: 12, keyCount: 60, valueBytes: 32, timeoutMs: 10_000 },
      PARTITIONS,
      'kill-leader',
    );
    load = new Workload(db, PARTITIONS, 'load-', settings);
  });

  afterAll(async () => {
    await load?.stop();
    db?.close();
    await cluster?.dispose();
  });

  function node(id: number): NodeProcess {
    return joined.get(id) ?? cluster.nodes[id - 1]!;
  }

  async function newNode(id: number, change: Partial<NodeConfig> = {}): Promise<NodeProcess> {
    const made = await cluster.joiner(id, change);
    joined.set(id, made);
    return made;
  }

  async function at<T>(id: number, ask: (client: ClusterClient) => Promise<T>): Promise<T> {
    const client = new ClusterClient(node(id).address);
    try {
      return await ask(client);
    } finally {
      client.close();
    }
  }

  function atRest(through: number, ids: readonly number[]): Promise<MembersResponse> {
    return eventually(
      `${ids.join(', ')} at rest`,
      async () => {
        const members = await at(through, (client) => client.members());
        const isRight =
          members.members.map((m) => m.id).join() === ids.join() && members.members.every((m) => m.state === 'active');
        return isRight && members.fromLeader && members.balance === 'settled' && members.moves.length === 0
          ? members
          : false;
      },
      40_000,
    );
  }

  function spread(members: MembersResponse, of: (replicas: number[]) => number[]): number {
    const counts = members.members.map(
      ({ id }) => members.partitions.filter((p) => of(p.replicas).includes(id)).length,
    );
    return Math.max(...counts) - Math.min(...counts);
  }

  it('grows to five nodes, of which one is killed while it gets its share', async () => {
    load.start();
    await (await newNode(4)).start();
    const fifth = await newNode(5);
    await fifth.start();
    await fifth.kill();
    await fifth.start();
    const members = await atRest(1, [1, 2, 3, 4, 5]);
    expect(spread(members, (r) => r)).toBeLessThanOrEqual(1);
    expect(spread(members, (r) => r.slice(0, 1))).toBeLessThanOrEqual(1);
  }, 60_000);

  it('shrinks to three others: each gives away what it holds, and then ends with a sentence', async () => {
    await at(4, (client) => client.removeMember({ id: 1 }));
    await at(4, (client) => client.removeMember({ id: 2 }));
    const members = await atRest(4, [3, 4, 5]);
    expect(members.removed).toEqual([1, 2]);
    expect(members.partitions.every((p) => p.replicas.toSorted((a, b) => a - b).join() === '3,4,5')).toBe(true);
    for (const id of [1, 2]) {
      await eventually(`n${id} ends`, () => Promise.resolve(!node(id).running));
      expect(await node(id).stop()).toBe(3);
      expect(node(id).errors).toMatch(new RegExp(`^Node ${id} was removed from the cluster test\\.`));
    }
  }, 60_000);

  it('has all three replaced, one after another, by others that it has never seen', async () => {
    let present = [3, 4, 5];
    for (const [old, successor] of [[3, 6] as const, [4, 7] as const, [5, 8] as const]) {
      const join = present.map((id) => node(id).address);
      await (await newNode(successor, { replaces: old, join })).start();
      present = [...present.filter((id) => id !== old), successor];
      const { removed } = await atRest(successor, present);
      expect(removed).toContain(old);
      await eventually(`n${old} ends`, () => Promise.resolve(!node(old).running));
    }
  }, 90_000);

  it('has lost nothing, and no request has failed that the client does not repeat by itself', async () => {
    await load.stop();
    expect([...load.errors.values()]).toEqual([]);
    expect(load.operations.length).toBeGreaterThan(1000);
    expect(checkHistory(load.operations)).toMatchObject({ linearizable: true });
    for (let i = 0; i < 300; i++) {
      expect(Buffer.from((await db.get(`kept-${i}`))!.value).toString()).toBe(`value-${i}`);
    }
    const fresh = await PrkDbClient.connect([node(8).address]);
    expect((await fresh.metadata()).nodes.map((n) => n.nodeId)).toEqual([6, 7, 8]);
    fresh.close();
  }, 30_000);

  it('does not let in the process of a removed node, which says why it ends', async () => {
    // One that remembers a member that is there still: the founders know of none any more.
    const removed = node(4);
    const ended = removed.start().then(() => eventually('its end', () => Promise.resolve(!removed.running)));
    await ended;
    expect(await removed.stop()).toBe(3);
    expect(removed.errors).toContain('Node 4 was removed from the cluster test.');
    expect(node(6).output).toContain('node 4 was removed from this cluster');
  }, 30_000);

  it('does not let in a node that lost its disk, which says why it ends, and takes a new one in its place', async () => {
    const wiped = node(7);
    await wiped.kill();
    rmSync(wiped.config.dataDir, { recursive: true, force: true });
    await expect(wiped.start()).rejects.toThrow(
      /does not take in node 7: .*known by another data directory.*let another id replace it/,
    );
    const ninth = await newNode(9, { replaces: 7, join: [node(6).address, node(8).address] });
    await ninth.start();
    await atRest(6, [6, 8, 9]);
    expect(Buffer.from((await db.get('kept-7'))!.value).toString()).toBe('value-7');
  }, 60_000);

  it('refuses what cannot be, in sentences', async () => {
    const refusal = (ask: (client: ClusterClient) => Promise<unknown>) =>
      at(8, ask).then(
        () => 'it was not refused',
        (error: Error) => error.message,
      );
    expect(await refusal((c) => c.removeMember({ id: 6 }))).toMatch(/2 nodes, fewer than the replication factor of 3/);
    expect(await refusal((c) => c.removeMember({ id: 10 }))).toMatch(
      /n10 is no node of this cluster. Its nodes are n6, n8, n9/,
    );
    expect(await refusal((c) => c.removeMember({ id: 1 }))).toMatch(/n1 was removed already/);
    expect(await refusal((c) => c.replaceMember({ oldId: 6, newId: 6 }))).toMatch(/cannot replace itself/);
    const stranger = await newNode(10, { clusterId: 'another', join: [node(8).address] });
    await expect(stranger.start()).rejects.toThrow(/belongs to the cluster test .*not to another/);
  }, 30_000);
});

describe('a founding node that was away while all others were replaced', () => {
  let cluster: NodeCluster;
  let newcomers: NodeProcess[] = [];
  let client: ClusterClient;

  beforeAll(async () => {
    cluster = await nodeCluster(3, { partitions: 2, lastingPorts: true });
    await Promise.all(cluster.nodes.map((n) => n.start()));
    client = new ClusterClient(cluster.nodes[1]!.address);
    await eventually('the data directories are known', async () => {
      return (await client.members()).members.every((m) => m.incarnation !== '');
    });
    await cluster.nodes[0]!.kill();
    const join = cluster.endpoints.slice(1);
    newcomers = [await cluster.joiner(4, { join, replaces: 2 }), await cluster.joiner(5, { join, replaces: 3 })];
    for (const newcomer of newcomers) await newcomer.start();
    client.close();
    client = new ClusterClient(newcomers[0]!.address);
    await eventually(
      'the others are replaced',
      async () => {
        const { members, balance } = await client.members();
        return balance === 'settled' && members.map((m) => m.id).join() === '1,4,5';
      },
      40_000,
    );
  }, 60_000);

  afterAll(async () => {
    client?.close();
    await cluster?.dispose();
  });

  function withSeed(node: NodeProcess): void {
    writeFileSync(node.configFile, JSON.stringify({ ...node.config, seeds: [newcomers[1]!.address] }));
  }

  it('finds them through a seed, and is in step again', async () => {
    const [first] = cluster.nodes;
    withSeed(first!);
    await first!.start();
    const { epoch } = await client.members();
    const own = new ClusterClient(first!.address);
    const status = await eventually('what the others know', async () => {
      const found = await own.status();
      return found.epoch >= epoch ? found : false;
    });
    expect(status.peers.filter((peer) => peer.connected).map((peer) => peer.nodeId)).toEqual([4, 5]);
    own.close();
  }, 30_000);

  it('is kept out when it comes back without its disk, and ends with a sentence', async () => {
    const [first] = cluster.nodes;
    await first!.kill();
    rmSync(first!.config.dataDir, { recursive: true, force: true });
    await first!.start();
    await eventually('its end', () => Promise.resolve(!first!.running));
    expect(await first!.stop()).toBe(3);
    expect(first!.errors).toMatch(/^The cluster test knows node 1 by another data directory/);
  }, 30_000);
});
