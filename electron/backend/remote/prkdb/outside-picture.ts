import { AnyNode } from '../../../../engine/client/metadata.ts';
import { ConnectionError, credentialsFor, type TlsOptions } from '../../../../engine/client/index.ts';
import type { MetadataResponse } from '../../../../engine/rpc/kv.ts';
import type {
  Capability,
  ClusterState,
  ClusterView,
  GroupRole,
  NodeView,
  PartitionView,
  RemoteSummary,
  Replica,
  Sample,
  StoryEvent,
} from '../../../contract/model.ts';
import { majorityOf } from '../../clusters/placement.ts';
import { BackendError } from '../../errors.ts';
import type { Connection } from '../connection.ts';
import { splitAddress } from '../endpoint-probe.ts';
import { RemoteStory } from '../remote-story.ts';
import { scrape } from '../scrape.ts';
import type { Found, FoundNode } from './discover.ts';
import type { Picture, Seen } from './picture.ts';
import { nodeMetrics, type NodeMetrics } from './node-metrics.ts';
import { PlainKeys } from './plain-keys.ts';

const ASK_EVERY_MS = 1_000;
const ASK_TIMEOUT_MS = 2_000;
const SILENT_AFTER_MS = 3_500;

interface NodeWord {
  readonly node: FoundNode;
  readonly ask: AnyNode;
  readonly metricsUrl: string;
  metadata: MetadataResponse | null;
  metrics: NodeMetrics | null;
  heardAtMs: number | null;
  answerMs: number | null;
  problem: string | null;
  metricsProblem: string | null;
  isLive: boolean;
  sinceMs: number;
}

/**
 * A PrkDB cluster of which only Metadata and metrics can be had, as of the original server:
 * each node is asked again and again who leads what, and its metrics are read. Leader changes
 * are concluded from two answers that differ, and marked so.
 */
export class OutsidePicture implements Picture {
  readonly capabilities: readonly Capability[] = [];
  readonly keys: PlainKeys;
  readonly leaders = null;
  readonly #now: () => number;
  readonly #tls: TlsOptions | undefined;
  readonly #words: readonly NodeWord[];
  readonly #partitionCount: number;
  readonly #story = new RemoteStory({ inferred: true });
  readonly #timer: NodeJS.Timeout;
  readonly #asking = new Set<NodeWord>();
  #partitions: PartitionView[];
  #closed = false;

