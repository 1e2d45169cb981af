import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { LiveUpdate } from '../../../electron/backend/clusters/driver.ts';
import { LocalClusterDriver } from '../../../electron/backend/clusters/local-cluster.ts';
import type { NodeListener } from '../../../electron/backend/clusters/node-link.ts';
import { RecordingStore } from '../../../electron/backend/raft/recording-store.ts';
import type { PartitionLive } from '../../../electron/contract/model.ts';
import { EventLog } from '../../../electron/backend/history/event-log.ts';
import { HistoryStore } from '../../../electron/backend/history/history-store.ts';
import type { Faults, LogTail, NodeStatus } from '../../../engine/rpc/cluster.ts';
import type { LocalCluster, Supervisor } from '../../../engine/supervisor/types.ts';
import { localCluster, NO_FAULTS, nodeProcess, NOW, report } from './cluster-support.ts';

/** A driver over nodes that exist only as the reports a test gives. */
class Bench {
  readonly listeners = new Map<number, NodeListener>();
  readonly faults = new Map<number, Faults>();
  readonly tails = new Map<number, LogTail>();
  readonly updates: LiveUpdate[] = [];
  readonly stopped: string[] = [];
  driver!: LocalClusterDriver;
  refuseFaults: number | null = null;
  cluster: LocalCluster = localCluster(3, 2);

  constructor(eventLog: EventLog, recordings: RecordingStore, history: HistoryStore) {
    const supervisor = {
      stop: async (name: string) => {
        this.stopped.push(name);
      },
      killNode: async () => undefined,
    } as unknown as Supervisor;
    this.driver = new LocalClusterDriver(this.cluster, {
      supervisor,
      connectNode: (address, _clusterId, listener) => {
        const node = Number(address.split(':')[1]) - 7100;
        this.listeners.set(node, listener);
        return {
          setFaults: async (faults) => {
            if (this.refuseFaults === node) throw new Error('refused');
            this.faults.set(node, faults);
            return faults;
          },
          log: (partition) => {
            const tail = this.tails.get(node);
            return tail === undefined || partition !== tail.status?.partition
              ? Promise.reject(new Error('no log in this test'))
              : Promise.resolve(tail);
          },
          close: () => this.listeners.delete(node),
        };
      },
      connectClient: () => Promise.reject(new Error('no client in this test')),
      startLoad: () => Promise.reject(new Error('no load in this test')),
      eventLog,
      recordings,
      history,
      refresh: async () => this.driver.update(this.cluster),
      now: () => Date.now(),
      onError: () => undefined,
    });
    this.driver.watch((update) => this.updates.push(update));
  }

  report(node: number, leaders: readonly number[], change: Parameters<typeof report>[2] = {}): void {
    this.listeners.get(node)?.status(report(node, leaders, { timeMs: Date.now(), ...change }) satisfies NodeStatus);
  }

  reportAll(leaders: readonly number[], change: Parameters<typeof report>[2] = {}): void {
    for (const node of [1, 2, 3]) this.report(node, leaders, change);
  }

  get views() {
    return this.updates.flatMap((update) => update.view ?? []);
  }
}

let dir: string;
let bench: Bench;

beforeEach(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'prkdb-driver-'));
  const eventLog = await EventLog.open(path.join(dir, 'events.jsonl'), () => undefined);
  const history = await HistoryStore.open(
    path.join(dir, 'history'),
    () => NOW,
    () => undefined,
  );
  const recordings = await RecordingStore.open(path.join(dir, 'raft'), () => undefined);
  vi.useFakeTimers({ now: NOW, toFake: ['setTimeout', 'clearTimeout', 'setInterval', 'clearInterval', 'Date'] });
  bench = new Bench(eventLog, recordings, history);
});
afterEach(async () => {
  vi.useRealTimers();
  await bench.driver.close();
  await rm(dir, { recursive: true, force: true });
});

