import * as grpc from '@grpc/grpc-js';
import { WatchEventType, WatchNote, type WatchEvent as WireEvent, type WatchFrom } from '../rpc/kv.ts';
import { serviceClient } from '../rpc/protos.ts';
import type { Credentials } from './credentials.ts';
import { asBuffer } from './entry.ts';
import { AccessError, ClosedError, InvalidArgumentError, WatchCompactedError } from './errors.ts';
import { accessRefusalIn, channelOptions, methodOf, rpcReason } from './rpc.ts';
import type { WatchEvent, WatchOptions } from './types.ts';
import { decodePosition, encodePosition } from './watch-position.ts';

/** Past this many events that nobody has taken, the nodes are not read from. */
const MAX_QUEUED = 1024;
const RESUME_BELOW = 256;
const BACKOFF_BASE_MS = 50;
const BACKOFF_MAX_MS = 1000;
/** A node whose stream broke is passed over for so long while there are others. */
const AVOID_MS = 2000;

/** What a watcher needs of its client. */
export interface WatchHost {
  readonly partitionCount: number;
  readonly credentials: Credentials;
  replicaAddresses(partition: number): readonly string[];
  refresh(): void;
  ended(watcher: Watcher): void;
}

/** What came of a partition: an event, or only how far it is. */
interface Item {
  readonly partition: number;
  readonly revision: number;
  readonly event: WatchEvent | null;
}

/** One call to one node for some of the partitions. */
interface Stream {
  readonly address: string;
  readonly client: grpc.Client;
  readonly call: grpc.ClientReadableStream<WireEvent>;
  readonly partitions: Set<number>;
}

/**
 * The changes of all keys with a prefix: each once, without a gap, those of one partition
 * in order. When a node goes, the watch goes on at another replica from where it was.
 */
export class Watcher implements AsyncIterable<WatchEvent> {
  readonly #host: WatchHost;
  readonly #prefix: Uint8Array;
  readonly #signal: AbortSignal | undefined;
  /** How far the partitions are that have come in, and that the caller has taken. */
  readonly #received: Map<number, number>;
  readonly #taken: Map<number, number>;
  readonly #streams = new Set<Stream>();
  readonly #avoidUntilMs = new Map<string, number>();
  /** Replicas that do not hold what comes next of a partition, and from where on they do. */
  readonly #compacted = new Map<number, Map<string, number>>();
  readonly #onAbort = () => this.#fail(this.#signal?.reason as Error);
  #queue: Item[] = [];
  #wake: (() => void) | null = null;
  #paused = false;
  #failures = 0;
  #timer: NodeJS.Timeout | undefined;
  #error: Error | null = null;
  #closed = false;

