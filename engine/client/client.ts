import { randomInt } from 'node:crypto';
import { partitionOfKey } from '../config/seahash.ts';
import { ReadMode, type KvResponse, type MetadataResponse } from '../rpc/kv.ts';
import { keyBytes, prefixBytes, type BytesInput } from './bytes.ts';
import { AttemptTimer } from './attempt-timer.ts';
import { Call, requestOf, type CallContext, type Operation, type SequencedOperation } from './call.ts';
import { credentialsFor, type Credentials } from './credentials.ts';
import { dialAddress } from './endpoint.ts';
import { toEntry, toKeyRevision, toMeta } from './entry.ts';
import { Watcher, type WatchHost } from './watch.ts';
import { partitionOfAll, putOf, writeOf } from './write-operation.ts';
import { ClosedError, InternalError, InvalidArgumentError, SessionExpiredError } from './errors.ts';
import { AnyNode, type HealthResponse } from './metadata.ts';
import { NodeLink } from './node-link.ts';
import { Roster } from './roster.ts';
import { RoutingTable } from './routing.ts';
import { scanAll } from './scan.ts';
import { WriteSessions, type WriteSession } from './write-sessions.ts';
import type {
  BatchFailure,
  BatchPutResult,
  CallOptions,
  ClientCounters,
  ConnectOptions,
  DeleteResult,
  EntryMeta,
  GetOptions,
  GetResult,
  HistoryOptions,
  KeyRevision,
  PutOptions,
  ScanOptions,
  ScanPage,
  TransactResult,
  TransactWrite,
  WatchOptions,
  WriteOptions,
} from './types.ts';

const DEFAULT_TIMEOUT_MS = 5000;
const REFRESH_TIMEOUT_MS = 1000;
/** Refreshes follow each other no closer, however many calls ask. */
const REFRESH_GAP_MS = 50;
/** More would only wait in the node's queue while their deadlines run. */
const BATCH_CONCURRENCY = 1024;

/** A write from its call to its answer, in as many sessions as that takes. */
interface SessionWrite {
  readonly partition: number;
  readonly operation: SequencedOperation;
  readonly deadlineMs: number;
  readonly signal: AbortSignal | undefined;
  readonly resolve: (response: KvResponse) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * A client of one PrkDB cluster. Holds one connection per node, sends each key to its
 * partition's leader and follows when that changes. Safe for any number of concurrent
 * calls; those made together share messages. Close it when done.
 */
export class PrkDbClient {
  readonly #seeds: readonly string[];
  readonly #timeoutMs: number;
  readonly #credentials: Credentials;
  readonly #anyNode: AnyNode;
  readonly #routing = new RoutingTable();
  readonly #links = new Map<string, NodeLink>();
  readonly #calls = new Roster<Call>();
  readonly #attemptTimer = new AttemptTimer(this.#calls);
  readonly #watchers = new Set<Watcher>();
  readonly #watchHost: WatchHost;
  readonly #context: CallContext;
  readonly #clientId = randomInt(1, 2 ** 48 - 1);
  readonly #sessions = new WriteSessions((partition, timeoutMs) => this.#openSession(partition, timeoutMs));
  #rotation = 0;
  #retries = 0;
  #refreshing = false;
  #closed = false;