describe('what a watcher is sent', () => {
  it('is the view at once, and a change of leader within 50 ms', async () => {
    expect(bench.views).toHaveLength(1);
    bench.reportAll([1, 2]);
    await vi.advanceTimersByTimeAsync(50);
    expect(bench.views.at(-1)!.partitions.map((p) => p.leader)).toEqual([1, 2]);
    const before = bench.views.length;
    await vi.advanceTimersByTimeAsync(20);
    bench.reportAll([3, 2], { terms: [2, 1] });
    await vi.advanceTimersByTimeAsync(50);
    expect(bench.views.length).toBe(before + 1);
    expect(bench.views.at(-1)!.partitions[0]).toMatchObject({ leader: 3, term: 2 });
  });

  it('is a view at least every second, also of a cluster that does not run', async () => {
    bench.cluster = localCluster(3, 2, {
      nodes: [1, 2, 3].map((id) => nodeProcess(id, { state: 'stopped', pid: null })),
    });
    bench.driver.update(bench.cluster);
    await vi.advanceTimersByTimeAsync(60_000);
    const before = bench.views.length;
    await vi.advanceTimersByTimeAsync(10_000);
    expect(bench.views.length - before).toBeGreaterThanOrEqual(9);
    expect(bench.views.length - before).toBeLessThanOrEqual(11);
  });

  it('is at most ten views a second while nothing urgent happens', async () => {
    bench.reportAll([1, 2]);
    await vi.advanceTimersByTimeAsync(1_000);
    const before = bench.views.length;
    for (let i = 1; i <= 100; i++) {
      bench.reportAll([1, 2], { groups: report(1, [1, 2]).groups.map((g) => ({ ...g, commitIndex: 10 + i })) });
      await vi.advanceTimersByTimeAsync(20);
    }
    expect(bench.views.length - before).toBeLessThanOrEqual(21);
    expect(bench.views.length - before).toBeGreaterThan(10);
  });

  it('is no view when nothing changed, but a sign of life', async () => {
    const idle = async (ms: number) => {
      for (let i = 0; i < ms / 200; i++) {
        bench.reportAll([1, 2]);
        await vi.advanceTimersByTimeAsync(200);
      }
    };
    // Until the spark lines are full of zeros.
    await idle(20_000);
    const before = bench.views.length;
    await idle(10_000);
    expect(bench.views.length - before).toBeLessThanOrEqual(11);
    expect(bench.views.length - before).toBeGreaterThanOrEqual(8);
  });

  it('has samples twice a second and one at the moment a leader is lost', async () => {
    bench.reportAll([1, 2]);
    await vi.advanceTimersByTimeAsync(1_000);
    bench.cluster = {
      ...bench.cluster,
      nodes: [nodeProcess(1, { state: 'dead', pid: null }), nodeProcess(2), nodeProcess(3)],
    };
    bench.driver.update(bench.cluster);
    const samples = bench.updates.flatMap((update) => update.samples ?? []);
    expect(samples.at(-1)).toMatchObject({ timeMs: NOW + 1_000, leaders: [0, 2] });
    const kept = await bench.driver.history({ fromMs: NOW, toMs: Infinity, maxPoints: 100 });
    expect(kept.length).toBeGreaterThanOrEqual(3);
  });
});

describe('the view', () => {
  it('merges the supervisor and the nodes', async () => {
    bench.reportAll([1, 2]);
    await vi.advanceTimersByTimeAsync(50);
    const view = bench.driver.view();
    expect(view.summary).toMatchObject({ state: 'running', nodesUp: 3, owner: 'app' });
    expect(view.nodes[0]).toMatchObject({ name: 'n1', pid: 1001, clientPort: 7101, memoryBytes: 90_000_000 });
    expect(view.nodes[1]!.replicas[0]).toMatchObject({ partition: 0, role: 'follower', matchIndex: 11 });
    expect(view.nodes[0]!.links).toEqual([
      { to: 2, connected: true, cut: false, roundTripMs: 0.4, sends: null },
      { to: 3, connected: true, cut: false, roundTripMs: 0.4, sends: null },
    ]);
  });

  it('keeps the last word of a dead node, and counts it out', async () => {
    bench.reportAll([1, 2]);
    const exit = { code: null, signal: 'SIGKILL', atMs: NOW + 10, by: 'app' as const, detail: '' };
    bench.cluster = {
      ...bench.cluster,
      nodes: [nodeProcess(1, { state: 'dead', pid: null, exit }), nodeProcess(2), nodeProcess(3)],
    };
    bench.driver.update(bench.cluster);
    const view = bench.driver.view();
    expect(view.nodes[0]).toMatchObject({ state: 'dead', sinceMs: NOW + 10, memoryBytes: null, dataBytes: 3000 });
    expect(view.nodes[0]!.replicas[0]!.role).toBe('leader');
    expect(view.partitions[0]).toMatchObject({ leader: 0, replicasDown: 1 });
  });
});

