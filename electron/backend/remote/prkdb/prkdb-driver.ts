import { PrkDbClient } from '../../../../engine/client/index.ts';
import { PrkDbStore, type KeyStore } from '../../../../engine/copy/index.ts';
import type {
  ClusterState,
  ClusterSummary,
  ClusterView,
  PartitionLive,
  RemoteSummary,
  Sample,
  StoryEvent,
} from '../../../contract/model.ts';
import type { RaftRecord } from '../../../contract/recording.ts';
import { toApiError } from '../../api-error.ts';
import type { ClusterDriver, HistoryRange, LeaderControls, LiveUpdate, RemoteControls } from '../../clusters/driver.ts';
import { BackendError } from '../../errors.ts';
import type { KeySpace } from '../../keys/key-space.ts';
import { readRecords } from '../../raft/recording-reader.ts';
import type { CertificateEnd } from '../../monitor/facts.ts';
import { connectionCertificates } from '../certificates.ts';
import type { Connection } from '../connection.ts';
import type { RemoteDriverOptions } from '../driver-options.ts';
import { Hub } from '../hub.ts';
import type { Problem } from '../problem.ts';
import { WriteGate } from '../write-gate.ts';
import { ClosePicture } from './close-picture.ts';
import { discover, isSameShape, type Found } from './discover.ts';
import { OutsidePicture } from './outside-picture.ts';
import type { Picture, Seen } from './picture.ts';

const TICK_MS = 100;
const SAMPLE_MS = 500;
/** Members come and go. */
const LOOK_EVERY_MS = 10_000;
const FIRST_RETRY_MS = 500;
const MAX_RETRY_MS = 5_000;

const nothingSeen: Omit<Seen, 'state'> = {
  nodes: [],
  partitions: [],
  replicationFactor: 0,
  heardAtMs: null,
  problems: [],
};

/** A PrkDB cluster that runs elsewhere: of our nodes, or of the original server. */
export class PrkDbDriver implements ClusterDriver {
  readonly name: string;
  readonly processes = null;
  readonly faults = null;
  readonly load = null;
  readonly etcd = null;
  readonly remote: RemoteControls;

  readonly #options: RemoteDriverOptions;
  readonly #gate: WriteGate;
  readonly #hub: Hub;
  readonly #timer: NodeJS.Timeout;
  #found: Found | null = null;
  #memberUrls: readonly string[];
  #connection: Connection | null = null;
  #picture: Picture | null = null;
  #problem: Problem | null = null;
  #looking = false;
  #lookDueMs = 0;
  #retryMs = FIRST_RETRY_MS;
  #sampledMs = 0;
  #leadersText = '';
  #nodesUp = 0;
  #state: ClusterState = 'starting';
  #sinceMs: number;
  #closed = false;

