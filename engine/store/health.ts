import { StorageError, StorageWriteError } from '../storage/errors.ts';
import { DiskWatch } from './disk-watch.ts';
import type { EventSource } from './events.ts';
import type { Group } from './group.ts';

/** Why a replica rests, as its events tell. */
const DISK_STALLED = 'its disk does not answer';
const STORAGE_FAILED = 'its storage failed';

/** The groups of a node and their loop, as far as they must hear that it cannot work. */
export interface HealthHooks {
  groups(): Iterable<Group>;
  touch(group: Group): void;
}

/**
 * Whether a node can keep promises: its storage does what it is asked, and its disk answers. Storage
 * that failed once ends the node's part in everything, and the others have the data; a disk that
 * hangs makes its replicas rest until it answers.
 */
export class Health {
  readonly #events: EventSource;
  readonly #hooks: HealthHooks;
  readonly #disk: DiskWatch;
  #failure: string | null = null;
  #stopped = false;

  constructor(electionTimeoutMs: number, events: EventSource, hooks: HealthHooks) {
    this.#disk = new DiskWatch(electionTimeoutMs);
    this.#events = events;
    this.#hooks = hooks;
  }

  /** Why this node no longer works, in words, or null. */
  get failure(): string | null {
    return this.#failure;
  }

  get isStopped(): boolean {
    return this.#stopped;
  }

  get isDiskStalled(): boolean {
    return this.#disk.stalled;
  }

  /** Neither stopped nor failed; its disk may hang. */
  get isWorking(): boolean {
    return !this.#stopped && this.#failure === null;
  }

  /** Whether requests may be taken in. */
  get isServing(): boolean {
    return this.isWorking && !this.#disk.stalled;
  }

  /** Why they may not. */
  get refusal(): string {
    return this.#failure ?? (this.#stopped ? 'The node is stopping.' : 'The disk of this node does not answer.');
  }

  /** From now on nothing moves. */
  stop(): void {
    this.#stopped = true;
  }

  /** A replica that comes to a node which cannot work does not either. */
  joined(group: Group): void {
    if (this.#failure !== null) group.core.rest(STORAGE_FAILED);
    else if (this.#disk.stalled) group.core.rest(DISK_STALLED);
  }

  /** Runs what reads or writes storage. What is found damaged while the node runs is its failure. */
  guard(run: () => void): void {
    try {
      run();
    } catch (error) {
      if (!(error instanceof StorageError)) throw error;
      const isWrite = error instanceof StorageWriteError;
      this.fail(
        `${isWrite ? 'The state machine cannot be written' : 'The storage of this node cannot be read'}: ${error.message}`,
      );
    }
  }

  /** The node cannot keep promises any more: it leads nothing, votes for nobody and says why. */
  fail(reason: string): void {
    if (this.#failure !== null) return;
    this.#failure = reason;
    this.#events.emit('storageFailed', { detail: reason });
    for (const group of this.#hooks.groups()) {
      group.core.rest(STORAGE_FAILED);
      group.failAll({ ok: false, reason: 'unavailable', detail: reason });
    }
  }

  /** Something was asked of the disk. Returns what `diskAnswered` wants to know. */
  diskAsked(nowMs: number): number {
    return this.#disk.begin(nowMs);
  }

  diskAnswered(ticket: number): void {
    if (!this.#disk.end(ticket)) return;
    this.#events.emit('storageRecovered', { detail: 'The disk answers again.' });
    for (const group of this.#hooks.groups()) group.core.wake();
  }

  /** To be called with each tick: with a disk that hangs, this node gives up leadership. */
  checkDisk(nowMs: number): void {
    if (!this.#disk.check(nowMs)) return;
    const detail = 'The disk does not answer; this node gives up leadership until it does.';
    this.#events.emit('storageFailed', { detail });
    for (const group of this.#hooks.groups()) {
      group.core.rest(DISK_STALLED);
      this.#hooks.touch(group);
    }
  }
}
