import { ClusterClient } from '../../../../engine/client/index.ts';
import type { Capability, ClusterState, PartitionLive, Sample, StoryEvent } from '../../../contract/model.ts';
import type { LeaderControls } from '../../clusters/driver.ts';
import { leaderControls } from '../../clusters/leader-controls.ts';
import { ClusterModel } from '../../clusters/cluster-model.ts';
import { connectNode, type NodeLink } from '../../clusters/node-link.ts';
import { takeSample } from '../../history/sampler.ts';
import { connectClient } from '../../keys/connect-client.ts';
import { PrkDbKeys } from '../../keys/prkdb-keys.ts';
import { RaftRecorder } from '../../raft/raft-recorder.ts';
import type { RecordingStore } from '../../raft/recording-store.ts';
import { RaftInspector } from '../../raft/raft-inspector.ts';
import { StoryTeller } from '../../story/teller.ts';
import type { Connection } from '../connection.ts';
import { splitAddress } from '../endpoint-probe.ts';
import type { Found } from './discover.ts';
import type { Picture, Seen } from './picture.ts';

/** Nothing was heard of the whole cluster for this long. */
const SILENT_AFTER_MS = 2_500;
const FIRST_WORDS_MS = 3_000;

/**
 * A PrkDB cluster whose nodes have ClusterService: the same picture as of a local one, from
 * their own events and statuses, but for the processes, which nobody here sees.
 */
export class ClosePicture implements Picture {
  readonly capabilities: readonly Capability[] = ['raftState', 'liveEvents', 'keyHistory', 'keyTtl', 'moveLeaders'];
  readonly keys: PrkDbKeys;
  readonly leaders: LeaderControls;
  readonly #model: ClusterModel;
  readonly #story: StoryTeller;
  readonly #raft: RaftInspector;
  readonly #recorder: RaftRecorder;
  readonly #links = new Map<number, NodeLink>();
  readonly #metricsUrls = new Map<number, string>();
  readonly #startedAtMs = new Map<number, { startedAtMs: number; pid: number }>();
  readonly #replicationFactor: number;
  readonly #bornMs: number;
  #heardAtMs: number | null = null;

