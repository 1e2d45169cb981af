import { FaultBook } from '../../electron/backend/clusters/fault-book.ts';
import type { FaultRequest } from '../../electron/contract/faults.ts';
import type {
  ClusterState,
  ClusterSummary,
  ClusterView,
  NodeState,
  NodeView,
  PartitionView,
  Sample,
  StoryEvent,
} from '../../electron/contract/model.ts';

const HISTORY_MS = 15 * 60_000;
const SAMPLE_MS = 500;

interface Partition {
  leader: number;
  term: number;
  index: number;
  leaderSinceMs: number;
  leaderlessSinceMs: number | null;
  electAtMs: number | null;
}

interface Node {
  state: NodeState;
  pid: number;
  startedAtMs: number;
  sinceMs: number;
  exitSignal: string | null;
  wasLeading: number[];
  opsHistory: number[];
}

const strong = (text: string) => ({ text, strong: true });
const plain = (text: string) => ({ text, strong: false });

/**
 * A cluster that exists only as numbers, moved on by tick(): what the screens are drawn
 * from in tests that are about the screens.
 */
export class FixtureCluster {
  readonly name: string;
  readonly events: StoryEvent[] = [];
  readonly samples: Sample[] = [];
  readonly nodes: Node[] = [];
  readonly partitions: Partition[] = [];
  load: ClusterView['load'] = null;
  readonly #book: FaultBook;
  silent = false;
  #faults = new Map<number, { id: string; atMs: number }>();
  #eventNumber = 0;
  #seed = 7;
  #lastTickMs: number;
  #committed = 7_000_000;
  #running: boolean;
  #sinceMs: number;

  constructor(name: string, options: { nodes: number; partitions: number; running: boolean; nowMs: number }) {
    this.name = name;
    this.#book = new FaultBook(Array.from({ length: options.nodes }, (_, i) => i + 1));
    this.#running = options.running;
    const { nowMs } = options;
    this.#sinceMs = options.running ? nowMs - 8_040_000 : nowMs - 172_800_000;
    for (let i = 0; i < options.nodes; i += 1) {
      this.nodes.push({
        state: options.running ? 'live' : 'stopped',
        pid: 48_213 + i,
        startedAtMs: nowMs - 8_040_000,
        sinceMs: this.#sinceMs,
        exitSignal: null,
        wasLeading: [],
        opsHistory: [],
      });
    }
    const terms = [9, 4, 5, 7, 5, 6, 5, 6];
    for (let p = 0; p < options.partitions; p += 1) {
      this.partitions.push({
        leader: (p % options.nodes) + 1,
        term: terms[p % 8] ?? 1,
        index: 1_108_412 + p * 1_300,
        leaderSinceMs: nowMs - 8_000_000,
        leaderlessSinceMs: null,
        electAtMs: null,
      });
    }
    this.#lastTickMs = nowMs - (options.running ? 150_000 : 0);
    if (options.running) {
      this.load = {
        clients: 64,
        readPercent: 40,
        startedAtMs: nowMs - 140_000,
        acknowledged: 1,
        retried: 0,
        failed: 0,
      };
      for (let t = nowMs - 150_000; t < nowMs; t += SAMPLE_MS) this.tick(t);
      this.#tell(nowMs - 108_000, 'load', null, [plain('Load started by you: 64 clients, mixed reads and writes.')]);
    }
  }

