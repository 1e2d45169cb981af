import { z } from 'zod';
import { bulkKeyCommands, bulkKeyQueries, keySubscriptions } from './bulk-keys.ts';
import { copyCommands, copySubscriptions } from './copies.ts';
import {
  drillChoiceSchema,
  drillComparisonSchema,
  drillFileSchema,
  drillLiveSchema,
  drillReportSchema,
  drillSummarySchema,
} from './drills.ts';
import { faultRequestSchema } from './faults.ts';
import {
  appInfoSchema,
  bytesSchema,
  clusterSpecSchema,
  clusterSummarySchema,
  clusterViewSchema,
  keyEntrySchema,
  keyMetaSchema,
  partitionLiveSchema,
  readModeSchema,
  sampleSchema,
  specCheckSchema,
  storyEventSchema,
} from './model.ts';
import { alertSchema, fleetSchema, monitorSettingsSchema, noticeSchema } from './monitor.ts';
import { raftRecordSchema } from './recording.ts';
import {
  connectionReportSchema,
  etcdAccessSchema,
  etcdActionSchema,
  keyHistorySchema,
  profileDraftSchema,
  profileSchema,
  profilesSchema,
} from './remote.ts';

const cluster = z.strictObject({ cluster: z.string() });
const node = z.strictObject({ cluster: z.string(), node: z.number().int() });
const nothing = z.strictObject({});
const done = z.object({});
const profileId = z.strictObject({ id: z.string().max(64) });
const drillId = z.strictObject({ id: z.string().max(64) });

/**
 * All that the renderer can ask of the backend. Both carriers (Electron IPC and the
 * browser host's WebSocket) check every input and output against these schemas.
 * A query changes nothing; a command may; a subscription sends until it is ended.
 */