  constructor(
    name: string,
    found: Found,
    connection: Connection,
    options: { now: () => number; recordings: RecordingStore; changed: () => void },
  ) {
    const { now } = options;
    this.#bornMs = now();
    const { tls, token } = connection;
    this.#replicationFactor = Math.max(1, ...found.partitions.map(({ replicas }) => replicas.length));
    this.#model = new ClusterModel(
      {
        owner: 'none',
        record: {
          formatVersion: 1,
          clusterId: found.clusterId,
          name,
          createdAtMs: now(),
          partitions: found.partitions.length,
          replicationFactor: this.#replicationFactor,
          dataDir: '',
          members: found.nodes.map(({ id, address }) => {
            const { host, port } = splitAddress(address);
            return { id, host, clientPort: port, raftPort: 0, metricsPort: 0 };
          }),
          timing: found.status?.timing ?? { tickMs: 50, heartbeatTicks: 1, electionTicksMin: 6, electionTicksMax: 12 },
        },
        // Whether a process runs is not known here; whether it answers is judged from its silence.
        nodes: found.nodes.map(({ id }) => ({
          nodeId: id,
          pid: null,
          state: 'running' as const,
          startedAtMs: null,
          pausedAtMs: null,
          exit: null,
        })),
      },
      now(),
    );
    const replicas = found.partitions
      .toSorted((a, b) => a.partitionId - b.partitionId)
      .map((partition) => partition.replicas);
    this.#story = new StoryTeller({
      nodes: found.nodes.map(({ id }) => id),
      replicas,
      conditions: found.nodes.map(({ id }) => ({ node: id, condition: { kind: 'up', sinceMs: 0 } })),
    });
    const facts = (partition: number) => this.#model.inspect(partition);
    this.#recorder = new RaftRecorder({
      store: options.recordings,
      partitions: found.partitions.length,
      replicas: this.#replicationFactor,
      facts,
      readLog: (node, partition, limit) => this.#links.get(node)?.log(partition, limit) ?? null,
      now,
    });
    this.#raft = new RaftInspector({
      facts,
      linkTo: (node) => this.#links.get(node) ?? null,
      onEvent: (partition, event) => this.#recorder.event(partition, event),
      now,
    });
    const scheme = tls === undefined ? 'http' : 'https';
    const addressOf = new Map(found.nodes.map((node) => [node.id, node.address]));
    this.leaders = leaderControls({
      name,
      hasNode: (node) => addressOf.has(node),
      leaderOf: (partition) => this.#model.leaderOf(partition),
      async atNode(node, work) {
        const client = new ClusterClient(`${scheme}://${addressOf.get(node)}`, { tls, token });
        try {
          return await work(client);
        } finally {
          client.close();
        }
      },
    });
    this.keys = new PrkDbKeys({
      connect: () =>
        connectClient(
          found.nodes.map(({ address }) => `${scheme}://${address}`),
          { clusterId: found.clusterId, name },
          { tls, token },
        ),
      leaderOf: (partition) => this.#model.leaderOf(partition),
    });
    for (const { id, address, metricsUrl } of found.nodes) {
      this.#metricsUrls.set(id, metricsUrl);
      const listener = {
        event: (event: Parameters<RaftInspector['takeEvent']>[0]) => {
          this.#story.push({ type: 'event', event });
          this.#raft.takeEvent(event);
        },
        status: (status: Parameters<ClusterModel['takeStatus']>[0]) => {
          this.#heardAtMs = now();
          this.#startedAtMs.set(id, { startedAtMs: status.startedAtMs, pid: status.pid });
          this.#model.takeStatus(status, now());
          this.#story.push({ type: 'status', timeMs: status.timeMs, status });
          options.changed();
        },
      };
      this.#links.set(id, connectNode(address, found.clusterId, listener, { tls, token }));
    }
  }

  judge(nowMs: number): void {
    this.#model.judge(nowMs);
    // What nobody tells cannot be recorded: a gap in the recording says that.
    this.#recorder.tick(this.#state(nowMs) !== 'unreachable');
    this.#recorder.changed(this.#model.fingerprint());
    this.#raft.changed();
  }

  seen(nowMs: number): Seen {
    const { nodes, partitions } = this.#model.view(nowMs, null, []);
    return {
      state: this.#state(nowMs),
      partitions,
      nodes: nodes.map((node) => ({
        ...node,
        metricsUrl: this.#metricsUrls.get(node.id) ?? '',
        startedAtMs: this.#startedAtMs.get(node.id)?.startedAtMs ?? null,
        pid: this.#startedAtMs.get(node.id)?.pid ?? null,
      })),
      replicationFactor: this.#replicationFactor,
      heardAtMs: this.#heardAtMs,
      problems: [],
    };
  }

  fingerprint(): string {
    return this.#model.fingerprint();
  }

  sample(nowMs: number): Sample | null {
    if (this.#state(nowMs) === 'unreachable') return null;
    // What was never heard of is no loss: the charts begin when all have spoken, or had time to.
    if (this.#startedAtMs.size < this.#links.size && nowMs - this.#bornMs < FIRST_WORDS_MS) return null;
    const sample = takeSample({
      timeMs: nowMs,
      partitions: this.#model.partitions,
      windows: this.#model.windows,
      totals: this.#model.totals,
    });
    this.#story.push({
      type: 'throughput',
      timeMs: nowMs,
      writesPerSecond: sample.writesPerSecond,
      load: null,
    });
    return sample;
  }

  stories(_view: unknown, nowMs: number): StoryEvent[] {
    return this.#story.advance(nowMs);
  }

  watchPartition(partition: number, listener: (live: PartitionLive) => void): () => void {
    return this.#raft.watch(partition, listener);
  }

  async close(): Promise<void> {
    this.#raft.close();
    for (const link of this.#links.values()) link.close();
    this.#links.clear();
    this.#recorder.close();
    await this.keys.close();
  }

  #state(nowMs: number): ClusterState {
    const isSilent = this.#heardAtMs === null || nowMs - this.#heardAtMs >= SILENT_AFTER_MS;
    return isSilent ? 'unreachable' : this.#model.state;
  }
}
