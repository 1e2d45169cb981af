import { z } from 'zod';
import { bytesSchema } from './model.ts';

/** Copies of keys from one cluster to another: what is chosen, how far it is, what is left to do. */

const clusterName = z.string().min(1, 'Choose a cluster.').max(64);

export const copySettingsSchema = z.strictObject({
  from: clusterName,
  to: clusterName,
  /** Only keys that begin so; empty: all. */
  prefix: bytesSchema.max(8192),
  /** What becomes of a key that is in the target with another value. */
  onConflict: z.enum(['skip', 'overwrite', 'fail']),
  /** Leaves out what the target cannot take, instead of stopping there. */
  skipTooLarge: z.boolean(),
  /** Null: as fast as both sides can. */
  keysPerSecond: z.number().int().min(1, 'At least 1 key a second.').max(1_000_000, 'At most 1,000,000.').nullable(),
  /** Writes what changes in the source too, until the clients have moved. */
  follow: z.boolean(),
});
export type CopySettings = z.infer<typeof copySettingsSchema>;

const countsSchema = z.object({
  /** Keys of the source that were looked at. */
  read: z.number(),
  /** Of a rehearsal: that would be written. */
  written: z.number(),
  /** There already, with the same value. */
  same: z.number(),
  /** There with another value, and left as they are. */
  skipped: z.number(),
  /** Of a rehearsal: there with another value, where the copy would stop. */
  conflicts: z.number(),
  expired: z.number(),
  tooLarge: z.number(),
  bytes: z.number(),
});
export type CopyCounts = z.infer<typeof countsSchema>;

const errorSchema = z.object({ message: z.string(), hint: z.string().nullable() }).nullable();

/** A few of the keys that need a look, as text. */
const namedSchema = z.array(z.object({ key: z.string(), what: z.string() }));

export const copyStageSchema = z.enum([
  /** Counts what would be done, and writes nothing. */
  'rehearsing',
  /** Waits to be begun. */
  'rehearsed',
  'copying',
  /** All keys are in the target; what changes in the source is written too. */
  'following',
  /** Ended by the user or with the app; goes on where it was. */
  'paused',
  /** Says why; goes on where it was. */
  'failed',
  'done',
]);
export type CopyStage = z.infer<typeof copyStageSchema>;

export const copyViewSchema = z.object({
  id: z.string(),
  settings: copySettingsSchema,
  stage: copyStageSchema,
  stageSinceMs: z.number(),
  error: errorSchema,
  /** What the rehearsal found; null until it has ended. */
  rehearsal: countsSchema.nullable(),
  counts: countsSchema,
  /** All keys are in the target. */
  isCopied: z.boolean(),
  /** Over the last seconds; null while nothing is copied. */
  keysPerSecond: z.number().nullable(),
  followed: z.object({ puts: z.number(), deletes: z.number(), lastAtMs: z.number().nullable() }).nullable(),
  named: namedSchema,
  /** Both sides read from end to end; null before the first time. */
  comparison: z
    .object({
      isRunning: z.boolean(),
      /** Null while it runs. */
      endedAtMs: z.number().nullable(),
      same: z.number(),
      different: z.number(),
      missing: z.number(),
      extra: z.number(),
      named: namedSchema,
      error: errorSchema,
    })
    .nullable(),
});
export type CopyView = z.infer<typeof copyViewSchema>;

const id = z.strictObject({ id: z.string().max(64) });
const done = z.object({});

export const copyCommands = {
  /** Begins with counting what would be done; answered with the id of the copy. Refused for a read-only target. */
  'copies.rehearse': { input: copySettingsSchema, output: id },
  /**
   * Begins to write, or goes on where it was; `anew` forgets how far it had come. A production
   * target wants its name typed each time.
   */
  'copies.begin': {
    input: id.extend({ typedName: z.string().max(64).nullable(), anew: z.boolean() }),
    output: done,
  },
  /** Answered when nothing is written any more. */
  'copies.pause': { input: id, output: done },
  /** Reads both sides from end to end and says where they differ. Answered when it has begun. */
  'copies.compare': { input: id, output: done },
  /** Ends following: the target is used from now on. */
  'copies.finish': { input: id, output: done },
  /** Ends it and forgets it. What was copied stays. */
  'copies.remove': { input: id, output: done },
} as const;

export const copySubscriptions = {
  /** All copies of this app, newest first, now and after every change. */
  copies: { input: z.strictObject({}), message: z.array(copyViewSchema) },
} as const;