describe('isolation', () => {
  it('cuts both directions on every node and heals them all', async () => {
    bench.reportAll([1, 2]);
    await bench.driver.faults.start({ kind: 'isolate', node: 1, durationMs: null });
    const cut = (node: number) => bench.faults.get(node)!.links.map((link) => link.toNodeId);
    expect([cut(1), cut(2), cut(3)]).toEqual([[2, 3], [1], [1]]);
    await bench.driver.faults.heal();
    expect([cut(1), cut(2), cut(3)]).toEqual([[], [], []]);
  });

  it('is told again to a node that comes back without it', async () => {
    bench.reportAll([1, 2]);
    await bench.driver.faults.start({ kind: 'isolate', node: 1, durationMs: null });
    bench.faults.delete(2);
    bench.report(2, [1, 2], { faults: NO_FAULTS });
    await vi.advanceTimersByTimeAsync(1);
    expect(bench.faults.get(2)!.links).toHaveLength(1);
  });

  it('is undone when one node refuses it', async () => {
    bench.reportAll([1, 2]);
    bench.refuseFaults = 3;
    await expect(bench.driver.faults.start({ kind: 'isolate', node: 1, durationMs: null })).rejects.toThrow('refused');
    expect(bench.faults.get(1)!.links).toEqual([]);
    expect(bench.faults.get(2)!.links).toEqual([]);
  });

  it('ends when the app quits, and faults of others are left alone', async () => {
    const theirs = { ...NO_FAULTS, links: [{ toNodeId: 2, cut: true, delayMs: 0, drop: 0 }] };
    bench.reportAll([1, 2]);
    bench.report(3, [1, 2], { faults: theirs });
    await vi.advanceTimersByTimeAsync(1);
    expect(bench.faults.size).toBe(0);
    await bench.driver.faults.start({ kind: 'isolate', node: 1, durationMs: null });
    await bench.driver.close();
    expect([...bench.faults.values()].every((faults) => faults.links.length === 0)).toBe(true);
  });

  it('of a node that is not there is refused in words', async () => {
    await expect(bench.driver.faults.start({ kind: 'isolate', node: 9, durationMs: null })).rejects.toMatchObject({
      code: 'notFound',
    });
  });
});