export const contract = {
  queries: {
    'app.info': { input: nothing, output: appInfoSchema },
    'clusters.list': { input: nothing, output: z.array(clusterSummarySchema) },
    'clusters.check': { input: clusterSpecSchema, output: specCheckSchema },
    'cluster.view': { input: cluster, output: clusterViewSchema },
    /** Chart points in [fromMs, toMs], thinned to at most maxPoints. */
    'cluster.history': {
      input: z.strictObject({
        cluster: z.string(),
        fromMs: z.number(),
        toMs: z.number(),
        maxPoints: z.number().int().min(1).max(5000),
      }),
      output: z.array(sampleSchema),
    },
    'cluster.events': {
      input: z.strictObject({ cluster: z.string(), limit: z.number().int().min(1).max(2000) }),
      output: z.array(storyEventSchema),
    },
    'node.logs': {
      input: z.strictObject({ cluster: z.string(), node: z.number().int(), lines: z.number().int().min(1).max(2000) }),
      output: z.object({ lines: z.array(z.string()) }),
    },
    /** The parts of the recording of a cluster's partitions, oldest first; the last may still grow. */
    'raft.segments': {
      input: cluster,
      output: z.array(z.object({ id: z.number(), sizeBytes: z.number() })),
    },
    /** What of a segment concerns one partition, from `after` (0 first) on; go on with `after` until `isEnd`. */
    'raft.records': {
      input: z.strictObject({
        cluster: z.string(),
        partition: z.number().int().min(0),
        segment: z.number().int().min(0),
        after: z.number().int().min(0),
      }),
      output: z.object({ records: z.array(raftRecordSchema), after: z.number(), isEnd: z.boolean() }),
    },
    /** Keys in order, at most `limit`; go on with `next` until it is null. */
    'keys.scan': {
      input: z.strictObject({
        cluster: z.string(),
        prefix: bytesSchema,
        after: bytesSchema,
        limit: z.number().int().min(1).max(1000),
        readMode: readModeSchema,
      }),
      output: z.object({ keys: z.array(keyMetaSchema), next: bytesSchema.nullable(), costMs: z.number() }),
    },
    'keys.get': {
      input: z.strictObject({ cluster: z.string(), key: bytesSchema, readMode: readModeSchema }),
      output: z.object({
        entry: keyEntrySchema.nullable(),
        partition: z.number(),
        leader: z.number(),
        costMs: z.number(),
        stalenessMs: z.number().nullable(),
      }),
    },
    /** The versions of a key, back to its creation or to what is kept; where the cluster keeps any. */
    'keys.history': {
      input: z.strictObject({ cluster: z.string(), key: bytesSchema, limit: z.number().int().min(1).max(200) }),
      output: keyHistorySchema,
    },
    /** The lease of a key and how long it lasts; null for a key without. */
    'keys.lease': {
      input: z.strictObject({ cluster: z.string(), key: bytesSchema }),
      output: z.object({ id: z.string(), ttlSeconds: z.number(), grantedTtlSeconds: z.number() }).nullable(),
    },
    /** Users and roles, as far as the user of the profile may read them. */
    'etcd.access': { input: cluster, output: etcdAccessSchema },
    'profiles.list': { input: nothing, output: profilesSchema },
    /** Tries to connect, step by step, and changes nothing. `id`: whose saved secret to use. */
    'profiles.test': {
      input: z.strictObject({ id: z.string().max(64).nullable(), draft: profileDraftSchema }),
      output: connectionReportSchema,
    },
    /** A file without secrets. */
    'profiles.export': { input: nothing, output: drillFileSchema },
    ...bulkKeyQueries,
    'monitor.settings': { input: nothing, output: monitorSettingsSchema },
    'drills.report': { input: drillId, output: drillReportSchema },
    'drills.compare': {
      input: z.strictObject({ first: z.string().max(64), second: z.string().max(64) }),
      output: drillComparisonSchema,
    },
    'drills.export': {
      input: drillId.extend({ format: z.enum(['markdown', 'json']) }),
      output: drillFileSchema,
    },
  },
  commands: {
    'clusters.create': { input: clusterSpecSchema, output: clusterSummarySchema },
    /** A cluster whose folder is elsewhere on the computer of the backend, such as another home's; it is not started. */
    'clusters.import': {
      input: z.strictObject({ directory: z.string().min(1).max(4096), name: clusterSpecSchema.shape.name.nullable() }),
      output: clusterSummarySchema,
    },
    'cluster.start': { input: cluster, output: done },
    'cluster.stop': { input: cluster, output: done },
    'cluster.remove': { input: cluster, output: done },
    /** One that this app runs is stopped, renamed and started again. */
    'cluster.rename': {
      input: z.strictObject({ cluster: z.string(), name: clusterSpecSchema.shape.name }),
      output: done,
    },
    'node.start': { input: node, output: done },
    'node.kill': { input: node, output: done },
    /** One more node; it gets its share of the partitions by itself. Answered with its id when its process exists. */
    'node.add': { input: cluster, output: z.strictObject({ node: z.number().int() }) },
    /**
     * Answered once the cluster has agreed: the node gives away what it holds, and then ends.
     * `force`: also one that does not answer, or that the replication factor needs.
     */
    'node.remove': { input: node.extend({ force: z.boolean(), deleteData: z.boolean() }), output: done },
    /**
     * An empty node takes the place of this one, whose data is then deleted: under its own name a
     * node without its log could vote twice. Answered with the new one's id when it is a member;
     * the copies follow.
     */
    'node.wipe': { input: node, output: z.strictObject({ node: z.number().int() }) },
    'node.handOver': { input: node, output: done },
    /** Asks a replica to take over the leadership of a partition. Answered once it was asked. */
    'partition.transfer': {
      input: z.strictObject({ cluster: z.string(), partition: z.number().int().min(0), to: z.number().int() }),
      output: done,
    },
    'node.pause': { input: node, output: done },
    'node.resume': { input: node, output: done },
    'node.restart': { input: node, output: done },
    /** Cuts every link between this node and the others, both ways, until it is healed. */
    'node.isolate': { input: node, output: done },
    /** Answered once every node that runs suffers its part. Refused while a drill runs. */
    'fault.start': { input: z.strictObject({ cluster: z.string(), fault: faultRequestSchema }), output: done },
    /** Ends one fault by its id; one that has ended meanwhile is no error. */
    'fault.end': { input: z.strictObject({ cluster: z.string(), id: z.string().max(64) }), output: done },
    /** Ends every fault of the cluster that is not a pause. */
    'cluster.heal': { input: cluster, output: done },
    'load.start': {
      input: z.strictObject({
        cluster: z.string(),
        clients: z.number().int().min(1).max(256),
        readPercent: z.number().int().min(0).max(100),
      }),
      output: done,
    },
    'load.stop': { input: cluster, output: done },
    /** Answered once the drill has begun; refused when the cluster is not whole. */
    'drills.start': { input: drillChoiceSchema, output: done },
    /** Answered when the cluster is in order again. */
    'drills.cancel': { input: cluster, output: done },
    'drills.delete': { input: drillId, output: done },
    /** Adds (id null) or changes a profile, and connects. Refused while its kind is not known and nobody answers. */
    'profiles.save': {
      input: z.strictObject({ id: z.string().max(64).nullable(), draft: profileDraftSchema }),
      output: profileSchema,
    },
    'profiles.remove': { input: profileId, output: done },
    /** Adds the profiles of a file; those whose name is taken are left out and named. */
    'profiles.import': {
      input: z.strictObject({ content: z.string().max(1_000_000) }),
      output: z.object({ added: z.array(z.string()), skipped: z.array(z.string()) }),
    },
    /** What is watched for from now on, all of it. Answered once it is kept. */
    'monitor.configure': { input: monitorSettingsSchema, output: done },
    /** Tries again now instead of after the backoff. */
    'cluster.reconnect': { input: cluster, output: done },
    /** Production clusters take writes for a while after their name was typed. */
    'cluster.allowWrites': {
      input: z.strictObject({ cluster: z.string(), typedName: z.string().max(64) }),
      output: done,
    },
    /** Answered with a sentence about what was done. */
    'etcd.act': {
      input: z.strictObject({ cluster: z.string(), change: etcdActionSchema }),
      output: z.object({ words: z.string() }),
    },
    /** expectedRevision: null writes whatever is there; 0 only if the key is absent; else compare-and-swap. */
    'keys.put': {
      input: z.strictObject({
        cluster: z.string(),
        key: bytesSchema,
        value: bytesSchema,
        expectedRevision: z.number().int().min(0).nullable(),
        /** The key goes by itself after so long; without, or null, it stays. */
        ttlMs: z.number().int().min(1).nullable().optional(),
      }),
      output: z.discriminatedUnion('outcome', [
        z.object({ outcome: z.literal('saved'), entry: keyMetaSchema }),
        z.object({ outcome: z.literal('conflict'), current: keyEntrySchema.nullable() }),
      ]),
    },
    'keys.delete': {
      input: z.strictObject({
        cluster: z.string(),
        key: bytesSchema,
        expectedRevision: z.number().int().min(0).nullable(),
      }),
      output: z.discriminatedUnion('outcome', [
        z.object({ outcome: z.literal('deleted'), found: z.boolean() }),
        z.object({ outcome: z.literal('conflict'), current: keyEntrySchema.nullable() }),
      ]),
    },
    ...bulkKeyCommands,
    ...copyCommands,
  },
  subscriptions: {
    ...keySubscriptions,
    ...copySubscriptions,
    /** The drill that runs on a cluster, and how the last one ended. */
    'drills.live': { input: cluster, message: drillLiveSchema },
    /** Every kept report, newest first, now and after every change, also by the command. */
    'drills.reports': { input: nothing, message: z.array(drillSummarySchema) },
    /** Every cluster side by side, now and every second. */
    fleet: { input: nothing, message: fleetSchema },
    /** What fired and cleared, oldest first: what is kept of it now, then what is new. */
    'monitor.log': { input: nothing, message: z.array(alertSchema) },
    /** What a person should hear of, as it happens. */
    notices: { input: nothing, message: z.array(noticeSchema) },
    /** The list now and after every change. */
    clusters: { input: nothing, message: z.array(clusterSummarySchema) },
    /**
     * The view now, at most ten times a second afterwards, and at once when a role,
     * term or state changed; samples and sentences as they come.
     */
    'cluster.live': {
      input: cluster,
      message: z.object({
        view: clusterViewSchema.optional(),
        samples: z.array(sampleSchema).optional(),
        events: z.array(storyEventSchema).optional(),
      }),
    },
    /**
     * One partition from the inside, now and at most ten times a second afterwards, and at
     * once when a role or term changed.
     */
    'partition.live': {
      input: z.strictObject({ cluster: z.string(), partition: z.number().int().min(0) }),
      message: partitionLiveSchema,
    },
  },
} as const;

