import * as grpc from '@grpc/grpc-js';
import { groupOfPartition } from '../config/ids.ts';
import { MAX_KEY_BYTES } from '../config/limits.ts';
import { WatchEventType, WatchNote, type WatchEvent, type WatchRequest } from '../rpc/kv.ts';
import type { KvChange, Store } from '../store/index.ts';

type WatchCall = grpc.ServerWritableStream<WatchRequest, WatchEvent>;

/** Changes that one watch looks at in one turn of the event loop: others come in between. */
const CHANGES_PER_TURN = 512;
/** A watcher of a partition whose changes are not for it still learns how far it is. */
const PROGRESS_MS = 1000;
/** Until a majority has said what "now" is. */
const BEGIN_MS = 10_000;
/** A replica that has heard of no leader for so many of these sends its watchers to others. */
const LEADERLESS_TICKS = 3;
const NO_BYTES = new Uint8Array(0);

/** `raft.PrkDbService/Watch`. Closed by its owner, before the calls are. */
export class Watches {
  readonly #store: Store;
  readonly #monotonicMs: () => number;
  readonly #open = new Set<Watch>();

  constructor(store: Store, monotonicMs: () => number) {
    this.#store = store;
    this.#monotonicMs = monotonicMs;
  }

  get count(): number {
    return this.#open.size;
  }