describe('the fault lab', () => {
  const LINK = { kind: 'link', node: 1, to: 2, bothWays: false, cut: false, delayMs: 0, dropPercent: 0 } as const;

  it('ends a fault by itself when its time is up, and says so', async () => {
    bench.reportAll([1, 2]);
    await bench.driver.faults.start({ ...LINK, delayMs: 200, durationMs: 5_000 });
    expect(bench.faults.get(1)!.links).toEqual([{ toNodeId: 2, cut: false, delayMs: 200, drop: 0 }]);
    expect(bench.driver.view().faults).toMatchObject([{ kind: 'link', node: 1, to: 2, endsAtMs: NOW + 5_000 }]);
    await vi.advanceTimersByTimeAsync(4_900);
    expect(bench.faults.get(1)!.links).toHaveLength(1);
    await vi.advanceTimersByTimeAsync(300);
    expect(bench.faults.get(1)!.links).toEqual([]);
    expect(bench.driver.view().faults).toEqual([]);
    const told = bench.updates
      .flatMap((update) => update.events ?? [])
      .map((one) => one.parts.map((p) => p.text).join(''));
    expect(told.at(-1)).toMatch(/^The link from n1 to n2 is whole again: the fault ended by itself/);
  });

  it('asks for a fault again and again, so that it ends with the app however that ends', async () => {
    bench.reportAll([1, 2]);
    await bench.driver.faults.start({ ...LINK, cut: true, durationMs: null });
    const { leaseMs } = bench.faults.get(1)!;
    expect(leaseMs).toBeGreaterThan(0);
    bench.faults.clear();
    await vi.advanceTimersByTimeAsync(leaseMs! / 2);
    expect(bench.faults.get(1)).toMatchObject({ links: [{ toNodeId: 2, cut: true }], leaseMs });
    await bench.driver.faults.heal();
    bench.faults.clear();
    await vi.advanceTimersByTimeAsync(leaseMs!);
    expect(bench.faults.size).toBe(0);
  });

  it('shows what nodes report of their links and disks', async () => {
    const faults = { ...NO_FAULTS, diskDelayMs: 40, links: [{ toNodeId: 2, cut: false, delayMs: 0, drop: 0.3 }] };
    bench.report(1, [1, 2], { faults });
    const node = bench.driver.view().nodes[0]!;
    expect(node.diskDelayMs).toBe(40);
    expect(node.links[0]).toMatchObject({ to: 2, cut: false, sends: { cut: false, delayMs: 0, dropPercent: 30 } });
  });

  it('tells a node again whose end of a fault was not taken', async () => {
    bench.reportAll([1, 2]);
    await bench.driver.faults.start({ kind: 'disk', node: 3, delayMs: 100, durationMs: 1_000 });
    bench.refuseFaults = 3;
    await vi.advanceTimersByTimeAsync(1_200);
    expect(bench.faults.get(3)!.diskDelayMs).toBe(100);
    bench.refuseFaults = null;
    bench.report(3, [1, 2], { faults: { ...NO_FAULTS, diskDelayMs: 100 } });
    await vi.advanceTimersByTimeAsync(1);
    expect(bench.faults.get(3)!.diskDelayMs).toBe(0);
  });

  it('ends one of two by its id', async () => {
    bench.reportAll([1, 2]);
    await bench.driver.faults.start({ ...LINK, cut: true, bothWays: true, durationMs: null });
    await bench.driver.faults.start({ kind: 'disk', node: 1, delayMs: 100, durationMs: null });
    const [link, disk] = bench.driver.view().faults;
    await bench.driver.faults.end(link!.id);
    expect(bench.driver.view().faults).toEqual([disk]);
    expect(bench.faults.get(1)).toMatchObject({ links: [], diskDelayMs: 100 });
    expect(bench.faults.get(2)!.links).toEqual([]);
    await bench.driver.faults.end('of long ago');
  });
});

describe('moving a leader', () => {
  it('is refused in words where there is nothing to move', async () => {
    bench.reportAll([1, 2]);
    const transfer = (partition: number, to: number) => bench.driver.processes.transfer(partition, to);
    await expect(transfer(0, 9)).rejects.toMatchObject({ code: 'notFound' });
    await expect(transfer(0, 1)).rejects.toThrow('n1 leads p0 already.');
    await expect(transfer(7, 1)).rejects.toMatchObject({ code: 'noLeader' });
  });
});

