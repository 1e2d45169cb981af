import { z } from 'zod';
import { activeFaultSchema, sendFaultSchema } from './faults.ts';

/** Bytes travel as base64, since both carriers speak JSON. */
export const bytesSchema = z.base64();

export const nodeStateSchema = z.enum(['live', 'suspect', 'paused', 'partitioned', 'dead', 'stopped']);
export type NodeState = z.infer<typeof nodeStateSchema>;

export const clusterStateSchema = z.enum([
  'starting',
  'running',
  'degraded',
  'partitioned',
  'noQuorum',
  'stopped',
  'unreachable',
]);
export type ClusterState = z.infer<typeof clusterStateSchema>;

export const readModeSchema = z.enum(['linearizable', 'follower', 'stale']);
export type ReadMode = z.infer<typeof readModeSchema>;

export const environmentSchema = z.enum(['dev', 'staging', 'production']);
export type Environment = z.infer<typeof environmentSchema>;

export const remoteKindSchema = z.enum(['prkdb', 'etcd']);
export type RemoteKind = z.infer<typeof remoteKindSchema>;

/** What a driver can tell and do beyond what every one can; screens say plainly what is not here. */
export const capabilitySchema = z.enum([
  'raftState',
  'keyHistory',
  'leases',
  'members',
  'access',
  'liveEvents',
  'moveLeaders',
  'keyTtl',
]);
export type Capability = z.infer<typeof capabilitySchema>;

/** Of a cluster that is reached by a profile. */
export const remoteSummarySchema = z.object({
  profileId: z.string(),
  group: z.string().nullable(),
  color: z.string().nullable(),
  /** TLS without looking at certificates, as the profile says: whoever is in between can read and change everything. */
  isUnverified: z.boolean(),
  /** Writing wants the name of the cluster typed first. */
  writesLocked: z.boolean(),
  /** When anything was last heard from the cluster; null before the first word. */
  heardAtMs: z.number().nullable(),
  /** Why nothing is heard, and what to do. */
  problem: z.object({ message: z.string(), hint: z.string().nullable() }).nullable(),
  capabilities: z.array(capabilitySchema),
  /** Addresses of the profile that are of no use, and why, while others are. */
  endpointProblems: z.array(z.object({ address: z.string(), message: z.string(), hint: z.string().nullable() })),
});
export type RemoteSummary = z.infer<typeof remoteSummarySchema>;

/** A cluster as the sidebar lists it. */
export const clusterSummarySchema = z.object({
  name: z.string(),
  kind: z.enum(['local', 'prkdb', 'etcd']),
  state: clusterStateSchema,
  nodeCount: z.number(),
  nodesUp: z.number(),
  partitionCount: z.number(),
  replicationFactor: z.number(),
  /** Who owns the processes: 'app' is this application, 'other' another one, 'detached' nobody. */
  owner: z.enum(['app', 'other', 'detached', 'none']),
  readOnly: z.boolean(),
  environment: environmentSchema.nullable(),
  /** When the state last changed, for "stopped 2 d ago". */
  sinceMs: z.number(),
  dataDir: z.string().nullable(),
  /** Null for local clusters. */
  remote: remoteSummarySchema.nullable(),
});
export type ClusterSummary = z.infer<typeof clusterSummarySchema>;

export const groupRoleSchema = z.enum(['leader', 'follower', 'candidate', 'preCandidate', 'learner']);
export type GroupRole = z.infer<typeof groupRoleSchema>;

/** One replica: what one node says of one partition. */
export const replicaSchema = z.object({
  partition: z.number(),
  role: groupRoleSchema,
  term: z.number(),
  votedFor: z.number(),
  leader: z.number(),
  commitIndex: z.number(),
  lastLogIndex: z.number(),
  appliedIndex: z.number(),
  /** As the leader sees it; null when there is none to ask. */
  matchIndex: z.number().nullable(),
  /** Null where nobody counts them. */
  keyCount: z.number().nullable(),
});
export type Replica = z.infer<typeof replicaSchema>;

export const peerLinkSchema = z.object({
  to: z.number(),
  connected: z.boolean(),
  /** In either direction. */
  cut: z.boolean(),
  roundTripMs: z.number().nullable(),
  /** The fault on what this node sends over it; null for none. */
  sends: sendFaultSchema.nullable(),
});