  serve(call: WatchCall): void {
    const watch = new Watch(this.#store, this.#monotonicMs() + BEGIN_MS, call, () => this.#open.delete(watch));
    this.#open.add(watch);
    watch.begin();
  }

  close(): void {
    for (const watch of this.#open) watch.end(grpc.status.UNAVAILABLE, 'The node is stopping.');
  }
}

/** How far a watch is in one partition. */
interface Cursor {
  readonly partition: number;
  /** All changes up to this one were sent, as far as they are for this watch; null until it is known where it begins. */
  revision: number | null;
  /** What the watcher was told last. */
  toldRevision: number;
  ended: boolean;
}

/** One call: a place in the changes of each of its partitions, moved on as fast as the caller reads. */
class Watch {
  readonly #store: Store;
  readonly #call: WatchCall;
  readonly #prefix: Uint8Array;
  readonly #extended: boolean;
  readonly #deadlineMs: number;
  readonly #cursors: Cursor[] = [];
  readonly #onOver: () => void;
  readonly #stopListening: (() => void)[] = [];
  #progress: NodeJS.Timeout | undefined;
  #scheduled = false;
  #blocked = false;
  #leaderlessTicks = 0;
  #over = false;

  constructor(store: Store, deadlineMs: number, call: WatchCall, onOver: () => void) {
    this.#store = store;
    this.#deadlineMs = deadlineMs;
    this.#call = call;
    this.#prefix = call.request.keyPrefix;
    this.#extended = call.request.extended;
    this.#onOver = onOver;
  }

  begin(): void {
    for (const over of ['cancelled', 'error', 'close']) this.#call.on(over, () => this.#stop());
    const problem = this.#problem();
    if (problem !== null) return this.end(problem.code, problem.details);
    const { partitions } = this.#call.request;
    const wanted =
      partitions.length > 0
        ? partitions
        : this.#store.routing.partitions.map(({ partition }) => ({ partition, hasRevision: false, afterRevision: 0 }));
    for (const { partition, hasRevision, afterRevision } of wanted) {
      const cursor: Cursor = { partition, revision: null, toldRevision: -1, ended: false };
      this.#cursors.push(cursor);
      const ring = this.#store.groups.get(groupOfPartition(partition))!.changes;
      this.#stopListening.push(ring.listen(() => this.#schedule()));
      if (hasRevision) cursor.revision = afterRevision;
      else this.#beginNow(cursor);
    }
    if (this.#extended) this.#progress = setInterval(() => this.#tellProgress(), PROGRESS_MS);
    this.#schedule();
  }

  end(code: grpc.status, details: string): void {
    if (this.#over) return;
    this.#stop();
    this.#call.emit('error', { code, details });
  }

  #stop(): void {
    if (this.#over) return;
    this.#over = true;
    clearInterval(this.#progress);
    for (const stop of this.#stopListening) stop();
    this.#onOver();
  }

  #problem(): { code: grpc.status; details: string } | null {
    const { keyPrefix, partitions } = this.#call.request;
    const refuse = (code: grpc.status, details: string) => ({ code, details });
    if (keyPrefix.length > MAX_KEY_BYTES) {
      return refuse(grpc.status.INVALID_ARGUMENT, `A prefix has at most ${MAX_KEY_BYTES} bytes.`);
    }
    const { routing } = this.#store;
    const named = partitions.map(({ partition }) => partition);
    if (new Set(named).size !== named.length || named.some((partition) => !(partition < routing.partitions.length))) {
      return refuse(
        grpc.status.INVALID_ARGUMENT,
        `Name each partition once; they are numbered 0 to ${routing.partitions.length - 1}.`,
      );
    }
    const all = named.length > 0 ? named : routing.partitions.map(({ partition }) => partition);
    const missing = all.filter((partition) => !this.#store.groups.has(groupOfPartition(partition)));
    if (missing.length === 0) return null;
    return refuse(
      grpc.status.FAILED_PRECONDITION,
      `This node has no replica of partition ${missing.join(', ')}. Name the partitions to watch here and watch the ` +
        'others at a node that Metadata names for them, or use the client of PrkDB, which does that.',
    );
  }

  /** "Now" is after all that was committed when the call came, on whichever replica it is. */
  #beginNow(cursor: Cursor): void {
    this.#store.read(cursor.partition, 'follower', this.#deadlineMs, (answer) => {
      if (this.#over) return;
      if (!answer.ok) {
        const details = `Nobody could say in time where partition ${cursor.partition} is now: it may have no leader.`;
        return this.end(grpc.status.UNAVAILABLE, details);
      }
      cursor.revision = this.#store.groups.get(groupOfPartition(cursor.partition))?.changes.revision ?? 0;
      if (this.#extended) this.#note(cursor, WatchNote.Progress, cursor.revision);
      this.#schedule();
    });
  }

  #schedule(): void {
    if (this.#scheduled || this.#blocked || this.#over) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      this.#pump();
    });
  }

  #pump(): void {
    let left = CHANGES_PER_TURN;
    for (const cursor of this.#cursors) {
      while (left > 0 && !this.#over && !this.#blocked) {
        const sent = this.#advance(cursor, left);
        if (sent === 0) break;
        left -= sent;
      }
    }
    if (left <= 0) this.#schedule();
  }

  /** Sends what comes next of a partition. Returns how many changes it looked at. */
  #advance(cursor: Cursor, limit: number): number {
    if (cursor.revision === null || cursor.ended) return 0;
    const ring = this.#store.groups.get(groupOfPartition(cursor.partition))?.changes;
    if (ring === undefined || ring.closed) {
      this.end(grpc.status.UNAVAILABLE, `The replica of partition ${cursor.partition} has left this node.`);
      return 0;
    }
    if (cursor.revision < ring.floor) {
      this.#compacted(cursor, ring.floor);
      return 0;
    }
    if (cursor.revision >= ring.revision) return 0;
    let looked = 0;
    for (const row of ring.after(cursor.revision, limit)) {
      if (this.#over || this.#blocked) break;
      looked++;
      cursor.revision = row.revision;
      if (hasPrefix(row.key, this.#prefix)) this.#send(cursor, eventOf(cursor.partition, row));
    }
    return looked;
  }

  #compacted(cursor: Cursor, floor: number): void {
    if (!this.#extended) {
      const details =
        `Changes of partition ${cursor.partition} after revision ${cursor.revision} are not held any more; ` +
        `they are from ${floor} on. Scan again and watch from there.`;
      return this.end(grpc.status.OUT_OF_RANGE, details);
    }
    cursor.ended = true;
    this.#note(cursor, WatchNote.Compacted, floor);
  }

  #tellProgress(): void {
    const isCutOff = this.#cursors.some(
      ({ partition }) => this.#store.groups.get(groupOfPartition(partition))?.core.leader === 0,
    );
    this.#leaderlessTicks = isCutOff ? this.#leaderlessTicks + 1 : 0;
    if (this.#leaderlessTicks >= LEADERLESS_TICKS) {
      return this.end(grpc.status.UNAVAILABLE, 'This node knows no leader, so it does not hear of changes.');
    }
    if (this.#blocked) return;
    for (const cursor of this.#cursors) {
      const { revision, toldRevision, ended } = cursor;
      if (!ended && revision !== null && revision > toldRevision) this.#note(cursor, WatchNote.Progress, revision);
    }
  }

  #note(cursor: Cursor, note: WatchNote, revision: number): void {
    this.#send(cursor, { ...emptyEvent(cursor.partition, revision), note });
  }

  #send(cursor: Cursor, event: WatchEvent): void {
    cursor.toldRevision = event.offset;
    if (this.#call.write(event)) return;
    this.#blocked = true;
    this.#call.once('drain', () => {
      this.#blocked = false;
      this.#schedule();
    });
  }
}

function hasPrefix(key: Uint8Array, prefix: Uint8Array): boolean {
  return key.length >= prefix.length && Buffer.compare(key.subarray(0, prefix.length), prefix) === 0;
}

function emptyEvent(partition: number, revision: number): WatchEvent {
  return {
    eventType: WatchEventType.Put,
    key: NO_BYTES,
    value: NO_BYTES,
    offset: revision,
    timestamp: 0,
    partition,
    version: 0,
    expiresAtMs: 0,
    expired: false,
    note: WatchNote.None,
  };
}

function eventOf(partition: number, row: KvChange): WatchEvent {
  const isThere = row.gone === 0;
  return {
    eventType: isThere ? WatchEventType.Put : WatchEventType.Delete,
    key: row.key,
    value: row.value,
    offset: row.revision,
    timestamp: row.updatedAtMs,
    partition,
    version: row.version,
    expiresAtMs: isThere ? row.expiresAtMs : 0,
    expired: row.gone === 2,
    note: WatchNote.None,
  };
}
