import { z } from 'zod';

const count = z.number().int().min(0).default(0);

/** What was done so far. */
export const copyCountsSchema = z.strictObject({
  /** Keys of the source that were looked at. */
  read: count,
  written: count,
  /** There already, with the same value. */
  same: count,
  /** There with another value, and left as it is. */
  skipped: count,
  /** Of a dry run: there with another value, where the copy would stop. */
  conflicts: count,
  /** Their time was over before their turn came. */
  expired: count,
  /** More than the target can take, and left out. */
  tooLarge: count,
  /** Of the values written. */
  bytes: count,
});
export type CopyCounts = Readonly<z.output<typeof copyCountsSchema>>;

export const noCounts: CopyCounts = copyCountsSchema.parse({});

export function addCounts(a: CopyCounts, b: Partial<CopyCounts>): CopyCounts {
  const sum = { ...a };
  for (const name of Object.keys(b) as (keyof CopyCounts)[]) sum[name] += b[name] ?? 0;
  return sum;
}

/** Where a copy is, as it is kept on disk between two runs. */
export const copyCheckpointSchema = z.strictObject({
  /** Which clusters these are: at the same addresses there may be others later. */
  fromIdentity: z.string(),
  toIdentity: z.string(),
  /** The last key that is done, base64; empty before the first. */
  after: z.base64(),
  /** All changes of the source up to here are in the target, for keys up to `after`; null where none are followed. */
  position: z.string().nullable(),
  counts: copyCountsSchema,
  /** All keys are in the target; from here on only changes are followed. */
  isCopied: z.boolean(),
});
export type CopyCheckpoint = Readonly<z.output<typeof copyCheckpointSchema>>;