  /** Moves time on; returns the events and samples that came of it. */
  tick(nowMs: number): { events: StoryEvent[]; samples: Sample[] } {
    const eventsBefore = this.events.length;
    const samples: Sample[] = [];
    this.partitions.forEach((partition, p) => this.#elect(partition, p, nowMs));
    const serving = this.partitions.filter((p) => p.leader !== 0).length / this.partitions.length;
    if (this.#running && nowMs - (this.samples.at(-1)?.timeMs ?? 0) >= SAMPLE_MS) {
      samples.push(this.#sample(nowMs, serving));
      for (const [i, node] of this.nodes.entries()) {
        const leads = this.partitions.filter((p) => p.leader === i + 1).length;
        const ops = node.state === 'live' && this.load !== null ? 900 + leads * 2_400 + this.#noise(500) : 0;
        node.opsHistory = [...node.opsHistory, ops].slice(-30);
      }
    }
    this.samples.push(...samples);
    while ((this.samples[0]?.timeMs ?? nowMs) < nowMs - HISTORY_MS) this.samples.shift();
    this.#book.expire(nowMs);
    this.#lastTickMs = nowMs;
    return { events: this.events.slice(eventsBefore), samples };
  }

  act(action: string, nodeId: number, nowMs: number): void {
    const node = this.nodes[nodeId - 1];
    if (node === undefined) throw new Error(`No node ${String(nodeId)}`);
    const name = strong(`n${String(nodeId)}`);
    const led = this.partitions.flatMap((p, i) => (p.leader === nodeId ? [`p${String(i)}`] : []));
    const lose = (state: NodeState, words: string) => {
      node.wasLeading = this.partitions.flatMap((p, i) => (p.leader === nodeId ? [i] : []));
      node.state = state;
      node.sinceMs = nowMs;
      const id = `e${String(this.#eventNumber + 1)}`;
      this.#faults.delete(nodeId);
      this.#faults.set(nodeId, { id, atMs: nowMs });
      this.#tell(nowMs, state === 'paused' ? 'paused' : 'fault', nodeId, [
        name,
        plain(` ${words}${led.length === 0 ? '.' : `. It led ${led.join(', ')}.`}`),
      ]);
      this.partitions.forEach((p, i) => {
        if (p.leader !== nodeId) return;
        p.leader = 0;
        p.leaderlessSinceMs = nowMs;
        p.electAtMs = nowMs + 300 + i * 110 + this.#noise(200);
      });
      this.#tell(nowMs + 151, 'suspect', nodeId, [
        strong('The others'),
        plain(' miss 3 heartbeats from '),
        name,
        plain(': suspect.'),
      ]);
    };
    const revive = (kind: StoryEvent['kind'], words: string) => {
      node.state = 'live';
      node.sinceMs = nowMs;
      node.exitSignal = null;
      this.#tell(nowMs, kind, nodeId, [name, plain(` ${words}`)]);
      for (const p of this.partitions) if (p.leader === 0) p.electAtMs ??= nowMs + 400;
    };
    if (action === 'kill') {
      node.exitSignal = 'SIGKILL';
      lose('dead', 'killed by you (SIGKILL)');
    } else if (action === 'pause') lose('paused', 'paused by you (SIGSTOP)');
    else if (action === 'isolate') lose('partitioned', 'cut off from the others by you');
    else if (action === 'resume') revive('resumed', 'resumed by you.');
    else {
      node.pid += 100;
      node.startedAtMs = nowMs;
      revive('started', 'started again by you.');
    }
  }

  startFault(fault: FaultRequest, nowMs: number): void {
    this.#book.add(fault, nowMs);
    if (fault.kind === 'isolate') this.act('isolate', fault.node, nowMs);
  }

  endFault(id: string): void {
    this.#book.end(id);
  }

  heal(nowMs: number): void {
    this.#book.clear();
    this.nodes.forEach((node, i) => {
      if (node.state === 'partitioned') this.act('resume', i + 1, nowMs);
    });
  }

  setRunning(running: boolean, nowMs: number): void {
    this.#running = running;
    this.#sinceMs = nowMs;
    for (const [i, node] of this.nodes.entries()) {
      node.state = running ? 'live' : 'stopped';
      node.sinceMs = nowMs;
      node.startedAtMs = nowMs;
      node.pid += 10;
      this.#tell(nowMs + i, running ? 'started' : 'stopped', i + 1, [
        strong(`n${String(i + 1)}`),
        plain(running ? ' started by you.' : ' stopped by you.'),
      ]);
    }
    for (const p of this.partitions) {
      p.leader = 0;
      p.leaderlessSinceMs = nowMs;
      p.electAtMs = running ? nowMs + 700 : null;
    }
    if (!running) this.load = null;
  }

  setLoad(clients: number, readPercent: number, nowMs: number): void {
    this.load =
      clients === 0 ? null : { clients, readPercent, startedAtMs: nowMs, acknowledged: 0, retried: 0, failed: 0 };
    this.#tell(nowMs, 'load', null, [
      plain(clients === 0 ? 'Load stopped by you.' : `Load started by you: ${String(clients)} clients.`),
    ]);
  }

  summary(): ClusterSummary {
    const up = this.nodes.filter((n) => n.state === 'live').length;
    const quorate = up >= this.#majority();
    const state: ClusterState = !this.#running
      ? 'stopped'
      : !quorate
        ? 'noQuorum'
        : this.nodes.some((n) => n.state === 'partitioned')
          ? 'partitioned'
          : up < this.nodes.length
            ? 'degraded'
            : this.partitions.every((p) => p.leader !== 0)
              ? 'running'
              : 'starting';
    return {
      name: this.name,
      kind: 'local',
      state,
      nodeCount: this.nodes.length,
      nodesUp: up,
      partitionCount: this.partitions.length,
      replicationFactor: Math.min(3, this.nodes.length),
      owner: 'app',
      readOnly: false,
      environment: null,
      sinceMs: this.#sinceMs,
      dataDir: `/home/you/.prkdb/clusters/${this.name}`,
      remote: null,
    };
  }

  view(): ClusterView {
    const timeMs = this.#lastTickMs;
    return {
      summary: this.summary(),
      timeMs,
      nodes: this.nodes.map((node, i) => this.#nodeView(node, i + 1, timeMs)),
      partitions: this.partitions.map((p, i): PartitionView => {
        const down = this.nodes.filter((n) => n.state !== 'live').length;
        return {
          partition: i,
          leader: p.leader,
          term: p.term,
          replicas: this.nodes.map((_, n) => n + 1),
          commitIndex: p.index,
          hasQuorum: this.nodes.length - down >= this.#majority(),
          replicasDown: down,
          leaderSinceMs: p.leader === 0 ? null : p.leaderSinceMs,
          leaderlessSinceMs: p.leaderlessSinceMs,
        };
      }),
      load: this.load,
      faults: this.#book.active(),
      etcd: null,
    };
  }

  #nodeView(node: Node, id: number, timeMs: number): NodeView {
    const answers = node.state === 'live';
    const leads = this.partitions.filter((p) => p.leader === id).length;
    return {
      id,
      name: `n${String(id)}`,
      state: node.state,
      pid: node.state === 'stopped' ? null : node.pid,
      host: '127.0.0.1',
      clientPort: 7100 + id,
      raftPort: 7200 + id,
      metricsUrl: `http://127.0.0.1:${String(7300 + id)}/metrics`,
      startedAtMs: node.state === 'stopped' ? null : node.startedAtMs,
      sinceMs: node.sinceMs,
      cpuPercent: answers ? 8 + leads * 2 + this.#noise(2) : null,
      memoryBytes: answers ? (86 + leads * 2) * 1_048_576 : null,
      opsPerSecond: answers ? (node.opsHistory.at(-1) ?? 0) : null,
      opsHistory: node.opsHistory,
      dataBytes: 412 * 1_048_576,
      exit: node.exitSignal === null ? null : { signal: node.exitSignal, code: null, by: 'app', atMs: node.sinceMs },
      storageError: null,
      diskDelayMs: this.#book.of(id).diskDelayMs,
      heardAtMs: answers ? timeMs : node.sinceMs,
      replicas: this.partitions.map((p, i) => {
        const lag = p.leader === id ? 0 : Math.max(0, Math.floor(this.#noise(9)) - 4);
        const was = !answers && node.wasLeading.includes(i);
        return {
          partition: i,
          role: p.leader === id || was ? ('leader' as const) : ('follower' as const),
          term: p.term,
          votedFor: p.leader,
          leader: p.leader,
          commitIndex: p.index - lag,
          lastLogIndex: p.index,
          appliedIndex: p.index - lag,
          matchIndex: p.leader === 0 ? null : p.index - lag,
          keyCount: 6_000,
        };
      }),
      links: this.nodes.flatMap((other, n) => {
        if (n + 1 === id) return [];
        const sends = this.#sends(id, n + 1);
        const cut = sends?.cut === true || this.#sends(n + 1, id)?.cut === true || other.state === 'partitioned';
        const both = answers && other.state === 'live';
        return [
          { to: n + 1, connected: both && !cut, cut, sends, roundTripMs: both ? 0.3 + ((id + n) % 3) / 10 : null },
        ];
      }),
    };
  }

  #sends(from: number, to: number): NodeView['links'][number]['sends'] {
    const link = this.#book.of(from).links.find((one) => one.toNodeId === to);
    return link === undefined
      ? null
      : { cut: link.cut, delayMs: link.delayMs, dropPercent: Math.round(link.drop * 100) };
  }

  #majority(): number {
    return Math.floor(this.nodes.length / 2) + 1;
  }

  #elect(partition: Partition, p: number, nowMs: number): void {
    if (partition.electAtMs === null || nowMs < partition.electAtMs) return;
    const live = this.nodes.flatMap((n, i) => (n.state === 'live' ? [i + 1] : []));
    const winner = live[p % Math.max(1, live.length)];
    if (live.length < this.#majority() || winner === undefined) {
      partition.electAtMs = null;
      return;
    }
    const atMs = partition.electAtMs;
    const gapMs = Math.round(atMs - (partition.leaderlessSinceMs ?? atMs));
    partition.leader = winner;
    partition.term += 1;
    partition.leaderSinceMs = atMs;
    partition.leaderlessSinceMs = null;
    partition.electAtMs = null;
    const term = String(partition.term);
    const votes = live.map((n) => `n${String(n)}`).join(', ');
    this.#tell(
      atMs,
      'elected',
      winner,
      [
        strong(`n${String(winner)}`),
        plain(' wins election for '),
        strong(`p${String(p)}`),
        plain(` in term ${term} with votes ${votes}. ${String(gapMs)} ms without leader.`),
      ],
      p,
      partition.term,
    );
  }

  #sample(nowMs: number, serving: number): Sample {
    const writes = this.load === null ? 0 : (12_000 + this.#noise(900)) * serving;
    const reads = this.load === null ? 0 : (9_000 + this.#noise(700)) * serving;
    const perPartition = (writes * SAMPLE_MS) / 1000 / this.partitions.length;
    for (const p of this.partitions) if (p.leader !== 0) p.index += Math.round(perPartition);
    this.#committed += Math.round((writes * SAMPLE_MS) / 1000);
    if (this.load !== null) this.load = { ...this.load, acknowledged: this.load.acknowledged + Math.round(writes / 2) };
    return {
      timeMs: nowMs,
      writesPerSecond: writes,
      readsPerSecond: reads,
      writeP50Ms: serving > 0.1 && this.load !== null ? 1.1 + this.#noise(0.2) + (1 - serving) * 4 : null,
      writeP99Ms: serving > 0.1 && this.load !== null ? 3 + this.#noise(0.8) + (1 - serving) * 500 : null,
      committed: this.#committed,
      applied: this.#committed - Math.round(this.#noise(writes / 40)),
      terms: this.partitions.map((p) => p.term),
      leaders: this.partitions.map((p) => p.leader),
    };
  }

  #tell(
    timeMs: number,
    kind: StoryEvent['kind'],
    node: number | null,
    parts: StoryEvent['parts'],
    partition: number | null = null,
    term: number | null = null,
  ): void {
    this.#eventNumber += 1;
    const fault = [...this.#faults.values()].findLast((f) => timeMs >= f.atMs && timeMs - f.atMs < 60_000);
    this.events.push({
      id: `e${String(this.#eventNumber)}`,
      timeMs,
      kind,
      parts,
      node,
      partition,
      term,
      storyId: fault?.id ?? null,
      offsetMs: fault === undefined ? null : Math.round(timeMs - fault.atMs),
    });
  }

  /** Up to `span`, the same sequence in every run. */
  #noise(span: number): number {
    this.#seed = (this.#seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return (this.#seed / 2_147_483_648) * span;
  }
}
