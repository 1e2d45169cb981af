import type { ClusterSummary, ClusterView, PartitionLive, Sample, StoryEvent } from '../../contract/model.ts';
import type { RaftRecord } from '../../contract/recording.ts';
import type { ConnectionOptions, PrkDbClient } from '../../../engine/client/index.ts';
import { PrkDbStore, type KeyStore } from '../../../engine/copy/index.ts';
import { connectionOf, endpointOf } from '../../../engine/supervisor/index.ts';
import type { LocalCluster, ProcessEvent, Supervisor } from '../../../engine/supervisor/types.ts';
import { BackendError } from '../errors.ts';
import type { EventLog } from '../history/event-log.ts';
import type { HistoryStore } from '../history/history-store.ts';
import { takeSample } from '../history/sampler.ts';
import type { KeySpace } from '../keys/key-space.ts';
import type { ConnectClient } from '../keys/connect-client.ts';
import { PrkDbKeys } from '../keys/prkdb-keys.ts';
import type { RunningLoad, StartLoad } from '../load.ts';
import type { CertificateEnd } from '../monitor/facts.ts';
import { RaftInspector } from '../raft/raft-inspector.ts';
import { RaftRecorder } from '../raft/raft-recorder.ts';
import { readRecords } from '../raft/recording-reader.ts';
import type { RecordingStore } from '../raft/recording-store.ts';
import { connectionCertificates } from '../remote/certificates.ts';
import type { Condition } from '../story/context.ts';
import type { StoryCommand } from '../story/input.ts';
import { StoryTeller } from '../story/teller.ts';
import { ClusterModel } from './cluster-model.ts';
import type {
  ClusterDriver,
  HistoryRange,
  LeaderControls,
  LiveUpdate,
  LoadControls,
  ProcessControls,
} from './driver.ts';
import { LocalFaults } from './local-faults.ts';
import { localProcesses } from './local-processes.ts';
import type { ConnectNode, NodeLink, NodeListener } from './node-link.ts';
import { Pacer } from './pacer.ts';

const TICK_MS = 100;
const SAMPLE_MS = 500;

export interface LocalClusterOptions {
  readonly supervisor: Supervisor;
  readonly connectNode: ConnectNode;
  readonly connectClient: ConnectClient;
  readonly startLoad: StartLoad;
  readonly eventLog: EventLog;
  readonly recordings: RecordingStore;
  readonly history: HistoryStore;
  /** Reads the supervisor's word anew and gives it to the driver. */
  readonly refresh: () => Promise<void>;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

/** A cluster whose processes run on this machine. */
export class LocalClusterDriver implements ClusterDriver {
  readonly name: string;
  readonly keys: KeySpace;
  readonly processes: ProcessControls;
  readonly leaders: LeaderControls;
  readonly faults: LocalFaults;
  readonly load: LoadControls;
  readonly remote = null;
  readonly etcd = null;

  readonly #options: LocalClusterOptions;
  readonly #model: ClusterModel;
  /** Who is a member now. One list for all who ask; members come and go. */
  readonly #nodeIds: number[];
  /** Where each partition is now, likewise. */
  readonly #placement: (readonly number[])[];
  readonly #story: StoryTeller;
  readonly #pacer: Pacer<ClusterView>;
  readonly #links = new Map<number, { readonly pid: number | null; readonly link: NodeLink }>();
  readonly #raft: RaftInspector;
  readonly #recorder: RaftRecorder;
  readonly #keys: PrkDbKeys;
  readonly #watchers = new Set<(update: LiveUpdate) => void>();
  readonly #summaryListeners = new Set<() => void>();
  #summaryText = '';
  #sampledMs = 0;
  #leadersText = '';
  #timer: NodeJS.Timeout | null = null;
  #load: RunningLoad | null = null;
  #closed = false;

