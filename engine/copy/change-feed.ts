import { setTimeout as sleep } from 'node:timers/promises';
import { isPassing } from './patience.ts';
import type { ChangeBatch, KeyStore } from './store.ts';

/** Past so much that nobody took, the source is not read from: it remembers changes longer than we should. */
const MAX_WAITING = 1_024;
const MAX_WAITING_BYTES = 32 * 1024 * 1024;
const RETRY_MS = 500;

/**
 * The changes of a store as they come, kept until they are taken. A broken connection is
 * taken up again where it broke. Ends with the signal.
 */
export class ChangeFeed {
  readonly #signal: AbortSignal;
  #waiting: ChangeBatch[] = [];
  #waitingBytes = 0;
  #failure: unknown = null;
  #wake: () => void = () => undefined;
  #room: () => void = () => undefined;

  constructor(from: KeyStore, prefix: Buffer, position: string, signal: AbortSignal) {
    this.#signal = signal;
    const ended = (): void => {
      this.#wake();
      this.#room();
    };
    signal.addEventListener('abort', ended, { once: true });
    void this.#pump(from, prefix, position).finally(() => signal.removeEventListener('abort', ended));
  }

  /** What came since the last time, perhaps nothing. Throws what ended it: ChangesLostError, a refusal. */
  take(): readonly ChangeBatch[] {
    const taken = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#room();
    if (taken.length === 0 && this.#failure !== null) throw this.#failure as Error;
    return taken;
  }

  /** Resolves when there is something to take, and when the signal ends it. */
  async wait(): Promise<void> {
    if (this.#waiting.length > 0 || this.#failure !== null || this.#signal.aborted) return;
    await new Promise<void>((resolve) => (this.#wake = resolve));
  }

  async #pump(from: KeyStore, prefix: Buffer, begin: string): Promise<void> {
    let position = begin;
    while (!this.#signal.aborted) {
      try {
        for await (const batch of from.follow(prefix, position, this.#signal)) {
          position = batch.position;
          this.#waiting.push(batch);
          this.#waitingBytes += bytesOf(batch);
          this.#wake();
          const isRoom = this.#waiting.length < MAX_WAITING && this.#waitingBytes < MAX_WAITING_BYTES;
          if (isRoom || this.#signal.aborted) continue;
          await new Promise<void>((resolve) => (this.#room = resolve));
        }
      } catch (error) {
        if (this.#signal.aborted) return;
        if (!isPassing(error)) {
          this.#failure = error;
          this.#wake();
          return;
        }
      }
      // The end is noticed above.
      await sleep(RETRY_MS, undefined, { signal: this.#signal }).catch(() => undefined);
    }
  }
}

function bytesOf({ changes }: ChangeBatch): number {
  return changes.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0), 0);
}