  /** `metricsUrls`: where the user says that they are, in the order of the node ids. */
  constructor(
    found: Found,
    connection: Connection,
    metricsUrls: readonly string[],
    { now }: { readonly now: () => number },
  ) {
    const { tls, token } = connection;
    const scheme = tls === undefined ? 'http' : 'https';
    this.#now = now;
    this.#tls = tls;
    this.#partitionCount = found.partitions.length;
    this.#words = found.nodes.map((node, i) => ({
      node,
      ask: new AnyNode(credentialsFor([`${scheme}://${node.address}`], { tls, token })),
      metricsUrl: metricsUrls[i] ?? node.metricsUrl,
      metadata: null,
      metrics: null,
      heardAtMs: null,
      answerMs: null,
      problem: null,
      metricsProblem: null,
      isLive: false,
      sinceMs: now(),
    }));
    this.#partitions = found.partitions
      .toSorted((a, b) => a.partitionId - b.partitionId)
      .map(({ partitionId, replicas }) => ({
        partition: partitionId,
        leader: 0,
        term: 0,
        // The original server does not say where the replicas are: on every node.
        replicas: (replicas.length > 0 ? replicas : found.nodes.map(({ id }) => id)).toSorted((a, b) => a - b),
        commitIndex: 0,
        hasQuorum: false,
        replicasDown: 0,
        leaderSinceMs: null,
        leaderlessSinceMs: now(),
      }));
    this.keys = new PlainKeys({
      connection,
      partitionCount: this.#partitionCount,
      leaderOf: (partition) => this.#partitions[partition]?.leader ?? 0,
      addressOf: (id) => found.nodes.find((node) => node.id === id)?.address ?? null,
      addresses: () => this.#liveFirst().map((word) => word.node.address),
    });
    this.#timer = setInterval(() => this.#askAll(), ASK_EVERY_MS);
    this.#askAll();
  }

  judge(nowMs: number): void {
    for (const word of this.#words) {
      const isLive = word.problem === null && word.heardAtMs !== null && nowMs - word.heardAtMs < SILENT_AFTER_MS;
      if (isLive === word.isLive) continue;
      word.isLive = isLive;
      word.sinceMs = nowMs;
    }
    const live = this.#words.filter((word) => word.isLive);
    this.#partitions = this.#partitions.map((before) => this.#judgePartition(before, live, nowMs));
  }

  seen(_nowMs: number): Seen {
    const heard = this.#words.flatMap((word) => word.heardAtMs ?? []);
    return {
      state: this.#state(),
      nodes: this.#words.map((word) => this.#nodeView(word)),
      partitions: [...this.#partitions],
      replicationFactor: Math.max(0, ...this.#partitions.map((one) => one.replicas.length)),
      heardAtMs: heard.length === 0 ? null : Math.max(...heard),
      problems: this.#words.flatMap(metricsProblem),
    };
  }

  fingerprint(): string {
    const nodes = this.#words.map((word) => word.isLive);
    return `${nodes.join()}|${this.#partitions.map((one) => `${one.leader}/${one.term}`).join()}`;
  }

  sample(nowMs: number): Sample | null {
    if (!this.#words.some((word) => word.isLive)) return null;
    const sum = (name: 'commitIndex' | 'appliedIndex'): number => {
      const best = new Map<number, number>();
      for (const { metrics } of this.#words) {
        for (const [partition, figures] of metrics?.partitions ?? []) {
          best.set(partition, Math.max(best.get(partition) ?? 0, figures[name] ?? 0));
        }
      }
      return [...best.values()].reduce((total, value) => total + value, 0);
    };
    return {
      timeMs: nowMs,
      writesPerSecond: null,
      readsPerSecond: null,
      writeP50Ms: null,
      writeP99Ms: null,
      committed: sum('commitIndex'),
      applied: sum('appliedIndex'),
      terms: this.#partitions.map((one) => one.term),
      leaders: this.#partitions.map((one) => one.leader),
    };
  }

  stories(view: ClusterView): StoryEvent[] {
    // Until every node was asked, nothing that is heard is a change.
    if (this.#words.some((word) => word.heardAtMs === null && word.problem === null)) return [];
    const problems = this.#words.flatMap(({ node, problem }): [string, string][] =>
      problem === null ? [] : [[`n${node.id}`, problem]],
    );
    return this.#story.take(view, new Map(problems));
  }

  watchPartition(): () => void {
    throw new BackendError(
      'refused',
      'This server does not show its log, votes and timers.',
      'What it tells is on the overview.',
    );
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    for (const { ask } of this.#words) ask.close();
    await this.keys.close();
  }

  #liveFirst(): NodeWord[] {
    return this.#words.toSorted((a, b) => Number(b.isLive) - Number(a.isLive));
  }

  #askAll(): void {
    for (const word of this.#words) {
      if (this.#asking.has(word)) continue;
      this.#asking.add(word);
      void this.#ask(word).finally(() => this.#asking.delete(word));
    }
  }

  /** Both words of a node count together: a leader without its term would be told as another election. */
  async #ask(word: NodeWord): Promise<void> {
    const { node, ask } = word;
    const figures = this.#figures(word);
    const askedMs = performance.now();
    try {
      const metadata = await ask.metadata([node.address], ASK_TIMEOUT_MS, '');
      const answerMs = performance.now() - askedMs;
      Object.assign(word, await figures, { metadata, answerMs, heardAtMs: this.#now(), problem: null });
    } catch (error) {
      if (!this.#closed) word.problem = reasonOf(error);
    }
  }

  /** Metrics are more than every server shows; without them there are no terms and indexes. Never rejects. */
  async #figures({ node, metricsUrl }: NodeWord): Promise<Pick<NodeWord, 'metrics' | 'metricsProblem'>> {
    if (metricsUrl === '') return { metrics: null, metricsProblem: null };
    try {
      const metrics = nodeMetrics(await scrape(metricsUrl, { tls: this.#tls }));
      const [whose = node.id] = metrics.nodeIds;
      if (whose === node.id) return { metrics, metricsProblem: null };
      return { metrics: null, metricsProblem: `it shows those of n${whose}` };
    } catch (error) {
      return { metrics: null, metricsProblem: error instanceof Error ? error.message : String(error) };
    }
  }

  #judgePartition(before: PartitionView, live: readonly NodeWord[], nowMs: number): PartitionView {
    const { partition, replicas } = before;
    // Nodes may be of two minds for a moment; most of them are right.
    const votes = new Map<number, number>();
    for (const word of live) {
      const leader = word.metadata?.partitions.find((one) => one.partitionId === partition)?.leaderId ?? 0;
      if (leader !== 0) votes.set(leader, (votes.get(leader) ?? 0) + 1);
    }
    const term = Math.max(before.term, ...live.map((word) => figure(word, partition, 'term')));
    // Where Metadata names nobody, the metrics of the one that leads still may.
    const claimant = live.find(
      (word) => word.metrics?.partitions.get(partition)?.role === 'leader' && figure(word, partition, 'term') === term,
    );
    const [leader = claimant?.node.id ?? 0] = [...votes].toSorted((a, b) => b[1] - a[1])[0] ?? [];
    const up = replicas.filter((id) => live.some((word) => word.node.id === id)).length;
    const hasQuorum = up >= majorityOf(replicas.length);
    const leads = hasQuorum && live.some((word) => word.node.id === leader) ? leader : 0;
    const isSame = leads === before.leader && (leads === 0 || term === before.term);
    return {
      ...before,
      leader: leads,
      term,
      commitIndex: Math.max(before.commitIndex, ...live.map((word) => figure(word, partition, 'commitIndex'))),
      hasQuorum,
      replicasDown: replicas.length - up,
      leaderSinceMs: leads === 0 ? null : isSame ? before.leaderSinceMs : nowMs,
      leaderlessSinceMs: leads !== 0 ? null : before.leader === 0 ? before.leaderlessSinceMs : nowMs,
    };
  }

  #state(): ClusterState {
    if (!this.#words.some((word) => word.isLive)) {
      return this.#words.every((word) => word.problem === null) ? 'starting' : 'unreachable';
    }
    if (this.#partitions.some((one) => !one.hasQuorum)) return 'noQuorum';
    const whole = this.#words.every((word) => word.isLive) && this.#partitions.every((one) => one.leader !== 0);
    return whole ? 'running' : 'degraded';
  }

  #nodeView(word: NodeWord): NodeView {
    const { host, port } = splitAddress(word.node.address);
    return {
      id: word.node.id,
      name: `n${word.node.id}`,
      state: word.isLive ? 'live' : 'suspect',
      pid: null,
      host,
      clientPort: port,
      raftPort: 0,
      metricsUrl: word.metricsUrl,
      startedAtMs: word.isLive ? (word.metrics?.startedAtMs ?? null) : null,
      sinceMs: word.sinceMs,
      cpuPercent: null,
      memoryBytes: word.isLive ? (word.metrics?.memoryBytes ?? null) : null,
      opsPerSecond: null,
      opsHistory: [],
      dataBytes: null,
      exit: null,
      storageError: word.isLive && word.metrics?.isUp === false ? 'its metrics say that it is not up' : null,
      diskDelayMs: 0,
      heardAtMs: word.heardAtMs,
      answerMs: word.answerMs,
      replicas: word.metadata === null ? [] : this.#replicas(word),
      links: [],
      raftCounters: word.isLive && word.metrics !== null ? countersOf(word.metrics) : null,
    };
  }

  #replicas(word: NodeWord): Replica[] {
    return this.#partitions
      .filter((one) => one.replicas.includes(word.node.id))
      .map(({ partition, leader, term }) => {
        const commitIndex = figure(word, partition, 'commitIndex');
        return {
          partition,
          role: roleOf(word, partition, leader),
          term: figure(word, partition, 'term') || term,
          votedFor: 0,
          leader,
          commitIndex,
          lastLogIndex: figure(word, partition, 'lastLogIndex') || commitIndex,
          appliedIndex: figure(word, partition, 'appliedIndex') || commitIndex,
          matchIndex: null,
          keyCount: null,
        };
      });
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof ConnectionError) return error.attempts[0]?.reason ?? error.message;
  return error instanceof Error ? error.message : String(error);
}

/** Why the terms and indexes of a node are not shown. */
function metricsProblem({
  node,
  metricsUrl,
  metricsProblem: why,
  isLive,
}: NodeWord): RemoteSummary['endpointProblems'] {
  if (!isLive || (metricsUrl !== '' && why === null)) return [];
  const reason = metricsUrl === '' ? 'it does not say where its metrics are' : why;
  return [
    {
      address: metricsUrl === '' ? node.address : metricsUrl,
      message: `n${node.id} shows no terms and indexes: ${reason}.`,
      hint: 'Give the metrics addresses in the profile, in the order of the nodes.',
    },
  ];
}

/** Of one partition as this node exports it; 0 where it does not. */
function figure(
  word: NodeWord,
  partition: number,
  name: 'term' | 'commitIndex' | 'lastLogIndex' | 'appliedIndex',
): number {
  return word.metrics?.partitions.get(partition)?.[name] ?? 0;
}

/** A node that was deposed may still believe that it leads: who leads is judged from all of them. */
function roleOf(word: NodeWord, partition: number, leader: number): GroupRole {
  if (leader === word.node.id) return 'leader';
  const said = word.metrics?.partitions.get(partition)?.role ?? 'follower';
  return said === 'leader' ? 'follower' : said;
}

function countersOf({ electionsWon, heartbeatsFailed, partitions }: NodeMetrics): NodeView['raftCounters'] {
  const snapshots = [...partitions.values()].flatMap(({ snapshotIndex }) => snapshotIndex ?? []);
  return {
    electionsWon,
    heartbeatsFailed,
    snapshotIndex: snapshots.length === 0 ? null : snapshots.reduce((sum, index) => sum + index, 0),
  };
}
