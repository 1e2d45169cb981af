import { z } from 'zod';
import { MAX_MESSAGE_BYTES, MAX_NODES, MAX_PARTITIONS, MIN_MESSAGE_BYTES } from './limits.ts';

/** Version of the files in a data directory. A newer one is refused, never misread. */
export const DATA_FORMAT_VERSION = 1;

const port = z.number().int().min(1).max(65535);
const nodeId = z.number().int().min(1).max(Number.MAX_SAFE_INTEGER);

/** Ticks and their length. Election timeouts are drawn from [min, max] ticks. */
export const timingSchema = z
  .strictObject({
    tickMs: z.number().int().min(5).max(10_000).default(50),
    heartbeatTicks: z.number().int().min(1).default(1),
    electionTicksMin: z.number().int().min(2).default(6),
    electionTicksMax: z.number().int().min(3).default(12),
  })
  .refine((t) => t.electionTicksMin > t.heartbeatTicks * 2, {
    error: 'electionTicksMin must be more than twice heartbeatTicks, or every late heartbeat starts an election',
  })
  .refine((t) => t.electionTicksMax > t.electionTicksMin, {
    error: 'electionTicksMax must be greater than electionTicksMin, or split votes repeat',
  });
export type Timing = z.infer<typeof timingSchema>;

const count = z.number().int().min(0).max(1_000_000_000);
const KiB = 1024;
const MiB = 1024 * KiB;

/** When a group's log is cut, and how much of what is applied stays for followers that lag a little. */
export const compactionSchema = z
  .strictObject({
    /** A log is cut when it holds more applied entries, or more bytes of them, than this. */
    maxEntries: count.min(1).default(50_000),
    maxBytes: count.min(64 * KiB).default(64 * MiB),
    keepEntries: count.default(10_000),
    keepBytes: count.default(16 * MiB),
  })
  .refine((c) => c.keepEntries < c.maxEntries && c.keepBytes < c.maxBytes, {
    error: 'what is kept must be less than what makes a cut due',
  });
export type Compaction = z.infer<typeof compactionSchema>;

export const memberSchema = z.strictObject({
  id: nodeId,
  /** Where clients and this node's own tools dial it. */
  host: z.string().min(1),
  clientPort: port,
  raftPort: port,
  metricsPort: port,
});
export type Member = z.infer<typeof memberSchema>;

const file = z.string().min(1);

/** What one client may take of a node, so that the others are served beside it. A client is an address. */
export const limitsSchema = z.strictObject({
  /** Of one gRPC message; room for the largest value is the least. */
  messageBytes: z
    .number()
    .int()
    .min(MIN_MESSAGE_BYTES)
    .max(64 * 1024 * 1024)
    .default(MAX_MESSAGE_BYTES),
  connections: z.number().int().min(8).max(100_000).default(4096),
  connectionsPerClient: z.number().int().min(1).max(100_000).default(1024),
  streamsPerConnection: z.number().int().min(1).max(10_000).default(256),
  /** Calls and streams of one client at a time, over all of its connections. */
  callsPerClient: z.number().int().min(1).max(1_000_000).default(8192),
  /** Watchers of events and status, which cost most. */
  observersPerClient: z.number().int().min(1).max(10_000).default(64),
  /** Requests of KvService that are not answered yet, over all streams of a connection. */
  requestsPerConnection: z.number().int().min(1).max(1_000_000).default(4096),
  /** Of those, over all connections. Less than a partition lets wait, so that no client fills that alone. */
  requestBytesPerClient: z
    .number()
    .int()
    .min(MIN_MESSAGE_BYTES)
    .max(1024 * 1024 * 1024)
    .default(24 * 1024 * 1024),
});
export type NodeLimits = z.infer<typeof limitsSchema>;

/**
 * Names of PEM files, which are read again when they change. A node proves which one it is
 * with the DNS name `n<id>.<clusterId>.prkdb` in its Raft certificate.
 */
export const tlsSchema = z
  .strictObject({
    /** The client port. Without it that port speaks plaintext. */
    client: z
      .strictObject({
        cert: file,
        key: file,
        /** Callers must present a certificate of this authority, or of the cluster's own. */
        clientCa: file.optional(),
        /** The authority of the other nodes' certificates here; the cluster's own unless given. */
        serverCa: file.optional(),
      })
      .optional(),
    /** The Raft port: mutual TLS under the cluster's own authority. Without it, plaintext. */
    raft: z.strictObject({ ca: file, cert: file, key: file }).optional(),
  })
  .refine((t) => t.client?.clientCa === undefined || t.raft !== undefined, {
    error: 'clientCa needs raft too: nodes call each other with their Raft certificate',
    path: ['client', 'clientCa'],
  });
