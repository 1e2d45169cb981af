/** One key with its value. */
export interface Pair {
  readonly key: Buffer;
  readonly value: Buffer;
}

export type CreateResult =
  | { readonly outcome: 'created' }
  /** It was there already, with this value. */
  | { readonly outcome: 'exists'; readonly value: Buffer };

export interface KeyChange {
  readonly key: Buffer;
  /** Null: it was deleted. */
  readonly value: Buffer | null;
}

/** The keys of one cluster as copying needs them, whatever its kind. */
export interface KeyStore {
  /** For sentences: "etcd at 10.0.0.1:2379", "the local cluster dev-3". */
  readonly title: string;
  /** Pairs in the byte order of their keys, behind `after` (empty: from the first). Empty at the end. */
  page(prefix: Buffer, after: Buffer, limit: number): Promise<readonly Pair[]>;
  /** Null when there is no such key. Never an old value. */
  get(key: Buffer): Promise<Buffer | null>;
  /** Writes only what is not there yet. */
  create(key: Buffer, value: Buffer): Promise<CreateResult>;
  overwrite(key: Buffer, value: Buffer): Promise<void>;
  remove(key: Buffer): Promise<void>;
  /** Where in the history of the cluster its first page was; null before, and where it tells no changes. */
  readonly position: string | null;
  /** Every change of keys with the prefix behind a position, in order, until the signal. Rejects where there is none to tell. */
  follow(
    prefix: Buffer,
    position: string,
    signal: AbortSignal,
  ): AsyncIterable<{ readonly changes: readonly KeyChange[]; readonly position: string }>;
  close(): void;
}
