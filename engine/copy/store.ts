/** One key with its value. */
export interface Pair {
  readonly key: Buffer;
  readonly value: Buffer;
  /** When the key goes by itself, by this computer's clock; null: it stays. */
  readonly expiresAtMs: number | null;
}

export type CreateResult =
  | { readonly outcome: 'created' }
  /** It was there already, with this value. */
  | { readonly outcome: 'exists'; readonly value: Buffer };

export interface KeyChange {
  readonly key: Buffer;
  /** Null: it was deleted. */
  readonly value: Buffer | null;
  readonly expiresAtMs: number | null;
}

/** Changes in their order, and where in the history of the source they end. */
export interface ChangeBatch {
  readonly changes: readonly KeyChange[];
  readonly position: string;
}

export interface PageOptions {
  /** Begin behind this key; empty: at the first. */
  readonly after: Buffer;
  /** All pages of one moment, where the store keeps its history; else each as it is when it is read. */
  readonly ofOneMoment: boolean;
  /** Ends the waiting for a cluster that does not answer at the moment. */
  readonly signal: AbortSignal;
}

/** The keys of one cluster as copying needs them, whatever its kind. */
export interface KeyStore {
  /** For sentences: "etcd at 10.0.0.1:2379", "the local cluster dev-3". */
  readonly title: string;
  /** Which cluster this is, wherever it is reached: another one at the same address has another. */
  identity(): Promise<string>;
  /** Pairs in the byte order of their keys, page by page. Ends behind the last. */
  pages(prefix: Buffer, options: PageOptions): AsyncIterable<readonly Pair[]>;
  /** Null when there is no such key. Never an old value. */
  get(key: Buffer): Promise<Buffer | null>;
  /** Writes only what is not there yet. */
  create(pair: Pair): Promise<CreateResult>;
  /** Writes whatever is there: the key then expires as the pair says, and not as it did before. */
  overwrite(pair: Pair): Promise<void>;
  remove(key: Buffer): Promise<void>;
  /** Why this store cannot take the pair at all, in words; null where nothing is known against it. */
  refusal(pair: Pair): string | null;
  /** Where in its history the cluster is now. */
  position(prefix: Buffer): Promise<string>;
  /** Every change of keys with the prefix behind a position, in order, until the signal. Rejects with ChangesLostError. */
  follow(prefix: Buffer, position: string, signal: AbortSignal): AsyncIterable<ChangeBatch>;
  close(): void;
}
