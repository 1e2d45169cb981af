import type { KeyEntry, KeyMeta, ReadMode } from '../../contract/model.ts';

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
  /** expectedRevision: null writes whatever is there, 0 only if the key is absent, else compare-and-swap. */
  put(key: string, value: string, expectedRevision: number | null): Promise<PutOutcome>;
  delete(key: string, expectedRevision: number | null): Promise<DeleteOutcome>;
  close(): Promise<void>;
}