export const nodeViewSchema = z.object({
  id: z.number(),
  name: z.string(),
  state: nodeStateSchema,
  pid: z.number().nullable(),
  host: z.string(),
  clientPort: z.number(),
  raftPort: z.number(),
  metricsUrl: z.string(),
  startedAtMs: z.number().nullable(),
  /** When `state` began. */
  sinceMs: z.number(),
  cpuPercent: z.number().nullable(),
  memoryBytes: z.number().nullable(),
  opsPerSecond: z.number().nullable(),
  /** The last 30 values of opsPerSecond, oldest first, for the spark line. */
  opsHistory: z.array(z.number()),
  dataBytes: z.number().nullable(),
  exit: z
    .object({
      signal: z.string().nullable(),
      code: z.number().nullable(),
      by: z.enum(['app', 'command', 'none']),
      atMs: z.number(),
    })
    .nullable(),
  storageError: z.string().nullable(),
  /** By a fault, added to each write to its log's disk; 0 for none. */
  diskDelayMs: z.number(),
  /** When this node's own word was last heard; null before the first. Older than 2 s is stale. */
  heardAtMs: z.number().nullable(),
  /** How long it took over its last answer, where it is asked again and again. */
  answerMs: z.number().nullable().optional(),
  replicas: z.array(replicaSchema),
  links: z.array(peerLinkSchema),
  /** From its metrics, where nothing better tells; sums over its partitions. */
  raftCounters: z
    .object({
      electionsWon: z.number().nullable(),
      heartbeatsFailed: z.number().nullable(),
      snapshotIndex: z.number().nullable(),
    })
    .nullable()
    .optional(),
});
export type NodeView = z.infer<typeof nodeViewSchema>;

/** One partition, judged from what its live replicas say. */
export const partitionViewSchema = z.object({
  partition: z.number(),
  /** 0 when there is none. A leader counts only while a quorum of replicas is up and it holds the highest term. */
  leader: z.number(),
  term: z.number(),
  replicas: z.array(z.number()),
  commitIndex: z.number(),
  hasQuorum: z.boolean(),
  /** Replicas not live. */
  replicasDown: z.number(),
  /** When `leader` was won by the present one, to mark it "new leader" for 10 s. */
  leaderSinceMs: z.number().nullable(),
  /** When the partition lost its leader; null while it has one. */
  leaderlessSinceMs: z.number().nullable(),
});
export type PartitionView = z.infer<typeof partitionViewSchema>;

/** Neighbouring entries of a Raft log that have one term, both ends included. */
export const logRunSchema = z.object({ fromIndex: z.number(), toIndex: z.number(), term: z.number() });
export type LogRun = z.infer<typeof logRunSchema>;

/** What a leader knows of one follower. */
export const followerProgressSchema = z.object({
  node: z.number(),
  matchIndex: z.number(),
  nextIndex: z.number(),
  state: z.enum(['probe', 'replicate', 'snapshot']),
  /** Appends sent and not yet answered. */
  inFlight: z.number(),
  recentlyActive: z.boolean(),
  /** How much of the snapshot on its way to it was sent, 0 to 1; undefined while there is none. */
  snapshotShare: z.number().optional(),
});
export type FollowerProgress = z.infer<typeof followerProgressSchema>;

/** One replica's Raft state in its own words. */
export const raftWordSchema = z.object({
  role: groupRoleSchema,
  term: z.number(),
  votedFor: z.number(),
  leader: z.number(),
  commitIndex: z.number(),
  appliedIndex: z.number(),
  firstLogIndex: z.number(),
  lastLogIndex: z.number(),
  /** Up to here its log is on its disk. */
  persistedIndex: z.number(),
  /** Until it stands for election; 0 for a leader and for a learner. */
  electionLeftMs: z.number(),
  /** Leaders only, one for each other member. */
  progress: z.array(followerProgressSchema),
});
export type RaftWord = z.infer<typeof raftWordSchema>;

