import type { KeyChange } from '../../contract/bulk-keys.ts';
import type { KeyListener } from './key-space.ts';

/** Changes are told together this often. */
const TELL_MS = 100;

/** Gathers changes and tells them together, of each key its last state. */
export class KeyTeller {
  readonly #listener: KeyListener;
  #waiting = new Map<string, KeyChange>();
  #timer: NodeJS.Timeout | null = null;

  constructor(listener: KeyListener) {
    this.#listener = listener;
  }

  add(change: KeyChange): void {
    this.#waiting.set(change.key, change);
    this.#timer ??= setTimeout(() => this.#tell(), TELL_MS);
  }

  /** What waits is not told any more. */
  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    this.#waiting.clear();
  }

  #tell(): void {
    this.#timer = null;
    const changes = [...this.#waiting.values()];
    this.#waiting = new Map();
    this.#listener.changes(changes);
  }
}
