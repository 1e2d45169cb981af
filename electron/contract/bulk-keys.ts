import { z } from 'zod';
import { bytesSchema, keyEntrySchema, keyMetaSchema, readModeSchema } from './model.ts';

const cluster = z.string();
const MAX_ENTRIES = 500;

/** Calls over many keys move at most this many bytes of keys and values each way, but for one larger entry. */
export const BULK_BYTES = 1024 * 1024;

const pairSchema = z.strictObject({
  key: bytesSchema,
  value: bytesSchema,
  /** When the key goes by itself; null or left out: it stays. */
  expiresAtMs: z.number().int().min(0).nullable().optional(),
});
const pairs = z.array(pairSchema).min(1).max(MAX_ENTRIES);

/** What one level of the prefix tree holds, as far as it was looked at. */
export const keyFolderSchema = z.object({
  /** The folder's whole prefix, its separator included. */
  prefix: bytesSchema,
  /** Keys that were counted; there are more when not `isExact`. */
  count: z.number(),
  isExact: z.boolean(),
});
export type KeyFolder = z.infer<typeof keyFolderSchema>;

export const bulkKeyQueries = {
  /**
   * The folders below a prefix: what follows up to the next separator. Reads a bounded number
   * of keys; a folder with very many is counted only so far, and skipped. Go on with `next`.
   */
  'keys.tree': {
    input: z.strictObject({
      cluster,
      prefix: bytesSchema,
      separator: z.string().min(1).max(8),
      after: bytesSchema,
      readMode: readModeSchema,
    }),
    output: z.object({
      folders: z.array(keyFolderSchema),
      /** Keys of the prefix itself that are in no folder, of those looked at. */
      ownKeys: z.number(),
      /** Null when every key below the prefix is in a folder or counted as its own. */
      next: bytesSchema.nullable(),
    }),
  },
  /** How many of the first keys with this prefix each partition holds; those that hold none are left out. */
  'keys.spread': {
    input: z.strictObject({ cluster, prefix: bytesSchema, readMode: readModeSchema }),
    output: z.object({
      partitions: z.array(z.object({ partition: z.number(), count: z.number() })),
      /** Every key with the prefix was counted. */
      isWhole: z.boolean(),
    }),
  },
  /** Entries with their values, in key order; fewer than `limit` when they are large. Go on with `next`. */
  'keys.read': {
    input: z.strictObject({
      cluster,
      prefix: bytesSchema,
      after: bytesSchema,
      limit: z.number().int().min(1).max(MAX_ENTRIES),
      readMode: readModeSchema,
    }),
    output: z.object({ entries: z.array(keyEntrySchema), next: bytesSchema.nullable() }),
  },
  /** The entries of the first of these keys, null for those that are not there; ask again for the rest. */
  'keys.entries': {
    input: z.strictObject({
      cluster,
      keys: z.array(bytesSchema).min(1).max(MAX_ENTRIES),
      readMode: readModeSchema,
    }),
    output: z.object({ entries: z.array(keyEntrySchema.nullable()) }),
  },
  /** What writing these would change, one answer for each; `expired`: its time is over. Writes nothing. */
  'keys.compare': {
    input: z.strictObject({ cluster, entries: pairs }),
    output: z.object({ answers: z.array(z.enum(['new', 'same', 'different', 'expired'])) }),
  },
} as const;

/** One failed operation's reason speaks for all that failed beside it. */
const reason = z.object({ message: z.string(), hint: z.string().nullable() }).nullable();

export const bulkKeyCommands = {
  /** Writes each whose time is not over; `keep` leaves keys that exist as they are. Rejects only when none could be tried. */
  'keys.putMany': {
    input: z.strictObject({ cluster, entries: pairs, existing: z.enum(['replace', 'keep']) }),
    output: z.object({ outcomes: z.array(z.enum(['written', 'kept', 'expired', 'failed'])), reason }),
  },
  /** Deletes each; with a revision only if the key is at it still. */
  'keys.deleteMany': {
    input: z.strictObject({
      cluster,
      keys: z
        .array(z.strictObject({ key: bytesSchema, expectedRevision: z.number().int().min(0).nullable() }))
        .min(1)
        .max(MAX_ENTRIES),
    }),
    output: z.object({ outcomes: z.array(z.enum(['deleted', 'absent', 'changed', 'failed'])), reason }),
  },
} as const;

/** What became of a key: its last state, or null once it is gone. */
export const keyChangeSchema = z.object({ key: bytesSchema, meta: keyMetaSchema.nullable() });
export type KeyChange = z.infer<typeof keyChangeSchema>;

export const keySubscriptions = {
  /**
   * Changes of keys with this prefix from now on, each key at most once a message. `missed`:
   * more changed than could be told, so that a list has to be read anew.
   */
  'keys.watch': {
    input: z.strictObject({ cluster, prefix: bytesSchema }),
    message: z.object({ changes: z.array(keyChangeSchema), missed: z.boolean() }),
  },
} as const;