describe('a partition from the inside', () => {
  const tailOf = (node: number, lastIndex: number): LogTail => ({
    status: { ...report(node, [1, 2]).groups[0]!, persistedIndex: lastIndex },
    entries: [{ index: lastIndex, term: 1, type: 'normal', sizeBytes: 9 }],
    timeMs: Date.now(),
  });

  it('comes at once, then with the logs, at most ten times a second', async () => {
    const seen: PartitionLive[] = [];
    bench.reportAll([1, 2]);
    bench.tails.set(1, tailOf(1, 12));
    const stop = bench.driver.watchPartition(0, (live) => seen.push(live));
    expect(seen).toHaveLength(1);
    expect(seen[0]?.replicas.map((r) => r.log.length)).toEqual([0, 0, 0]);
    await vi.advanceTimersByTimeAsync(300);
    expect(seen.at(-1)?.replicas.map((r) => r.log.length)).toEqual([1, 0, 0]);
    const before = seen.length;
    for (let i = 0; i < 100; i++) {
      bench.tails.set(1, tailOf(1, 13 + i));
      bench.report(2, [1, 2]);
      await vi.advanceTimersByTimeAsync(20);
    }
    expect(seen.length - before).toBeGreaterThan(10);
    expect(seen.length - before).toBeLessThanOrEqual(21);
    stop();
    const after = seen.length;
    bench.tails.set(1, tailOf(1, 500));
    await vi.advanceTimersByTimeAsync(500);
    expect(seen.length).toBe(after);
  });

  it('is told of at least every second, also when no node runs', async () => {
    bench.cluster = localCluster(3, 2, {
      nodes: [1, 2, 3].map((id) => nodeProcess(id, { state: 'stopped', pid: null })),
    });
    bench.driver.update(bench.cluster);
    await vi.advanceTimersByTimeAsync(60_000);
    const seen: PartitionLive[] = [];
    const stop = bench.driver.watchPartition(0, (live) => seen.push(live));
    await vi.advanceTimersByTimeAsync(10_000);
    stop();
    expect(seen.length).toBeGreaterThanOrEqual(9);
    expect(seen.length).toBeLessThanOrEqual(14);
  });

  it('tells a vote that was given before anybody looked', async () => {
    bench.listeners.get(2)?.event({
      sequence: 1,
      timeMs: NOW,
      nodeId: 2,
      group: 1,
      partition: 0,
      kind: 'voteGranted',
      term: 2,
      peer: 3,
      voters: [],
      detail: 'vote',
      durationMs: 0,
      index: 0,
    });
    const seen: PartitionLive[] = [];
    bench.driver.watchPartition(0, (live) => seen.push(live));
    expect(seen[0]?.events).toMatchObject([{ node: 2, kind: 'voteGranted', term: 2, peer: 3 }]);
  });

  it('is recorded while nodes run, whether or not anybody looks', async () => {
    bench.reportAll([1, 2]);
    await vi.advanceTimersByTimeAsync(1_000);
    bench.reportAll([3, 2], { terms: [2, 1] });
    await vi.advanceTimersByTimeAsync(1_000);
    const [segment] = bench.driver.recordedSegments();
    vi.useRealTimers();
    const { records, isEnd } = await bench.driver.recordedPartition(0, segment?.id ?? 0, 0);
    expect(isEnd).toBe(true);
    const heads = records.flatMap((record) => (record.kind === 'partition' ? [record] : []));
    expect(heads.map(({ view }) => [view.leader, view.term])).toEqual(
      expect.arrayContaining([
        [1, 1],
        [3, 2],
      ]),
    );
    expect(heads.every(({ partition }) => partition === 0)).toBe(true);
  });

  it('that does not exist is refused in words', () => {
    expect(() => bench.driver.watchPartition(2, () => undefined)).toThrow('There is no partition p2.');
  });
});

describe('the feed', () => {
  it('reaches the watcher and the log', async () => {
    bench.reportAll([1, 2]);
    await vi.advanceTimersByTimeAsync(300);
    bench.driver.processEvent({
      timeMs: Date.now(),
      cluster: 'dev',
      nodeId: 1,
      kind: 'killed',
      by: 'app',
      detail: '',
    });
    await vi.advanceTimersByTimeAsync(300);
    const told = bench.updates.flatMap((update) => update.events ?? []);
    expect(told).toHaveLength(1);
    expect(told[0]!.parts.map((part) => part.text).join('')).toBe('n1 killed by you (SIGKILL). It led p0.');
    expect(bench.driver.events(10)).toEqual(told);
  });
});

describe('members that come and go', () => {
  it('are in the view from then on, and who is gone is not asked any more', async () => {
    bench.reportAll([1, 2]);
    const three = bench.cluster;
    const [, , third] = three.record.members;
    const fourth = { ...third!, id: 4, clientPort: 7104, raftPort: 7204, metricsPort: 7304 };
    bench.cluster = {
      ...three,
      record: { ...three.record, founders: three.record.members, members: [...three.record.members, fourth] },
      nodes: [...three.nodes, nodeProcess(4)],
    };
    bench.driver.update(bench.cluster);
    bench.report(4, [1, 2]);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(bench.views.at(-1)!.nodes.map((node) => node.id)).toEqual([1, 2, 3, 4]);
    expect(bench.listeners.has(4)).toBe(true);
    await bench.driver.processes.killNode(4);

    const { record, nodes } = bench.cluster;
    bench.cluster = {
      ...three,
      record: { ...record, members: record.members.filter((m) => m.id !== 2), retired: [2] },
      nodes: nodes.filter((node) => node.nodeId !== 2),
    };
    bench.driver.update(bench.cluster);
    await vi.advanceTimersByTimeAsync(1_000);
    expect(bench.views.at(-1)!.nodes.map((node) => node.id)).toEqual([1, 3, 4]);
    expect(bench.listeners.has(2)).toBe(false);
    await expect(bench.driver.processes.killNode(2)).rejects.toThrow(/no node n2/);
    expect(bench.driver.summary().nodeCount).toBe(3);
  });
});