export type Contract = typeof contract;
export type QueryName = keyof Contract['queries'];
export type CommandName = keyof Contract['commands'];
export type SubscriptionName = keyof Contract['subscriptions'];

export type QueryInput<N extends QueryName> = z.input<Contract['queries'][N]['input']>;
export type QueryOutput<N extends QueryName> = z.output<Contract['queries'][N]['output']>;
export type CommandInput<N extends CommandName> = z.input<Contract['commands'][N]['input']>;
export type CommandOutput<N extends CommandName> = z.output<Contract['commands'][N]['output']>;
export type SubscriptionInput<N extends SubscriptionName> = z.input<Contract['subscriptions'][N]['input']>;
export type SubscriptionMessage<N extends SubscriptionName> = z.output<Contract['subscriptions'][N]['message']>;

/** A failure as it crosses the contract: what failed and why, and one thing to do. */
export const apiErrorSchema = z.object({
  code: z.enum([
    'invalidInput',
    'notFound',
    'alreadyExists',
    'noLeader',
    'deadline',
    'readOnly',
    'refused',
    'portInUse',
    'storage',
    'disconnected',
    'internal',
  ]),
  message: z.string(),
  hint: z.string().nullable(),
});
export type ApiError = z.infer<typeof apiErrorSchema>;

/**
 * What the renderer holds, whichever carrier is behind it. Promises reject with an
 * ApiError. `subscribe` re-subscribes by itself after the carrier reconnected.
 */
export interface Api {
  query<N extends QueryName>(name: N, input: QueryInput<N>): Promise<QueryOutput<N>>;
  command<N extends CommandName>(name: N, input: CommandInput<N>): Promise<CommandOutput<N>>;
  subscribe<N extends SubscriptionName>(
    name: N,
    input: SubscriptionInput<N>,
    listener: { message(message: SubscriptionMessage<N>): void; error(error: ApiError): void },
  ): () => void;
  /** The carrier itself: 'closed' while the WebSocket is down. */
  onConnection(listener: (state: 'open' | 'closed') => void): () => void;
}
