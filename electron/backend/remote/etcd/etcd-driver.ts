import { EtcdStore, type KeyStore } from '../../../../engine/copy/index.ts';
import { EtcdClient } from '../../../../engine/etcd/index.ts';
import type { Capability, ClusterSummary, ClusterView, Sample, StoryEvent } from '../../../contract/model.ts';
import type { ClusterDriver, EtcdControls, HistoryRange, LiveUpdate, RemoteControls } from '../../clusters/driver.ts';
import { BackendError } from '../../errors.ts';
import type { CertificateEnd } from '../../monitor/facts.ts';
import { connectionCertificates } from '../certificates.ts';
import type { Connection } from '../connection.ts';
import type { RemoteDriverOptions } from '../driver-options.ts';
import { Hub } from '../hub.ts';
import { RemoteStory } from '../remote-story.ts';
import { scrape } from '../scrape.ts';
import { WriteGate } from '../write-gate.ts';
import { etcdControls } from './etcd-controls.ts';
import { EtcdKeys } from './etcd-keys.ts';
import { EtcdMetricsReader } from './etcd-metrics.ts';
import { EtcdModel } from './etcd-model.ts';
import { EtcdWatch } from './etcd-watch.ts';

const SAMPLE_MS = 500;
const CAPABILITIES: Capability[] = ['keyHistory', 'leases', 'keyTtl', 'members', 'access'];

/** An etcd cluster that runs elsewhere. */
export class EtcdDriver implements ClusterDriver {
  readonly name: string;
  readonly keys: EtcdKeys;
  readonly processes = null;
  readonly leaders = null;
  readonly faults = null;
  readonly load = null;
  readonly remote: RemoteControls;
  readonly etcd: EtcdControls;

  readonly #options: RemoteDriverOptions;
  readonly #gate: WriteGate;
  readonly #model: EtcdModel;
  readonly #story = new RemoteStory({ inferred: false });
  readonly #hub: Hub;
  readonly #watch: EtcdWatch;
  #connection: Connection | null = null;
  #sampledMs = 0;
  #sampledRevision = 0;
  /** By the number of the member. */
  readonly #readers = new Map<number, EtcdMetricsReader>();
  #hadMembers = false;
  #isRefused = false;
  #memberUrls: readonly string[];