export type TlsConfig = z.infer<typeof tlsSchema>;

/** The most first. */
export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export function isLogLevel(text: string): text is LogLevel {
  return (LOG_LEVELS as readonly string[]).includes(text);
}

/** Who may call the client port. The Raft port knows nodes alone, by their certificates. */
export const accessSchema = z.strictObject({
  /**
   * Who may call without a token as long as the cluster has none: nobody, callers on the
   * node's own machine, or everybody. Where the client port asks for certificates, whoever
   * shows one may as well. From the first token on nobody may, anywhere.
   */
  anonymous: z.enum(['loopback', 'everywhere', 'nobody']).default('loopback'),
  /** A file with a token for administration, the same one on every node: it is there before the cluster is. */
  adminTokenFile: file.optional(),
});
export type AccessConfig = z.infer<typeof accessSchema>;

/**
 * Everything one node process needs to start: the file that `prkdb node run`
 * reads and that the supervisor writes. Members and partition counts are the genesis
 * of the cluster; every founding node must be given the same. A node with `join` names only
 * itself as a member and learns the rest.
 */
export const nodeConfigSchema = z
  .strictObject({
    formatVersion: z.literal(DATA_FORMAT_VERSION).default(DATA_FORMAT_VERSION),
    clusterId: z.string().min(1).max(64),
    clusterName: z.string().min(1).max(64),
    nodeId,
    dataDir: z.string().min(1),
    /** The address to bind. Loopback unless asked otherwise. */
    bindHost: z.string().min(1).default('127.0.0.1'),
    members: z.array(memberSchema).min(1).max(MAX_NODES),
    /** Both are facts of the founding; a node that joins learns them from the cluster. */
    partitions: z.number().int().min(0).max(MAX_PARTITIONS).default(0),
    replicationFactor: z.number().int().min(0).max(MAX_NODES).default(0),
    /** Nodes of a cluster that this one is to become a member of: where their clients dial them. */
    join: z.array(z.string().min(1)).min(1).optional(),
    /**
     * More nodes to ask who the members are, as clients dial them: for a node that was away so
     * long that it knows none of those that there are now.
     */
    seeds: z.array(z.string().min(1)).optional(),
    /** The member whose place this one takes when it joins. */
    replaces: nodeId.optional(),
    /** A file with a token for administration, for joining a cluster that asks for one. */
    joinTokenFile: file.optional(),
    timing: timingSchema.default({ tickMs: 50, heartbeatTicks: 1, electionTicksMin: 6, electionTicksMax: 12 }),
    compaction: compactionSchema.prefault({}),
    tls: tlsSchema.optional(),
    access: accessSchema.optional(),
    /** Each limit that is not given has its default. */
    limits: limitsSchema.optional(),
    /** Whether ClusterService.SetFaults is allowed. */
    faultsEnabled: z.boolean().default(false),
    logLevel: z.enum(LOG_LEVELS).default('info'),
  })
  .superRefine((config, context) => {
    const ids = config.members.map((m) => m.id);
    if (new Set(ids).size !== ids.length) {
      context.addIssue({ code: 'custom', message: 'two members have the same id', path: ['members'] });
    }
    if (!ids.includes(config.nodeId)) {
      context.addIssue({
        code: 'custom',
        message: `node ${config.nodeId} is not one of the members`,
        path: ['nodeId'],
      });
    }
    if (config.tls?.raft !== undefined && !/^[A-Za-z0-9][A-Za-z0-9.-]*$/.test(config.clusterId)) {
      context.addIssue({
        code: 'custom',
        message: 'with TLS between nodes it becomes part of a DNS name: use letters, digits, dots and hyphens',
        path: ['clusterId'],
      });
    }
    for (const field of ['partitions', 'replicationFactor'] as const) {
      if (config[field] > 0 || config.join !== undefined) continue;
      const message = `it is 1 or more; only a node with \`join\` learns it from its cluster`;
      context.addIssue({ code: 'custom', message, path: [field] });
    }
    if (config.join === undefined && config.replicationFactor > ids.length) {
      context.addIssue({
        code: 'custom',
        message: `a replication factor of ${config.replicationFactor} needs as many members; there are ${ids.length}`,
        path: ['replicationFactor'],
      });
    }
  });
export type NodeConfig = z.infer<typeof nodeConfigSchema>;