  constructor(cluster: LocalCluster, options: LocalClusterOptions) {
    const nodes = cluster.record.members.map((member) => member.id);
    this.#nodeIds = nodes;
    this.name = cluster.record.name;
    this.#options = options;
    this.#model = new ClusterModel(cluster, options.now());
    this.#placement = [...this.#model.placement];
    this.#story = new StoryTeller({ nodes, replicas: this.#placement, conditions: conditionsOf(cluster) });
    this.#pacer = new Pacer({
      view: () => this.view(),
      contentOf: (view) =>
        JSON.stringify(view, (key, value: unknown) => (key === 'timeMs' || key === 'heardAtMs' ? undefined : value)),
      emit: (view) => this.#publish({ view }),
      now: options.now,
    });
    const facts = (partition: number) => this.#model.inspect(partition);
    this.#recorder = new RaftRecorder({
      store: options.recordings,
      partitions: cluster.record.partitions,
      replicas: cluster.record.replicationFactor,
      facts,
      readLog: (node, partition, limit) => this.#links.get(node)?.link.log(partition, limit) ?? null,
      now: options.now,
    });
    this.#raft = new RaftInspector({
      facts,
      linkTo: (node) => this.#links.get(node)?.link ?? null,
      onEvent: (partition, event) => this.#recorder.event(partition, event),
      now: options.now,
    });
    this.#keys = new PrkDbKeys({
      connect: () => this.#connect(),
      leaderOf: (partition) => this.#model.leaderOf(partition),
    });
    this.keys = this.#keys;
    this.faults = new LocalFaults({
      cluster: this.name,
      nodes,
      // Paused nodes cannot answer.
      running: () => this.#model.cluster.nodes.filter((node) => node.state === 'running').map((node) => node.nodeId),
      exists: (node) => this.#links.has(node),
      setFaults: async (node, told) => void (await this.#links.get(node)?.link.setFaults(told)),
      command: (command, timeMs) => this.#command(command, timeMs),
      changed: () => this.#changed(),
      now: options.now,
      onError: options.onError,
    });
    this.load = { start: (load) => this.#startLoad(load), stop: () => this.#stopLoad() };
    this.processes = localProcesses({
      name: this.name,
      nodes,
      supervisor: options.supervisor,
      refresh: options.refresh,
      leaderOf: (partition) => this.#model.leaderOf(partition),
      isClosed: () => this.#closed,
      onError: options.onError,
      beforeStop: async () => {
        await this.#stopLoad();
        this.faults.forget();
        this.#command({ name: 'stopCluster' });
      },
    });
    this.leaders = this.processes;
    this.#summaryText = JSON.stringify(this.summary());
    this.#follow();
  }

  summary(): ClusterSummary {
    return this.#model.summary();
  }

  view(): ClusterView {
    return this.#model.view(this.#options.now(), this.#load?.view() ?? null, this.faults.active);
  }

  history(range: HistoryRange): Promise<Sample[]> {
    return this.#options.history.range(range);
  }

  lastSample(): Sample | null {
    return this.#options.history.last;
  }

  certificates(): Promise<CertificateEnd[]> {
    const { record, nodes } = this.#model.cluster;
    const running = record.members.filter(({ id }) =>
      nodes.some((node) => node.nodeId === id && node.state === 'running'),
    );
    const addresses = running.map(({ host, clientPort }) => `${host}:${clientPort}`);
    return connectionCertificates(addresses, connectionOf(record).tls);
  }

  events(limit: number): StoryEvent[] {
    return this.#options.eventLog.recent(limit);
  }

  watch(listener: (update: LiveUpdate) => void): () => void {
    this.#watchers.add(listener);
    listener({ view: this.view() });
    // Who watches is told every second that the view is still true, also of a cluster at rest.
    this.#startTimer();
    return () => this.#watchers.delete(listener);
  }

  watchPartition(partition: number, listener: (live: PartitionLive) => void): () => void {
    return this.#raft.watch(partition, listener);
  }

  recordedSegments(): readonly { readonly id: number; readonly sizeBytes: number }[] {
    return this.#options.recordings.segments;
  }

  recordedPartition(
    partition: number,
    segment: number,
    after: number,
  ): Promise<{ records: RaftRecord[]; after: number; isEnd: boolean }> {
    return readRecords(this.#options.recordings, partition, segment, after);
  }

  onSummary(listener: () => void): () => void {
    this.#summaryListeners.add(listener);
    return () => this.#summaryListeners.delete(listener);
  }

  async openStore(): Promise<KeyStore> {
    return new PrkDbStore(this.name, await this.#connect());
  }

  /** The supervisor's word on the processes changed. */
  update(cluster: LocalCluster): void {
    if (this.#closed) return;
    this.#model.setCluster(cluster, this.#options.now());
    this.#nodeIds.splice(0, this.#nodeIds.length, ...cluster.record.members.map((member) => member.id));
    this.#follow();
    this.#changed();
  }

  /** The supervisor did or noticed something. */
  processEvent(event: ProcessEvent): void {
    this.#story.push({ type: 'process', event });
    this.#startTimer();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    await this.#stopLoad();
    await this.faults.close();
    this.#closed = true;
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#pacer.close();
    this.#raft.close();
    for (const { link } of this.#links.values()) link.close();
    this.#links.clear();
    this.#watchers.clear();
    this.#summaryListeners.clear();
    await this.#keys.close();
    this.#recorder.close();
    const { eventLog, recordings, history } = this.#options;
    await Promise.all([eventLog.close(), recordings.close(), history.close()]);
  }

  /** Keeps one link to every process that exists, and a timer while there is one. */
  #follow(): void {
    const { record, nodes } = this.#model.cluster;
    for (const [id, { link }] of this.#links) {
      if (this.#nodeIds.includes(id)) continue;
      link.close();
      this.#links.delete(id);
    }
    for (const process of nodes) {
      const exists = process.state === 'running' || process.state === 'paused';
      const known = this.#links.get(process.nodeId);
      if (known !== undefined && (!exists || known.pid !== process.pid)) {
        known.link.close();
        this.#links.delete(process.nodeId);
      }
      const member = record.members.find((m) => m.id === process.nodeId);
      if (!exists || member === undefined || this.#links.has(process.nodeId)) continue;
      let connection: ConnectionOptions;
      try {
        connection = connectionOf(record);
      } catch (error) {
        // Its certificates are gone; the next look at the processes tries again.
        this.#options.onError(error);
        continue;
      }
      const listener: NodeListener = {
        event: (event) => {
          this.#story.push({ type: 'event', event });
          this.#raft.takeEvent(event);
        },
        status: (status) => {
          if (this.#closed) return;
          this.#model.takeStatus(status, this.#options.now());
          this.#story.push({ type: 'status', timeMs: status.timeMs, status });
          this.faults.check(status.nodeId, status.faults);
          this.#changed();
        },
      };
      const address = `${member.host}:${member.clientPort}`;
      const link = this.#options.connectNode(address, record.clusterId, listener, connection);
      this.#links.set(process.nodeId, { pid: process.pid, link });
    }
    if (this.#links.size > 0) this.#startTimer();
    else void this.#keys.disconnect();
  }

  #startTimer(): void {
    if (this.#timer === null && !this.#closed) this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  #tick(): void {
    const nowMs = this.#options.now();
    this.faults.tick(nowMs);
    const told = this.#options.eventLog.add(this.#story.advance(nowMs));
    if (told.length > 0) this.#publish({ events: told });
    this.#recorder.tick(this.#links.size > 0);
    if (this.#links.size > 0) {
      if (nowMs - this.#sampledMs >= SAMPLE_MS) this.#sample(nowMs);
    } else if (this.#story.isSettled && this.#watchers.size === 0 && this.#timer !== null) {
      clearInterval(this.#timer);
      this.#timer = null;
    }
    this.#changed();
  }

  #changed(): void {
    const nowMs = this.#options.now();
    this.#model.judge(nowMs);
    for (const { partition, replicas } of this.#model.partitions) this.#placement[partition] = replicas;
    // The charts show the very moment a leader is lost or won, not the next half second.
    const leadersText = this.#model.partitions.map((p) => `${p.leader}/${p.term}`).join();
    if (leadersText !== this.#leadersText) {
      this.#leadersText = leadersText;
      if (this.#links.size > 0) this.#sample(nowMs);
    }
    const fingerprint = this.#model.fingerprint();
    this.#pacer.changed(fingerprint);
    this.#recorder.changed(fingerprint);
    this.#raft.changed();
    const summaryText = JSON.stringify(this.summary());
    if (summaryText !== this.#summaryText) {
      this.#summaryText = summaryText;
      for (const listener of this.#summaryListeners) listener();
    }
  }

  #sample(nowMs: number): void {
    this.#sampledMs = nowMs;
    const sample = takeSample({
      timeMs: nowMs,
      partitions: this.#model.partitions,
      windows: this.#model.windows,
      totals: this.#model.totals,
    });
    this.#options.history.push(sample);
    const load = this.#load?.view() ?? null;
    this.#story.push({ type: 'throughput', timeMs: nowMs, writesPerSecond: sample.writesPerSecond, load });
    this.#publish({ samples: [sample] });
  }

  #publish(update: LiveUpdate): void {
    for (const watcher of this.#watchers) watcher(update);
  }

  #command(command: StoryCommand, timeMs: number = this.#options.now()): void {
    this.#story.push({ type: 'command', timeMs, command });
    this.#startTimer();
  }

  #endpoints(): string[] {
    const { record, nodes } = this.#model.cluster;
    const running = nodes.filter((node) => node.state === 'running').map((node) => node.nodeId);
    if (running.length === 0) {
      throw new BackendError('disconnected', `No node of ${this.name} is running.`, 'Start the cluster.');
    }
    return record.members.filter((m) => running.includes(m.id)).map((member) => endpointOf(record, member));
  }

  async #connect(): Promise<PrkDbClient> {
    const { record } = this.#model.cluster;
    return this.#options.connectClient(this.#endpoints(), record, connectionOf(record));
  }

  async #startLoad(options: { clients: number; readPercent: number }): Promise<void> {
    if (this.#load !== null) await this.#stopLoad();
    this.#load = await this.#options.startLoad({ client: await this.#connect(), ...options });
    this.#command({ name: 'startLoad', ...options });
    this.#changed();
  }

  async #stopLoad(): Promise<void> {
    const load = this.#load;
    if (load === null) return;
    await load.stop();
    this.#load = null;
    const { acknowledged, retried, failed } = load.view();
    this.#command({ name: 'stopLoad', acknowledged, retried, failed });
    this.#changed();
  }
}

function conditionsOf(cluster: LocalCluster): { node: number; condition: Condition }[] {
  return cluster.nodes.map((process) => {
    const kind = process.state === 'running' ? 'up' : process.state;
    const sinceMs = (process.state === 'paused' ? process.pausedAtMs : process.exit?.atMs) ?? process.startedAtMs ?? 0;
    return { node: process.nodeId, condition: { kind, sinceMs: kind === 'up' ? (process.startedAtMs ?? 0) : sinceMs } };
  });
}