  constructor(options: RemoteDriverOptions) {
    const { profile, now } = options;
    this.name = profile.name;
    this.#memberUrls = profile.memberUrls;
    this.#options = options;
    const isProduction = profile.environment === 'production';
    this.#gate = new WriteGate({ name: profile.name, readOnly: profile.readOnly, isProduction }, now);
    this.#model = new EtcdModel(
      {
        name: profile.name,
        readOnly: profile.readOnly,
        environment: profile.environment,
        remote: () => ({
          profileId: profile.id,
          group: profile.group,
          color: profile.color,
          isUnverified: profile.tls?.skipVerify === true,
          writesLocked: this.#gate.isLocked,
          capabilities: CAPABILITIES,
        }),
      },
      now(),
    );
    this.#hub = new Hub({
      view: () => this.view(),
      summary: () => this.summary(),
      eventLog: options.eventLog,
      history: options.history,
      now,
    });
    this.keys = new EtcdKeys({ client: () => this.#client(), leader: () => this.#model.leader });
    this.#watch = new EtcdWatch({
      connect: async () => (this.#connection = await options.connect()),
      clusterId: profile.clusterId,
      memberUrls: profile.memberUrls,
      onError: options.onError,
      listener: {
        members: (members, addresses) => {
          this.#model.takeMembers(members, addresses, now());
          this.#model.keepAddresses(this.#watch.addresses);
          this.#keepUrls(members.flatMap((member) => member.clientUrls));
          this.#hadMembers = true;
        },
        status: (address, status, tookMs) => {
          if (this.#model.clusterId === null) options.learn({ clusterId: status.clusterId });
          this.#model.takeStatus(address, status, now(), tookMs);
        },
        failure: (address, problem) => this.#model.takeFailure(address, problem),
        trouble: (problem) => this.#model.takeTrouble(problem),
        refused: (problem) => {
          this.#isRefused = problem !== null;
          this.#model.takeRefusal(problem);
        },
        alarms: (alarms) => this.#model.takeAlarms(alarms),
        slow: () => this.#scrape(),
        tick: () => this.#tick(),
      },
    });
    this.remote = { gate: this.#gate, reconnect: () => this.#watch.reconnect(), changed: () => this.#changed() };
    this.etcd = etcdControls({
      name: this.name,
      client: () => this.#client(),
      model: this.#model,
      keys: this.keys,
      snapshotDir: options.snapshotDir,
      now,
      changed: () => this.#watch.hurry(),
    });
  }

  summary(): ClusterSummary {
    return this.#model.summary();
  }

  view(): ClusterView {
    return this.#model.view(this.#options.now());
  }

  history(range: HistoryRange): Promise<Sample[]> {
    return this.#hub.history(range);
  }

  lastSample(): Sample | null {
    return this.#hub.lastSample();
  }

  certificates(): Promise<CertificateEnd[]> {
    return connectionCertificates(this.#watch.addresses, this.#connection?.tls);
  }

  events(limit: number): StoryEvent[] {
    return this.#hub.events(limit);
  }

  async openStore(): Promise<KeyStore> {
    const { endpoints, tls, user } = await this.#options.connect();
    const client = new EtcdClient({ endpoints, tls, user, clusterId: this.#options.profile.clusterId });
    client.remember(this.#memberUrls);
    return new EtcdStore(this.name, client);
  }

  watch(listener: (update: LiveUpdate) => void): () => void {
    return this.#hub.watch(listener);
  }

  watchPartition(): () => void {
    throw new BackendError(
      'refused',
      'etcd does not show its log, votes and timers from outside.',
      'Members, leader, term and indexes are on the overview.',
    );
  }

  recordedSegments(): readonly { readonly id: number; readonly sizeBytes: number }[] {
    return [];
  }

  recordedPartition(): Promise<never> {
    return Promise.reject(new BackendError('notFound', 'Nothing is recorded of an etcd cluster.'));
  }

  onSummary(listener: () => void): () => void {
    return this.#hub.onSummary(listener);
  }

  async close(): Promise<void> {
    this.#watch.close();
    await this.#hub.close();
  }

  #client(): EtcdClient {
    const client = this.#watch.client;
    if (client !== null) return client;
    const problem = this.#model.summary().remote?.problem;
    throw new BackendError(
      'disconnected',
      problem?.message ?? `${this.name} has not been reached yet.`,
      problem?.hint ?? 'Try again in a moment.',
    );
  }

  #tick(): void {
    const nowMs = this.#options.now();
    this.#model.judge(
      nowMs,
      this.#watch.hasAsked && (this.#hadMembers || this.#isRefused || this.#model.clusterId === null),
    );
    // What was never heard of is no change.
    if (this.#hadMembers && this.#watch.hasAsked) {
      this.#hub.tell(this.#story.take(this.view(), this.#model.problems));
      if (nowMs - this.#sampledMs >= SAMPLE_MS) this.#sample(nowMs);
    }
    this.#changed();
  }

  #keepUrls(urls: readonly string[]): void {
    const memberUrls = [...urls].sort();
    if (memberUrls.join() === this.#memberUrls.join()) return;
    this.#memberUrls = memberUrls;
    this.#options.learn({ memberUrls });
  }

  #changed(): void {
    this.#hub.changed(this.#model.fingerprint());
  }

  #sample(nowMs: number): void {
    const elapsedMs = nowMs - this.#sampledMs;
    const isHeard = this.#model.state !== 'unreachable';
    const { revision } = this.#model;
    // Every write is a revision of the whole cluster.
    const writes = Math.max(0, revision - this.#sampledRevision);
    const isFirst = this.#sampledMs === 0 || this.#sampledRevision === 0;
    this.#sampledMs = nowMs;
    this.#sampledRevision = revision;
    if (!isHeard) return;
    this.#hub.sample({
      timeMs: nowMs,
      writesPerSecond: isFirst ? null : (writes * 1000) / elapsedMs,
      readsPerSecond: null,
      writeP50Ms: null,
      writeP99Ms: null,
      committed: this.#model.committed,
      applied: this.#model.applied,
      terms: [this.#model.term],
      leaders: [this.#model.leader],
    });
  }

  #readerOf(node: number): EtcdMetricsReader {
    const reader = this.#readers.get(node) ?? new EtcdMetricsReader();
    this.#readers.set(node, reader);
    return reader;
  }

  /** Members that do not show their metrics are shown without; that is no failure. */
  #scrape(): void {
    const tls = this.#connection?.tls;
    const { metricsUrls } = this.#options.profile;
    for (const [i, node] of this.view().nodes.entries()) {
      const url = metricsUrls[i] ?? node.metricsUrl;
      if (url === '') continue;
      scrape(url, { tls }).then(
        (text) => this.#model.takeMetrics(node.id, this.#readerOf(node.id).read(text)),
        () => this.#model.takeMetrics(node.id, null),
      );
    }
  }
}