  /** Throws InvalidArgumentError for a position that is none. */
  constructor(host: WatchHost, prefix: Uint8Array, { from = 'now', signal }: WatchOptions) {
    this.#host = host;
    this.#prefix = prefix;
    this.#signal = signal;
    this.#received = from === 'now' ? new Map() : decodePosition(from, host.partitionCount);
    this.#taken = new Map(this.#received);
    if (signal?.aborted === true) this.#fail(signal.reason as Error);
    else {
      signal?.addEventListener('abort', this.#onAbort, { once: true });
      this.#assign();
    }
  }

  /**
   * Where to go on after the events that were taken. Partitions whose place is not known yet
   * begin from now.
   */
  get position(): string {
    return encodePosition(this.#taken);
  }

  /** Resolves when every partition has said where it begins: nothing after that is missed. Rejects as iterating does. */
  async started(): Promise<void> {
    while (this.#received.size < this.#host.partitionCount) {
      if (this.#error !== null) throw this.#error;
      if (this.#closed) throw new ClosedError();
      await this.#changed();
    }
    // Notes of where partitions begin are nothing that a caller waits for.
    this.#takeNotes();
  }

  /** Ends the watch; iterating ends too. May be called again. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#signal?.removeEventListener('abort', this.#onAbort);
    clearTimeout(this.#timer);
    for (const stream of this.#streams) this.#drop(stream);
    this.#queue = [];
    this.#tell();
    this.#host.ended(this);
  }

  /** Rejects with WatchCompactedError, AccessError or the signal's reason. Leaving the loop closes the watch. */
  async *[Symbol.asyncIterator](): AsyncGenerator<WatchEvent, void, undefined> {
    try {
      for (;;) {
        const item = this.#queue.shift();
        if (item === undefined) {
          if (this.#error !== null) throw this.#error;
          if (this.#closed) return;
          await this.#changed();
          continue;
        }
        this.#taken.set(item.partition, item.revision);
        this.#resumeWhenRoom();
        if (item.event !== null) yield item.event;
      }
    } finally {
      this.close();
    }
  }

  #takeNotes(): void {
    while (this.#queue[0]?.event === null) {
      const { partition, revision } = this.#queue.shift()!;
      this.#taken.set(partition, revision);
    }
  }

  #changed(): Promise<void> {
    return new Promise((resolve) => {
      const before = this.#wake;
      this.#wake = () => {
        before?.();
        resolve();
      };
    });
  }

  #tell(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }

  #fail(error: Error): void {
    if (this.#error !== null || this.#closed) return;
    this.#error = error;
    clearTimeout(this.#timer);
    for (const stream of this.#streams) this.#drop(stream);
    this.#tell();
  }

  /** Opens streams, as few as it takes, for the partitions that have none. */
  #assign(): void {
    if (this.#closed || this.#error !== null) return;
    const open = new Set([...this.#streams].flatMap((stream) => [...stream.partitions]));
    const left = new Set<number>();
    for (let partition = 0; partition < this.#host.partitionCount; partition++) {
      if (!open.has(partition)) left.add(partition);
    }
    while (left.size > 0) {
      const found = this.#bestNode(left);
      if (found === null) {
        this.#host.refresh();
        return this.#assignLater();
      }
      this.#open(found.address, found.partitions);
      for (const partition of found.partitions) left.delete(partition);
    }
  }

  /** The node with replicas of most of these partitions; one that has just failed only where there is no other. */
  #bestNode(partitions: ReadonlySet<number>): { address: string; partitions: Set<number> } | null {
    const byAddress = new Map<string, Set<number>>();
    for (const partition of partitions) {
      const compacted = this.#compacted.get(partition);
      const all = this.#host.replicaAddresses(partition).filter((address) => compacted?.has(address) !== true);
      const healthy = all.filter((address) => (this.#avoidUntilMs.get(address) ?? 0) <= Date.now());
      for (const address of healthy.length > 0 ? healthy : all) {
        const set = byAddress.get(address) ?? new Set();
        byAddress.set(address, set.add(partition));
      }
    }
    let best: { address: string; partitions: Set<number> } | null = null;
    for (const [address, set] of byAddress) {
      if (best === null || set.size > best.partitions.size) best = { address, partitions: set };
    }
    return best;
  }

  #open(address: string, partitions: Set<number>): void {
    const Service = serviceClient('prkdb', 'raft.PrkDbService');
    const dialing = this.#host.credentials.dial(address);
    const client = new Service(address, dialing.credentials, { ...channelOptions, ...dialing.options });
    const method = methodOf(Service, 'Watch');
    const from = [...partitions].map((partition): WatchFrom => {
      const afterRevision = this.#received.get(partition);
      return { partition, hasRevision: afterRevision !== undefined, afterRevision: afterRevision ?? 0 };
    });
    const call = client.makeServerStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize as (bytes: Buffer) => WireEvent,
      { keyPrefix: this.#prefix, partitions: from, extended: true },
    );
    const stream: Stream = { address, client, call, partitions };
    this.#streams.add(stream);
    if (this.#paused) call.pause();
    call.on('data', (event: WireEvent) => {
      if (this.#streams.has(stream)) this.#take(stream, event);
    });
    call.on('error', (error) => this.#broken(stream, error));
    call.on('end', () => this.#broken(stream, null));
  }

  #take(stream: Stream, wire: WireEvent): void {
    const { partition, offset: revision, note } = wire;
    this.#failures = 0;
    if (note === WatchNote.Compacted) return this.#compactedAt(stream, partition, revision);
    this.#compacted.delete(partition);
    const before = this.#received.get(partition);
    if (before !== undefined && revision <= before) return;
    this.#received.set(partition, revision);
    this.#queue.push({ partition, revision, event: note === WatchNote.None ? toWatchEvent(wire) : null });
    if (this.#queue.length > MAX_QUEUED && !this.#paused) {
      this.#paused = true;
      for (const { call } of this.#streams) call.pause();
    }
    this.#tell();
  }

  /** How far back a replica remembers is its own affair: only when none remembers enough, the watch has missed something. */
  #compactedAt(stream: Stream, partition: number, floor: number): void {
    const floors = this.#compacted.get(partition) ?? new Map<string, number>();
    this.#compacted.set(partition, floors.set(stream.address, floor));
    stream.partitions.delete(partition);
    if (this.#host.replicaAddresses(partition).some((address) => !floors.has(address))) return this.#assignLater();
    const revision = Math.min(...floors.values());
    const position = encodePosition(new Map(this.#taken).set(partition, revision));
    this.#fail(new WatchCompactedError(partition, revision, position));
  }

  #resumeWhenRoom(): void {
    if (!this.#paused || this.#queue.length > RESUME_BELOW) return;
    this.#paused = false;
    for (const { call } of this.#streams) call.resume();
  }

  #broken(stream: Stream, error: Error | null): void {
    if (!this.#streams.has(stream)) return;
    this.#drop(stream);
    const refusal = error === null ? null : accessRefusalIn(error);
    if (refusal !== null) return this.#fail(new AccessError(refusal));
    if ((error as Partial<grpc.ServiceError> | null)?.code === grpc.status.INVALID_ARGUMENT) {
      return this.#fail(new InvalidArgumentError(rpcReason(error)));
    }
    this.#avoidUntilMs.set(stream.address, Date.now() + AVOID_MS);
    this.#host.refresh();
    this.#assignLater();
  }

  #drop(stream: Stream): void {
    this.#streams.delete(stream);
    stream.call.removeAllListeners();
    stream.call.on('error', () => undefined);
    stream.call.cancel();
    stream.client.close();
  }

  #assignLater(): void {
    clearTimeout(this.#timer);
    const ceilingMs = Math.min(BACKOFF_MAX_MS, BACKOFF_BASE_MS * 2 ** this.#failures++);
    this.#timer = setTimeout(() => this.#assign(), ceilingMs / 2 + Math.random() * (ceilingMs / 2));
  }
}

function toWatchEvent(wire: WireEvent): WatchEvent {
  const { eventType, key, value, partition, offset, version, timestamp, expiresAtMs, expired } = wire;
  return {
    kind: eventType === WatchEventType.Put ? 'put' : expired ? 'expire' : 'delete',
    key: asBuffer(key),
    value: asBuffer(value),
    partition,
    revision: offset,
    version,
    timeMs: timestamp,
    expiresAtMs: expiresAtMs || null,
  };
}
