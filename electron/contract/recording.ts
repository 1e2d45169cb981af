import { z } from 'zod';
import { logRunSchema, nodeStateSchema, partitionViewSchema, raftEventSchema, raftWordSchema } from './model.ts';

const timeMs = z.number();
const partition = z.number().int().min(0);
const node = z.number().int().min(0);

/**
 * What happened inside a cluster's partitions, one change at a time, in the order in which it
 * was noticed: a line each on disk. Every segment of a recording tells all there is to know
 * anew, so that the oldest can be let go without the others losing anything.
 */
export const raftRecordSchema = z.discriminatedUnion('kind', [
  /** Begins a segment: what was before is void. */
  z.object({ kind: z.literal('start'), timeMs, electionTimeoutMs: z.number(), heartbeatMs: z.number() }),
  /** Nothing changed up to here, and somebody looked. */
  z.object({ kind: z.literal('alive'), timeMs }),
  /** The partition as it was judged, its members, their processes, and the cut links between them. */
  z.object({
    kind: z.literal('partition'),
    partition,
    timeMs,
    view: partitionViewSchema,
    voters: z.array(node),
    learners: z.array(node),
    cuts: z.array(z.object({ a: node, b: node })),
    replicas: z.array(
      z.object({
        node,
        state: nodeStateSchema,
        sinceMs: z.number(),
        endedBy: z.enum(['app', 'command', 'none']).nullable(),
      }),
    ),
  }),
  /** What changed in a replica's own words; all of them the first time in a segment. */
  z.object({ kind: z.literal('word'), partition, timeMs, node, word: raftWordSchema.partial() }),
  /** The terms of a replica's log, where they do not follow from its words; see fitRuns. */
  z.object({ kind: z.literal('log'), partition, timeMs, node, runs: z.array(logRunSchema) }),
  z.object({ kind: z.literal('event'), partition, timeMs, event: raftEventSchema }),
]);
export type RaftRecord = z.infer<typeof raftRecordSchema>;

export const raftSegmentSchema = z.object({ id: z.number().int().min(0), records: z.array(raftRecordSchema) });
export type RaftSegment = z.infer<typeof raftSegmentSchema>;

/** One partition's recording as it is saved to a file of the user's. */
export const raftRecordingFileSchema = z.object({
  format: z.literal('prkdb-raft-recording'),
  version: z.literal(1),
  cluster: z.string().max(64),
  partition,
  savedAtMs: z.number(),
  segments: z.array(raftSegmentSchema).max(10_000),
});
export type RaftRecordingFile = z.infer<typeof raftRecordingFileSchema>;
