import type { KeyChange } from '../../contract/bulk-keys.ts';
import type { KeyEntry, KeyMeta, ReadMode } from '../../contract/model.ts';
import type { KeyHistory } from '../../contract/remote.ts';

export type PutOutcome = { outcome: 'saved'; entry: KeyMeta } | { outcome: 'conflict'; current: KeyEntry | null };
export type DeleteOutcome = { outcome: 'deleted'; found: boolean } | { outcome: 'conflict'; current: KeyEntry | null };

/** The keys of one cluster. Keys and values are base64, as the contract carries them. */
export interface KeySpace {
  scan(options: {
    prefix: string;
    after: string;
    limit: number;
    readMode: ReadMode;
  }): Promise<{ keys: KeyMeta[]; next: string | null; costMs: number }>;
  get(
    key: string,
    readMode: ReadMode,
  ): Promise<{
    entry: KeyEntry | null;
    partition: number;
    leader: number;
    costMs: number;
    stalenessMs: number | null;
  }>;
  /**
   * expectedRevision: null writes whatever is there, 0 only if the key is absent, else
   * compare-and-swap. ttlMs: the key goes by itself after so long; without, it stays.
   */
  put(key: string, value: string, expectedRevision: number | null, ttlMs?: number | null): Promise<PutOutcome>;
  delete(key: string, expectedRevision: number | null): Promise<DeleteOutcome>;
  /** What is still known of a key's revisions; there where the store keeps any. */
  history?(key: string, limit: number): Promise<KeyHistory>;
  /** Tells changes of keys with this prefix until it is ended; there where the store tells any. */
  watch?(prefix: string, listener: KeyListener): () => void;
  close(): Promise<void>;
}

export interface KeyListener {
  changes(changes: readonly KeyChange[]): void;
  /** Nothing more comes. */
  fail(error: unknown): void;
}