  constructor(options: RemoteDriverOptions) {
    const { profile, now } = options;
    this.name = profile.name;
    this.#options = options;
    this.#sinceMs = now();
    this.#memberUrls = profile.memberUrls;
    const isProduction = profile.environment === 'production';
    this.#gate = new WriteGate({ name: profile.name, readOnly: profile.readOnly, isProduction }, now);
    this.#hub = new Hub({
      view: () => this.view(),
      summary: () => this.summary(),
      eventLog: options.eventLog,
      history: options.history,
      now,
    });
    this.remote = { gate: this.#gate, reconnect: () => this.#reconnect(), changed: () => this.#changed() };
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Those of the cluster as it is seen now. Throws in words while nothing is. */
  get keys(): KeySpace {
    if (this.#picture === null) throw this.#notReached();
    return this.#picture.keys;
  }

  get leaders(): LeaderControls | null {
    return this.#picture?.leaders ?? null;
  }

  summary(): ClusterSummary {
    return this.#summaryOf(this.#seen());
  }

  view(): ClusterView {
    const seen = this.#seen();
    return {
      summary: this.#summaryOf(seen),
      timeMs: this.#options.now(),
      nodes: seen.nodes,
      partitions: seen.partitions,
      load: null,
      faults: [],
      etcd: null,
    };
  }

  history(range: HistoryRange): Promise<Sample[]> {
    return this.#hub.history(range);
  }

  lastSample(): Sample | null {
    return this.#hub.lastSample();
  }

  certificates(): Promise<CertificateEnd[]> {
    const addresses = this.#found?.nodes.map((node) => node.address) ?? [];
    return connectionCertificates(addresses, this.#connection?.tls);
  }

  events(limit: number): StoryEvent[] {
    return this.#hub.events(limit);
  }

  watch(listener: (update: LiveUpdate) => void): () => void {
    return this.#hub.watch(listener);
  }

  watchPartition(partition: number, listener: (live: PartitionLive) => void): () => void {
    if (this.#picture === null) throw this.#notReached();
    return this.#picture.watchPartition(partition, listener);
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
    return this.#hub.onSummary(listener);
  }

  async openStore(): Promise<KeyStore> {
    const { endpoints, tls, token } = await this.#options.connect();
    const client = await PrkDbClient.connect(endpoints, { tls, token });
    try {
      // What the profile stands for, and no other cluster that has taken its addresses.
      const expected = this.#found?.clusterId ?? this.#options.profile.clusterId;
      const { clusterId } = await client.metadata();
      if (expected !== null && clusterId !== expected) {
        throw new BackendError(
          'refused',
          `Another cluster answers at the addresses of ${this.name}.`,
          'Check its profile.',
        );
      }
      return new PrkDbStore(this.name, client);
    } catch (error) {
      client.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#picture?.close();
    this.#picture = null;
    await Promise.all([this.#hub.close(), this.#options.recordings.close()]);
  }

  #notReached(): BackendError {
    return new BackendError(
      'disconnected',
      this.#problem?.message ?? `${this.name} has not been reached yet.`,
      this.#problem?.hint ?? 'Try again in a moment.',
    );
  }

  #seen(): Seen {
    const seen = this.#picture?.seen(this.#options.now());
    return seen ?? { ...nothingSeen, state: this.#problem === null ? 'starting' : 'unreachable' };
  }

  #summaryOf(seen: Seen): ClusterSummary {
    const { profile } = this.#options;
    return {
      name: this.name,
      kind: 'prkdb',
      state: seen.state,
      nodeCount: seen.nodes.length,
      nodesUp: seen.nodes.filter((node) => node.state === 'live').length,
      partitionCount: seen.partitions.length,
      replicationFactor: seen.replicationFactor,
      owner: 'none',
      readOnly: profile.readOnly,
      environment: profile.environment,
      sinceMs: this.#sinceMs,
      dataDir: null,
      remote: {
        profileId: profile.id,
        group: profile.group,
        color: profile.color,
        isUnverified: profile.tls?.skipVerify === true,
        writesLocked: this.#gate.isLocked,
        heardAtMs: seen.heardAtMs,
        problem: this.#problem,
        capabilities: [...(this.#picture?.capabilities ?? [])],
        endpointProblems: [...this.#ownProblems(seen), ...seen.problems],
      },
    };
  }

  /** Of the profile's own endpoints. A node that answers meanwhile has none. */
  #ownProblems({ nodes }: Seen): RemoteSummary['endpointProblems'] {
    const own = new Set(this.#connection?.endpoints.map((endpoint) => endpoint.replace(/^https?:\/\//, '')));
    const live = new Set(
      nodes.filter((node) => node.state === 'live').map((node) => `${node.host}:${node.clientPort}`),
    );
    return (this.#found?.problems ?? []).filter(({ address }) => own.has(address) && !live.has(address));
  }

  #reconnect(): void {
    this.#found = null;
    this.#lookDueMs = 0;
    this.#retryMs = FIRST_RETRY_MS;
  }

  #tick(): void {
    const nowMs = this.#options.now();
    if (!this.#looking && performance.now() >= this.#lookDueMs) {
      this.#look().catch(this.#options.onError);
    }
    const picture = this.#picture;
    if (picture !== null) {
      picture.judge(nowMs);
      this.#hub.tell(picture.stories(this.view(), nowMs));
      if (nowMs - this.#sampledMs >= SAMPLE_MS) this.#sample(picture, nowMs);
    }
    this.#changed();
  }

  #changed(): void {
    const { state, partitions, nodes } = this.#seen();
    if (state !== this.#state) {
      this.#state = state;
      this.#sinceMs = this.#options.now();
      // Looking says why.
      if (state === 'unreachable') this.#lookDueMs = 0;
      else this.#problem = null;
    }
    const up = nodes.filter((node) => node.state === 'live').length;
    if (up < this.#nodesUp) this.#lookDueMs = 0;
    this.#nodesUp = up;
    // The charts show the very moment a leader is lost or won, not the next half second.
    const leadersText = partitions.map((one) => `${one.leader}/${one.term}`).join();
    if (leadersText !== this.#leadersText && this.#picture !== null) {
      this.#leadersText = leadersText;
      this.#sample(this.#picture, this.#options.now());
    }
    this.#hub.changed(`${state}|${this.#problem?.message}|${this.#picture?.fingerprint()}`);
  }

  #sample(picture: Picture, nowMs: number): void {
    this.#sampledMs = nowMs;
    const sample = picture.sample(nowMs);
    if (sample !== null) this.#hub.sample(sample);
  }

  /** The profile's own endpoints first; the others find the cluster again while those are down. */
  #withMembers(connection: Connection): Connection {
    const { endpoints } = connection;
    return { ...connection, endpoints: [...new Set([...endpoints, ...this.#memberUrls])] };
  }

  #keepMembers(found: Found, { tls }: Connection): void {
    const scheme = tls === undefined ? 'http' : 'https';
    const memberUrls = found.nodes.map(({ address }) => `${scheme}://${address}`).sort();
    if (memberUrls.join() === this.#memberUrls.join()) return;
    this.#memberUrls = memberUrls;
    this.#options.learn({ memberUrls });
  }

  /** Looks who is there, and makes the picture anew where that changed. */
  async #look(): Promise<void> {
    this.#looking = true;
    try {
      const connection = await this.#options.connect();
      this.#connection = connection;
      const found = await discover(
        this.#withMembers(connection),
        this.#found?.clusterId ?? this.#options.profile.clusterId,
        this.#found,
      );
      const isKnown = this.#found !== null && isSameShape(found, this.#found);
      this.#problem = null;
      this.#retryMs = FIRST_RETRY_MS;
      this.#lookDueMs = performance.now() + LOOK_EVERY_MS;
      if (this.#closed) return;
      this.#keepMembers(found, connection);
      if (isKnown) {
        this.#found = found;
        return;
      }
      if (this.#found === null && found.clusterId !== '') this.#options.learn({ clusterId: found.clusterId });
      const before = this.#picture;
      const { now, profile } = this.#options;
      this.#found = found;
      this.#picture =
        found.status === null
          ? new OutsidePicture(found, connection, profile.metricsUrls, { now })
          : new ClosePicture(this.name, found, connection, {
              now,
              recordings: this.#options.recordings,
              changed: () => this.#changed(),
            });
      await before?.close();
    } catch (error) {
      const { message, hint } = toApiError(error);
      this.#problem = { message, hint };
      this.#lookDueMs = performance.now() + this.#retryMs;
      this.#retryMs = Math.min(MAX_RETRY_MS, this.#retryMs * 2);
    } finally {
      this.#looking = false;
    }
  }
}