  private constructor(seeds: readonly string[], credentials: Credentials, timeoutMs: number) {
    this.#seeds = seeds;
    this.#credentials = credentials;
    this.#anyNode = new AnyNode(credentials);
    this.#timeoutMs = timeoutMs;
    const routing = this.#routing;
    this.#watchHost = {
      get partitionCount() {
        return routing.partitionCount;
      },
      credentials,
      replicaAddresses: (partition) => routing.replicaAddresses(partition),
      refresh: () => this.#refresh(),
      ended: (watcher) => this.#watchers.delete(watcher),
    };
    this.#context = {
      get epoch() {
        return routing.epoch;
      },
      choose: (partition, anyReplica, tried) => this.#choose(partition, anyReplica, tried),
      learnLeader: (partition, leader, address) => routing.learnLeader(partition, leader, address),
      doubtLeader: (partition, link) => {
        const leader = routing.leaderOf(partition);
        if (routing.addressOf(leader) === link.address) routing.forgetLeader(partition, leader);
      },
      refresh: () => this.#refresh(),
      expectBy: (dueMs) => this.#attemptTimer.expectBy(dueMs),
      finished: (call) => {
        this.#retries += call.retries;
        this.#calls.remove(call);
      },
    };
  }

  /**
   * Asks the endpoints (`http://host:port`, `https://host:port` or `host:port`) for the cluster's
   * shape; one that answers is enough. Rejects with ConnectionError when none does, with TlsError
   * when TLS is why, and with AccessError when the token is.
   */
  static async connect(endpoints: readonly string[], options: ConnectOptions = {}): Promise<PrkDbClient> {
    if (endpoints.length === 0)
      throw new InvalidArgumentError('Give at least one endpoint, like http://localhost:7101.');
    const seeds = [...new Set(endpoints.map(dialAddress))];
    const credentials = credentialsFor(endpoints, options);
    const client = new PrkDbClient(seeds, credentials, checkedTimeout(options.timeoutMs ?? DEFAULT_TIMEOUT_MS));
    try {
      const timeoutMs = checkedTimeout(options.connectTimeoutMs ?? DEFAULT_TIMEOUT_MS);
      client.#routing.apply(await client.#anyNode.metadata(seeds, timeoutMs, ''));
      return client;
    } catch (error) {
      client.close();
      throw error;
    }
  }

  /** The entry, or null when there is no such key. */
  async get(key: BytesInput, options: GetOptions = {}): Promise<GetResult | null> {
    const bytes = keyBytes(key);
    const operation = { get: { key: bytes, readMode: options.readMode ?? ReadMode.Linearizable } };
    const partition = partitionOfKey(bytes, this.#routing.partitionCount);
    const response = await this.#call(partition, operation, options);
    if (response.entry === null) return null;
    const entry = toEntry(response.entry, partition);
    return { ...entry, key: Buffer.from(bytes), stalenessMs: response.stalenessMs };
  }

  /** Writes the value and resolves when a majority has it on disk. */
  put(key: BytesInput, value: BytesInput, options: PutOptions = {}): Promise<EntryMeta> {
    return new Promise((resolve, reject) => {
      const bytes = keyBytes(key);
      const write = putOf(bytes, value, options, this.#clientId);
      const partition = partitionOfKey(bytes, this.#routing.partitionCount);
      const done = ({ entry }: KvResponse) => {
        if (entry !== null) resolve(toMeta(entry, partition, Buffer.from(bytes)));
        else reject(new InternalError('The node confirmed the write without saying its revision.'));
      };
      this.#inSession(partition, { write }, options, done, reject);
    });
  }

  /** Resolves when the key is gone, whether or not it was there. */
  delete(key: BytesInput, options: WriteOptions = {}): Promise<DeleteResult> {
    return new Promise((resolve, reject) => {
      const write = writeOf({ ...options, delete: key }, this.#clientId);
      const partition = partitionOfKey(write.key, this.#routing.partitionCount);
      this.#inSession(partition, { write }, options, ({ found }) => resolve({ found, partition }), reject);
    });
  }

  /**
   * Applies all of the writes or none: each condition has to hold before the first one is
   * applied. All keys are of one partition (`partitionOf`). Rejects with ConflictError.
   */
  transact(writes: readonly TransactWrite[], options: CallOptions = {}): Promise<TransactResult> {
    return new Promise((resolve, reject) => {
      const operations = writes.map((write) => writeOf(write, this.#clientId));
      const partition = partitionOfAll(operations, this.#routing.partitionCount);
      const transact = { writes: operations, session: 0, sequence: 0, acknowledged: 0 };
      const done = ({ results }: KvResponse) => {
        const written = results.map(({ entry, found }) => ({ entry: entry && toMeta(entry, partition), found }));
        resolve({ partition, results: written });
      };
      this.#inSession(partition, { transact }, options, done, reject);
    });
  }

  /** What is still known of a key's revisions, the newest first: also of one that is gone. */
  async history(key: BytesInput, options: HistoryOptions = {}): Promise<readonly KeyRevision[]> {
    const bytes = keyBytes(key);
    const { limit = 0, readMode = ReadMode.Linearizable } = options;
    if (!Number.isSafeInteger(limit) || limit < 0) throw new InvalidArgumentError('The limit is a whole number.');
    const partition = partitionOfKey(bytes, this.#routing.partitionCount);
    const response = await this.#call(partition, { history: { key: bytes, limit, readMode } }, options);
    return response.revisions.map((revision) => toKeyRevision(revision, partition));
  }

  /** The changes of all keys with this prefix, from now or from where an earlier watch ended. Close it when done. */
  watch(prefix: BytesInput, options: WatchOptions = {}): Watcher {
    if (this.#closed) throw new ClosedError();
    const watcher = new Watcher(this.#watchHost, prefixBytes(prefix), options);
    this.#watchers.add(watcher);
    return watcher;
  }

  /** One page of keys in unsigned byte order, from every partition. */
  scan(options: ScanOptions = {}): Promise<ScanPage> {
    return scanAll(options, this.#routing.partitionCount, (scan) => this.#call(scan.partition, { scan }, options));
  }

  /** Puts each pair on its own; not atomic. Never rejects for a pair: each failure is in the result. */
  async batchPut(
    pairs: Iterable<readonly [BytesInput, BytesInput]>,
    options: CallOptions = {},
  ): Promise<BatchPutResult> {
    const failures: BatchFailure[] = [];
    let successful = 0;
    const iterator = [...pairs].entries();
    const worker = async () => {
      for (const [index, [key, value]] of iterator) {
        try {
          await this.put(key, value, options);
          successful++;
        } catch (error) {
          failures.push({ index, key, error: error as Error });
        }
      }
    };
    await Promise.all(Array.from({ length: BATCH_CONCURRENCY }, worker));
    return { successful, failures: failures.sort((a, b) => a.index - b.index) };
  }

  /** What the first node that answers says of the cluster. */
  health(options: { readonly timeoutMs?: number } = {}): Promise<HealthResponse> {
    if (this.#closed) return Promise.reject(new ClosedError());
    return this.#anyNode.health(this.#addresses(), checkedTimeout(options.timeoutMs ?? this.#timeoutMs));
  }

  /** A fresh view of nodes, partitions and leaders from the first node that answers. */
  async metadata(options: { readonly timeoutMs?: number } = {}): Promise<MetadataResponse> {
    if (this.#closed) throw new ClosedError();
    const timeoutMs = checkedTimeout(options.timeoutMs ?? this.#timeoutMs);
    const metadata = await this.#anyNode.metadata(this.#addresses(), timeoutMs, this.#routing.clusterId);
    this.#routing.apply(metadata);
    return metadata;
  }

  /** The partition that a key lives in. */
  partitionOf(key: BytesInput): number {
    return partitionOfKey(keyBytes(key), this.#routing.partitionCount);
  }

  counters(): ClientCounters {
    let retries = this.#retries;
    for (const call of this.#calls.all()) retries += call.retries;
    return { retries, inFlight: this.#calls.size };
  }

  /** Rejects what is in flight with ClosedError and closes every connection. May be called again. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    for (const watcher of this.#watchers) watcher.close();
    for (const call of this.#calls.all()) call.close();
    this.#attemptTimer.stop();
    for (const link of this.#links.values()) link.close();
    this.#anyNode.close();
  }

  async #openSession(partition: number, timeoutMs: number): Promise<number> {
    const { session } = await this.#call(partition, { openSession: { partition } }, { timeoutMs });
    if (session === 0) throw new InternalError('The node opened a session without saying its number.');
    return session;
  }

  /** Writes in this client's session with the partition. Throws, or calls one of the two. */
  #inSession(
    partition: number,
    operation: SequencedOperation,
    { timeoutMs = this.#timeoutMs, signal }: CallOptions,
    resolve: (response: KvResponse) => void,
    reject: (error: unknown) => void,
  ): void {
    if (this.#closed) throw new ClosedError();
    const deadlineMs = Date.now() + checkedTimeout(timeoutMs);
    const write = { partition, operation, deadlineMs, signal, resolve, reject };
    const session = this.#sessions.ready(partition);
    if (session === undefined) this.#whenReady(write, timeoutMs);
    else this.#writeIn(session, write, timeoutMs);
  }

  #whenReady(write: SessionWrite, timeoutMs: number): void {
    const { partition, deadlineMs, signal, reject } = write;
    this.#sessions
      .wait(partition, deadlineMs, signal)
      .then((session) => this.#writeIn(session, write, timeoutMs))
      .catch(reject);
  }

  #writeIn(session: WriteSession, write: SessionWrite, timeoutMs: number): void {
    if (this.#closed) throw new ClosedError();
    const { partition, operation, signal, resolve } = write;
    const place = 'write' in operation ? operation.write : operation.transact;
    place.session = session.id;
    place.sequence = session.begin();
    const fail = (error: Error) => this.#failedIn(session, write, error);
    this.#start(
      new Call(this.#context, partition, requestOf(operation), { timeoutMs, signal }, resolve, fail, session),
    );
  }

  /** One that had expired before anything was done is replaced by a new one. */
  #failedIn(session: WriteSession, write: SessionWrite, error: Error): void {
    const { operation, deadlineMs, reject } = write;
    if (!(error instanceof SessionExpiredError)) return reject(error);
    this.#sessions.expired(session);
    const leftMs = deadlineMs - Date.now();
    if (error.outcome === 'unknown' || leftMs <= 0) return reject(error);
    const again: SequencedOperation =
      'write' in operation ? { write: { ...operation.write } } : { transact: { ...operation.transact } };
    this.#whenReady({ ...write, operation: again }, leftMs);
  }

  #call(partition: number, operation: Operation, options: CallOptions): Promise<KvResponse> {
    return new Promise((resolve, reject) => {
      if (this.#closed) throw new ClosedError();
      const timeoutMs = checkedTimeout(options.timeoutMs ?? this.#timeoutMs);
      const call = { timeoutMs, signal: options.signal };
      this.#start(new Call(this.#context, partition, requestOf(operation), call, resolve, reject));
    });
  }

  #start(call: Call): void {
    this.#calls.add(call);
    call.start();
  }

  /** The leader where it is needed, known and healthy; else a replica not yet tried, healthy ones first. */
  #choose(partition: number, anyReplica: boolean, tried: ReadonlySet<NodeLink>): NodeLink | undefined {
    const nowMs = Date.now();
    const leaderAddress = this.#routing.addressOf(this.#routing.leaderOf(partition));
    const leader = leaderAddress === undefined ? undefined : this.#link(leaderAddress);
    if (!anyReplica && leader !== undefined && !tried.has(leader) && leader.isHealthy(nowMs)) return leader;

    const replicas = this.#routing.replicaAddresses(partition);
    const rotation = this.#rotation++;
    const candidates = replicas.map((_, i) => this.#link(replicas[(i + rotation) % replicas.length]!));
    const untried = candidates.filter((link) => !tried.has(link));
    const best = untried.find((link) => link.isHealthy(nowMs)) ?? untried[0];
    if (best !== undefined) return best;
    // Advertised addresses may not be dialable from here; the ones that were given are.
    const seed = this.#seeds.map((address) => this.#link(address)).find((link) => !tried.has(link));
    return seed ?? (anyReplica ? candidates[0] : (leader ?? candidates[0]));
  }

  #link(address: string): NodeLink {
    let link = this.#links.get(address);
    if (link === undefined) {
      link = new NodeLink(address, this.#credentials);
      this.#links.set(address, link);
    }
    return link;
  }

  #addresses(): string[] {
    const nowMs = Date.now();
    const all = [...new Set([...this.#routing.addresses(), ...this.#seeds])];
    const isHealthy = (address: string) => this.#links.get(address)?.isHealthy(nowMs) ?? true;
    return [...all.filter(isHealthy), ...all.filter((address) => !isHealthy(address))];
  }

  #refresh(): void {
    if (this.#refreshing || this.#closed) return;
    this.#refreshing = true;
    void this.#refreshOnce();
  }

  async #refreshOnce(): Promise<void> {
    try {
      const clusterId = this.#routing.clusterId;
      this.#routing.apply(await this.#anyNode.metadata(this.#addresses(), REFRESH_TIMEOUT_MS, clusterId));
    } catch {
      // The calls that asked have deadlines and reasons of their own.
    }
    setTimeout(() => (this.#refreshing = false), REFRESH_GAP_MS).unref();
  }
}

function checkedTimeout(timeoutMs: number): number {
  if (!Number.isFinite(timeoutMs) || timeoutMs <= 0 || timeoutMs > 2 ** 31 - 1) {
    throw new InvalidArgumentError('timeoutMs is a positive number of milliseconds.');
  }
  return timeoutMs;
}
