/** The messages of proto/cluster.proto as they are in memory. */

export interface TimingConfig {
  tickMs: number;
  heartbeatTicks: number;
  electionTicksMin: number;
  electionTicksMax: number;
}

export type GroupRole = 'leader' | 'follower' | 'candidate' | 'preCandidate' | 'learner';

export interface ReplicaProgress {
  nodeId: number;
  matchIndex: number;
  nextIndex: number;
  state: 'probe' | 'replicate' | 'snapshot';
  inFlight: number;
  recentlyActive: boolean;
  /** How much of the snapshot on its way to it was sent, 0 to 1; undefined while there is none. */
  snapshotShare?: number | undefined;
}

export interface GroupStatus {
  /** Undefined for the system group. */
  partition?: number | undefined;
  group: number;
  role: GroupRole;
  term: number;
  votedFor: number;
  leader: number;
  commitIndex: number;
  lastLogIndex: number;
  appliedIndex: number;
  firstLogIndex: number;
  persistedIndex: number;
  voters: number[];
  learners: number[];
  progress: ReplicaProgress[];
  pendingProposals: number;
  electionTimeoutLeftMs: number;
  keyCount: number;
  /** Not empty while the group changes its members: then these have to agree too. */
  votersOutgoing?: number[];
  /** Leader only: a majority knows durably who the members are, so that whoever is none is needed by nobody. */
  membershipSettled?: boolean;
}

export interface PeerStatus {
  nodeId: number;
  address: string;
  connected: boolean;
  lastHeardMsAgo: number;
  roundTripMs: number;
  state: 'live' | 'suspect' | 'cut';
}

export interface Counters {
  writes: number;
  reads: number;
  failed: number;
  electionsStarted: number;
  electionsWon: number;
  /** Counts per bucket; see latency.ts for the bounds. */
  writeLatencyBuckets: number[];
  cpuSeconds: number;
  memoryBytes: number;
  logBytes: number;
  stateBytes: number;
}

export interface LinkFault {
  toNodeId: number;
  cut: boolean;
  delayMs: number;
  drop: number;
}

export interface Faults {
  links: LinkFault[];
  diskDelayMs: number;
  /** What the Raft log may grow to; 0: no limit. */
  logLimitBytes: number;
  /** The same of the state machine. */
  stateLimitBytes: number;
  /** They end by themselves so long after they were set; 0 or none: they stay until they are replaced. */
  leaseMs?: number;
}

export interface NodeStatus {
  nodeId: number;
  clusterId: string;
  clusterName: string;
  version: string;
  pid: number;
  address: string;
  metricsUrl: string;
  startedAtMs: number;
  timeMs: number;
  epoch: number;
  groups: GroupStatus[];
  peers: PeerStatus[];
  counters: Counters | null;
  faults: Faults | null;
  storageError: string;
  faultsEnabled: boolean;
  timing: TimingConfig | null;
  /** debug, info, warn or error; empty from a node that does not say. */
  logLevel: string;
}

export type ClusterEventKind =
  | 'roleChanged'
  | 'voteGranted'
  | 'voteRejected'
  | 'electionStarted'
  | 'electionWon'
  | 'electionLost'
  | 'leaderLost'
  | 'leaderKnown'
  | 'steppedDown'
  | 'peerSuspect'
  | 'peerLive'
  | 'caughtUp'
  | 'logCompacted'
  | 'snapshotNeeded'
  | 'snapshotStarted'
  | 'snapshotSent'
  | 'snapshotFailed'
  | 'snapshotRestored'
  | 'membershipChanged'
  | 'membershipRefused'
  | 'transferStarted'
  | 'transferFailed'
  | 'storageFailed'
  | 'storageRecovered'
  | 'nodeStarted'
  | 'nodeStopping'
  | 'faultsChanged'
  | 'accessRefused'
  /** The routing table has a new epoch; `index` is the epoch, the detail says why where that is known. */
  | 'membersChanged'
  /** `index` partitions are on their way to other nodes now. */
  | 'partitionsMoving'
  /** This node holds a replica that it did not hold. */
  | 'replicaAdded'
  /** This node has deleted a replica that it shall not hold any more. */
  | 'replicaRemoved'
  /** This node is no member any more, and stops. */
  | 'nodeRemoved'
  /** A node was not let in as a peer, or did not let this one in. */
  | 'peerRefused';

