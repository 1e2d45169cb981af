/** The messages of proto/prkdb.proto as they are in memory. uint64 are safe integers. */

export const ReadMode = { Linearizable: 0, Stale: 1, Follower: 2 } as const;
export type ReadMode = (typeof ReadMode)[keyof typeof ReadMode];

export const WriteKind = { Put: 0, Delete: 1, Check: 2 } as const;
export type WriteKind = (typeof WriteKind)[keyof typeof WriteKind];

/** See KvStatus in proto/prkdb.proto for what each one promises about the write. */
export const KvStatus = {
  Ok: 0,
  InvalidArgument: 1,
  NotLeader: 2,
  NoLeader: 3,
  Conflict: 4,
  Overloaded: 5,
  DeadlineExceeded: 6,
  UnknownOutcome: 7,
  StaleEpoch: 8,
  Unavailable: 9,
  Internal: 10,
  SessionExpired: 11,
  PermissionDenied: 16,
} as const;
export type KvStatus = (typeof KvStatus)[keyof typeof KvStatus];

export interface GetOperation {
  key: Uint8Array;
  readMode: ReadMode;
}

export interface WriteOperation {
  kind: WriteKind;
  key: Uint8Array;
  value: Uint8Array;
  hasExpectedRevision: boolean;
  expectedRevision: number;
  clientId: number;
  sequence: number;
  /** 0: none; then `sequence` and `acknowledged` mean nothing. */
  session: number;
  acknowledged: number;
  /** 0: never. */
  ttlMs: number;
}

export interface OpenSessionOperation {
  partition: number;
}

export interface TransactOperation {
  writes: WriteOperation[];
  session: number;
  sequence: number;
  acknowledged: number;
}

export interface HistoryOperation {
  key: Uint8Array;
  /** 0 for all. */
  limit: number;
  readMode: ReadMode;
}

export const ChangeKind = { Put: 0, Delete: 1, Expire: 2 } as const;
export type ChangeKind = (typeof ChangeKind)[keyof typeof ChangeKind];

export interface KvRevision {
  kind: ChangeKind;
  revision: number;
  version: number;
  timeMs: number;
  expiresAtMs: number;
  valueSizeBytes: number;
  hasValue: boolean;
  value: Uint8Array;
}

export interface WriteResult {
  entry: KvEntry | null;
  found: boolean;
}

export interface ScanOperation {
  partition: number;
  prefix: Uint8Array;
  after: Uint8Array;
  limit: number;
  readMode: ReadMode;
  keysOnly: boolean;
}

/** Exactly one of the operations is set; what came from a socket may have none. */
export interface KvRequest {
  id: number;
  epoch: number;
  timeoutMs: number;
  forwarded: boolean;
  get?: GetOperation | null;
  write?: WriteOperation | null;
  scan?: ScanOperation | null;
  openSession?: OpenSessionOperation | null;
  transact?: TransactOperation | null;
  history?: HistoryOperation | null;
}

export interface KvEntry {
  key: Uint8Array;
  value: Uint8Array;
  revision: number;
  version: number;
  createdAtMs: number;
  updatedAtMs: number;
  valueSizeBytes: number;
  /** 0: never. */
  expiresAtMs: number;
}

export interface KvResponse {
  id: number;
  status: KvStatus;
  message: string;
  leaderId: number;
  leaderAddress: string;
  epoch: number;
  partition: number;
  entry: KvEntry | null;
  entries: readonly KvEntry[];
  more: boolean;
  found: boolean;
  stalenessMs: number;
  session: number;
  revisions: readonly KvRevision[];
  results: readonly WriteResult[];
  conflictAt: number;
}

const NOTHING: readonly never[] = Object.freeze([]);

/** An answer with everything empty. */
export function emptyResponse(id: number, partition: number, epoch: number): KvResponse {
  return {
    id,
    status: KvStatus.Ok,
    message: '',
    leaderId: 0,
    leaderAddress: '',
    epoch,
    partition,
    entry: null,
    entries: NOTHING,
    more: false,
    found: false,
    stalenessMs: 0,
    session: 0,
    revisions: NOTHING,
    results: NOTHING,
    conflictAt: 0,
  };
}

export interface KvRequests {
  requests: KvRequest[];
}

export interface KvResponses {
  responses: KvResponse[];
}

export interface WatchFrom {
  partition: number;
  hasRevision: boolean;
  afterRevision: number;
}

export interface WatchRequest {
  keyPrefix: Uint8Array;
  partitions: WatchFrom[];
  extended: boolean;
}

export const WatchEventType = { Put: 0, Delete: 1 } as const;
export type WatchEventType = (typeof WatchEventType)[keyof typeof WatchEventType];

export const WatchNote = { None: 0, Progress: 1, Compacted: 2 } as const;
export type WatchNote = (typeof WatchNote)[keyof typeof WatchNote];

export interface WatchEvent {
  eventType: WatchEventType;
  key: Uint8Array;
  value: Uint8Array;
  /** The revision. */
  offset: number;
  /** Milliseconds. */
  timestamp: number;
  partition: number;
  version: number;
  expiresAtMs: number;
  expired: boolean;
  note: WatchNote;
}

export interface NodeInfo {
  nodeId: number;
  address: string;
  metricsUrl: string;
}

export interface PartitionInfo {
  partitionId: number;
  leaderId: number;
  replicas: number[];
  term: number;
}

export interface MetadataResponse {
  nodes: NodeInfo[];
  partitions: PartitionInfo[];
  clusterId: string;
  clusterName: string;
  epoch: number;
}