export const inspectedReplicaSchema = z.object({
  node: z.number(),
  name: z.string(),
  state: nodeStateSchema,
  /** When `state` began. */
  sinceMs: z.number(),
  /** Who ended the process; null while it exists or when it never did. */
  endedBy: z.enum(['app', 'command', 'none']).nullable(),
  /** The last that was heard, which may be old when the node is not live; null before the first. */
  word: raftWordSchema.nullable(),
  heardAtMs: z.number().nullable(),
  /** The terms of the end of its log, as far as they are known, oldest first; empty until it was read. */
  log: z.array(logRunSchema),
});
export type InspectedReplica = z.infer<typeof inspectedReplicaSchema>;

/** Something a replica did or noticed; see ClusterEvent in proto/cluster.proto. */
export const raftEventSchema = z.object({
  timeMs: z.number(),
  node: z.number(),
  kind: z.enum([
    'roleChanged',
    'voteGranted',
    'voteRejected',
    'electionStarted',
    'electionWon',
    'electionLost',
    'leaderLost',
    'leaderKnown',
    'steppedDown',
    'caughtUp',
  ]),
  term: z.number(),
  /** The other node: candidate, new leader or peer, by kind; 0 for none. */
  peer: z.number(),
  /** Who granted, for electionWon. */
  voters: z.array(z.number()),
  detail: z.string(),
});
export type RaftEvent = z.infer<typeof raftEventSchema>;

/** One partition for the Raft inspector, as of one moment. */
export const partitionLiveSchema = z.object({
  timeMs: z.number(),
  partition: partitionViewSchema,
  voters: z.array(z.number()),
  learners: z.array(z.number()),
  /** The longest an election timer can be set to. */
  electionTimeoutMs: z.number(),
  heartbeatMs: z.number(),
  replicas: z.array(inspectedReplicaSchema),
  /** Pairs of replicas between which a fault cuts the link. */
  cuts: z.array(z.object({ a: z.number(), b: z.number() })),
  /** The last ones of this partition, oldest first. */
  events: z.array(raftEventSchema),
});
export type PartitionLive = z.infer<typeof partitionLiveSchema>;

export const loadViewSchema = z.object({
  clients: z.number(),
  readPercent: z.number(),
  startedAtMs: z.number(),
  acknowledged: z.number(),
  retried: z.number(),
  failed: z.number(),
});
export type LoadView = z.infer<typeof loadViewSchema>;

/** What etcd says beyond roles and terms. */
export const etcdViewSchema = z.object({
  /** Hexadecimal, as etcdctl writes it. */
  clusterId: z.string(),
  revision: z.number(),
  alarms: z.array(z.object({ node: z.number(), alarm: z.enum(['noSpace', 'corrupt']) })),
  /** Figures are null while the member does not answer. */
  members: z.array(
    z.object({
      node: z.number(),
      id: z.string(),
      isLearner: z.boolean(),
      peerUrls: z.array(z.string()),
      clientUrls: z.array(z.string()),
      version: z.string().nullable(),
      dbSizeBytes: z.number().nullable(),
      dbInUseBytes: z.number().nullable(),
      /** What the member complains about, in its own words. */
      errors: z.array(z.string()),
      /** Why it does not answer. */
      problem: z.string().nullable(),
      /** From its /metrics, where that can be read. */
      metrics: z
        .object({
          leaderChanges: z.number().nullable(),
          proposalsPending: z.number().nullable(),
          proposalsFailed: z.number().nullable(),
          walFsyncMeanMs: z.number().nullable(),
          backendCommitMeanMs: z.number().nullable(),
          /** What its database may grow to. */
          quotaBytes: z.number().nullable().optional(),
        })
        .nullable(),
    }),
  ),
});
export type EtcdView = z.infer<typeof etcdViewSchema>;

/** Everything the cluster's screens draw, as of one moment. */
export const clusterViewSchema = z.object({
  summary: clusterSummarySchema,
  timeMs: z.number(),
  nodes: z.array(nodeViewSchema),
  partitions: z.array(partitionViewSchema),
  load: loadViewSchema.nullable(),
  /** In the order they were asked for. */
  faults: z.array(activeFaultSchema),
  /** Null for every other kind. */
  etcd: etcdViewSchema.nullable(),
});
export type ClusterView = z.infer<typeof clusterViewSchema>;