export interface ClusterEvent {
  sequence: number;
  timeMs: number;
  nodeId: number;
  group: number;
  partition?: number | undefined;
  kind: ClusterEventKind;
  term: number;
  peer: number;
  voters: number[];
  detail: string;
  durationMs: number;
  index: number;
}

export interface Observation {
  events: ClusterEvent[];
  status: NodeStatus | null;
}

export interface TransferRequest {
  /** Undefined for the system group. */
  partition?: number | undefined;
  toNodeId: number;
}

export interface StopRequest {
  token: string;
  /** The other nodes are about to stop too. */
  withCluster: boolean;
}

export interface LogRequest {
  /** Undefined for the system group. */
  partition?: number | undefined;
  fromIndex: number;
  limit: number;
}

export interface LogEntry {
  index: number;
  term: number;
  type: 'normal' | 'confChange';
  sizeBytes: number;
}

/** The end of one group's log without its data, and the group's state at that moment. */
export interface LogTail {
  status: GroupStatus | null;
  /** Contiguous, oldest first, up to `status.persistedIndex`. */
  entries: LogEntry[];
  timeMs: number;
}

export interface CreateTokenRequest {
  /** 16 hexadecimal digits. */
  id: string;
  sha256: Uint8Array;
  name: string;
  right: string;
  /** 0: it does not expire. */
  ttlMs: number;
}

export interface TokenInfo {
  id: string;
  name: string;
  right: string;
  createdAtMs: number;
  /** 0: never. */
  expiresAtMs: number;
}

export interface RevokeTokenRequest {
  id: string;
}

export interface ExportRequest {
  partition: number;
}

export interface ExportStart {
  partition: number;
  /** Of the cluster. */
  partitions: number;
  epoch: number;
  index: number;
  revision: number;
  keyCount: number;
}

export interface ExportedRow {
  key: Uint8Array;
  value: Uint8Array;
  revision: number;
  version: number;
  createdAtMs: number;
  updatedAtMs: number;
  /** When the key goes by itself; 0: never. */
  expiresAtMs: number;
}

export interface ExportPart {
  /** In the first part alone. */
  start: ExportStart | null;
  rows: ExportedRow[];
  /** In the last part; a stream that ends without it was broken. */
  end: boolean;
}

export interface Member {
  id: number;
  host: string;
  clientPort: number;
  raftPort: number;
  metricsPort: number;
  /** joining, active, leaving */
  state: string;
  incarnation: string;
}

export interface PartitionReplicas {
  partition: number;
  replicas: number[];
}

export type MovePhase = 'copying' | 'switching' | 'leading' | 'unknown';

/** A group that is not yet as the routing table wants it. */
export interface Move {
  /** Undefined for the system group. */
  partition?: number | undefined;
  wanted: number[];
  voters: number[];
  learners: number[];
  phase: MovePhase;
  behindNode: number;
  behindEntries: number;
}

export interface MembersResponse {
  clusterId: string;
  clusterName: string;
  epoch: number;
  layoutEpoch: number;
  replicationFactor: number;
  balance: string;
  members: Member[];
  removed: number[];
  partitions: PartitionReplicas[];
  /** Only where `fromLeader` is set. */
  moves: Move[];
  fromLeader: boolean;
}

export interface AddMemberRequest {
  member: Member | null;
  replaces: number;
  forwarded: boolean;
  clusterId: string;
}

export interface RemoveMemberRequest {
  id: number;
  force: boolean;
  forwarded: boolean;
}

export interface ReplaceMemberRequest {
  oldId: number;
  newId: number;
  forwarded: boolean;
}
