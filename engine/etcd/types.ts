/** A key as etcd keeps it. Revisions count the writes of the whole cluster. */
export interface EtcdEntry {
  readonly key: Buffer;
  /** Empty when only keys were asked for. */
  readonly value: Buffer;
  readonly createRevision: number;
  readonly modRevision: number;
  /** Writes of this key since it was created, from 1. */
  readonly version: number;
  /** Decimal; "0" for a key without a lease. */
  readonly leaseId: string;
}

export interface EtcdMember {
  /** Decimal, all 64 bits. */
  readonly id: string;
  /** Empty until the member has started for the first time. */
  readonly name: string;
  readonly peerUrls: readonly string[];
  readonly clientUrls: readonly string[];
  readonly isLearner: boolean;
}

export interface EtcdAlarm {
  readonly memberId: string;
  readonly alarm: 'noSpace' | 'corrupt';
}

/** What one member says of itself. */
export interface EtcdStatus {
  readonly clusterId: string;
  readonly memberId: string;
  readonly version: string;
  /** The member that this one takes for the leader; "0" for none. */
  readonly leaderId: string;
  readonly term: number;
  readonly raftIndex: number;
  readonly appliedIndex: number;
  readonly revision: number;
  readonly dbSizeBytes: number;
  /** The rest of it is freed by defragmenting. 0 from members older than 3.4. */
  readonly dbInUseBytes: number;
  readonly isLearner: boolean;
  readonly errors: readonly string[];
}

export interface EtcdLease {
  readonly id: string;
  /** Seconds left; -1 when it has expired. */
  readonly ttlSeconds: number;
  readonly grantedTtlSeconds: number;
}

export interface EtcdPermission {
  readonly type: 'read' | 'write' | 'readwrite';
  readonly key: Buffer;
  /** As in a range request: empty for the key alone. */
  readonly rangeEnd: Buffer;
}

export interface EtcdChange {
  readonly type: 'put' | 'delete';
  /** Of a delete: the key and the revision of the deletion only. */
  readonly entry: EtcdEntry;
}

export type WriteResult =
  | { readonly outcome: 'done'; readonly revision: number; readonly existed: boolean }
  | { readonly outcome: 'conflict'; readonly current: EtcdEntry | null };

export interface RangeOptions {
  readonly prefix: Buffer;
  /** Begin behind this key; empty: at the start. */
  readonly after?: Buffer;
  readonly limit: number;
  /** What was there at this revision; 0: what is there now. */
  readonly revision?: number;
  /** Answered by one member alone, perhaps with older data. */
  readonly serializable?: boolean;
  readonly keysOnly?: boolean;
  readonly timeoutMs?: number;
}

export interface RangePage {
  readonly entries: readonly EtcdEntry[];
  readonly more: boolean;
  /** Keys in the whole range behind `after`. */
  readonly count: number;
  /** The revision of the answer: the same one reads the next page of the same moment. */
  readonly revision: number;
}
