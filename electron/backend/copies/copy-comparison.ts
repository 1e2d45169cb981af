import { compareKeys, keyText, type Comparison, type Difference, type KeyStore } from '../../../engine/copy/index.ts';
import type { CopyView } from '../../contract/copies.ts';
import { toApiError } from '../api-error.ts';
import { BackendError } from '../errors.ts';

/** Of the keys that differ, so many are named. */
const MAX_NAMED = 20;
/** So many keys are compared between two words about it. */
const TELL_EVERY = 256;

const nothing: Comparison = { same: 0, different: 0, missing: 0, extra: 0 };

const words: Readonly<Record<Difference, string>> = {
  different: 'has different values',
  missing: 'is missing in the target',
  extra: 'is only in the target',
};

export interface CopyComparisonOptions {
  readonly prefix: Buffer;
  readonly withStores: <T>(work: (from: KeyStore, to: KeyStore) => Promise<T>) => Promise<T>;
  readonly changed: () => void;
  readonly now: () => number;
}

/** Both sides of a copy, read from end to end whenever that is asked for. What is written meanwhile goes on. */
export class CopyComparison {
  readonly #options: CopyComparisonOptions;
  #running: { readonly stop: AbortController; readonly ended: Promise<void> } | null = null;
  #view: CopyView['comparison'] = null;

  constructor(options: CopyComparisonOptions) {
    this.#options = options;
  }

  view(): CopyView['comparison'] {
    return this.#view;
  }

  /** Throws while one runs. */
  start(): void {
    if (this.#running !== null) throw new BackendError('refused', 'Both sides are being compared already.');
    const stop = new AbortController();
    this.#running = { stop, ended: this.#compare(stop.signal) };
  }

  /** Resolves when nothing is read any more. */
  async close(): Promise<void> {
    this.#running?.stop.abort();
    await this.#running?.ended;
  }

  async #compare(signal: AbortSignal): Promise<void> {
    const { prefix, withStores, changed, now } = this.#options;
    const named: CopyView['named'] = [];
    let seen = nothing;
    let error: NonNullable<CopyView['comparison']>['error'] = null;
    const tell = (endedAtMs: number | null): void => {
      this.#view = { ...seen, isRunning: endedAtMs === null, endedAtMs, named: [...named], error };
      changed();
    };
    tell(null);
    try {
      const result = await withStores((from, to) =>
        compareKeys({
          from,
          to,
          prefix,
          progress: (next) => {
            seen = next;
            if ((seen.same + seen.different + seen.missing + seen.extra) % TELL_EVERY === 0) tell(null);
          },
          different: (key, what) => {
            if (named.length < MAX_NAMED) named.push({ key: keyText(key), what: words[what] });
          },
          signal,
        }),
      );
      if (result === null) error = { message: 'It was ended before both sides were read.', hint: null };
    } catch (thrown) {
      const { message, hint } = toApiError(thrown);
      error = { message, hint };
    }
    this.#running = null;
    tell(now());
  }
}