/** One point of the charts. Rates are over the time since the previous sample. */
export const sampleSchema = z.object({
  timeMs: z.number(),
  writesPerSecond: z.number().nullable(),
  readsPerSecond: z.number().nullable(),
  writeP50Ms: z.number().nullable(),
  writeP99Ms: z.number().nullable(),
  /** Sums over the partitions. */
  committed: z.number(),
  applied: z.number(),
  /** Per partition, by number: the term and the leader (0 for none). */
  terms: z.array(z.number()),
  leaders: z.array(z.number()),
});
export type Sample = z.infer<typeof sampleSchema>;

/** A sentence of the feed. `parts` joined is the sentence; strong parts are names. */
export const storyEventSchema = z.object({
  id: z.string(),
  timeMs: z.number(),
  kind: z.enum([
    'fault',
    'suspect',
    'candidate',
    'splitVote',
    'elected',
    'leaderless',
    'handover',
    'recovered',
    'started',
    'stopped',
    'paused',
    'resumed',
    'load',
    'notice',
    'error',
  ]),
  parts: z.array(z.object({ text: z.string(), strong: z.boolean() })),
  node: z.number().nullable(),
  partition: z.number().nullable(),
  term: z.number().nullable(),
  /** The fault this belongs to (its id), and the time since it. */
  storyId: z.string().nullable(),
  offsetMs: z.number().nullable(),
});
export type StoryEvent = z.infer<typeof storyEventSchema>;

export const keyMetaSchema = z.object({
  key: bytesSchema,
  partition: z.number(),
  revision: z.number(),
  version: z.number(),
  /** Null where a list does not say it, and of keys whose store keeps no such times (etcd). */
  valueSizeBytes: z.number().nullable(),
  createdAtMs: z.number().nullable(),
  updatedAtMs: z.number().nullable(),
  /** When the key goes by itself; null or left out: it stays. */
  expiresAtMs: z.number().nullable().optional(),
});
export type KeyMeta = z.infer<typeof keyMetaSchema>;

export const keyEntrySchema = keyMetaSchema.extend({ value: bytesSchema });
export type KeyEntry = z.infer<typeof keyEntrySchema>;

export const clusterSpecSchema = z.strictObject({
  name: z
    .string()
    .min(1, 'Give the cluster a name.')
    .max(32, 'A name has at most 32 characters.')
    .regex(/^[a-z][a-z0-9-]*$/, 'A name begins with a letter and has only a-z, 0-9 and hyphens.'),
  nodes: z.number().int().min(1, 'At least 1 node.').max(9, 'At most 9 nodes.'),
  partitions: z.number().int().min(1, 'At least 1 partition.').max(256, 'At most 256 partitions.'),
  replicationFactor: z.number().int().min(1, 'At least 1 copy.').max(9, 'At most 9 copies.'),
  basePort: z.number().int().min(1024, 'Use a port from 1024 on.').max(65000, 'Use a port up to 65000.').nullable(),
  dataDir: z.string().nullable(),
  /** TLS on all ports but that of the metrics, with certificates of its own. */
  tls: z.boolean().optional(),
});
export type ClusterSpecInput = z.infer<typeof clusterSpecSchema>;

/** What would start, and what stands in the way, field by field. */
export const specCheckSchema = z.object({
  problems: z.array(
    z.object({
      field: z.enum(['name', 'nodes', 'partitions', 'replicationFactor', 'basePort', 'dataDir']),
      message: z.string(),
    }),
  ),
  basePort: z.number(),
  clientPorts: z.array(z.number()),
  raftPorts: z.array(z.number()),
  dataDir: z.string(),
  freeBytes: z.number().nullable(),
  /** placement[p]: replicas of partition p, the preferred leader first. */
  placement: z.array(z.array(z.number())),
  memoryEstimateBytes: z.number(),
  toleratedFailures: z.number(),
  command: z.string(),
});
export type SpecCheck = z.infer<typeof specCheckSchema>;

export const appInfoSchema = z.object({
  version: z.string(),
  host: z.enum(['electron', 'browser']),
  platform: z.string(),
  home: z.string(),
  /** For "This computer": of all node processes of this machine that we started. */
  nodeProcesses: z.number(),
  cpuPercent: z.number().nullable(),
  memoryBytes: z.number(),
});
export type AppInfo = z.infer<typeof appInfoSchema>;
