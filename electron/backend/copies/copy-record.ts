import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { copyCheckpointSchema, copyCountsSchema } from '../../../engine/copy/index.ts';
import { readJson, writeJson } from '../../../engine/supervisor/files.ts';
import { copySettingsSchema } from '../../contract/copies.ts';

/** A copy as it is kept on disk: it goes on from there after the app was closed, or killed. */
export const copyRecordSchema = z.strictObject({
  version: z.literal(1),
  id: z.string(),
  settings: copySettingsSchema,
  createdAtMs: z.number(),
  rehearsal: copyCountsSchema,
  /** Null until something was written. */
  checkpoint: copyCheckpointSchema.nullable(),
  /** The user is through with it. */
  isDone: z.boolean(),
});
export type CopyRecord = z.infer<typeof copyRecordSchema>;

/** The copies of the app, a file each. */
export class CopyRecords {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  /** A damaged one is told and left where it is; the others are there all the same. */
  async list(onError: (error: unknown) => void): Promise<CopyRecord[]> {
    const names = await readdir(this.#directory).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'ENOENT') onError(error);
      return [];
    });
    const files = names.filter((name) => name.endsWith('.json'));
    const records = await Promise.all(
      files.map((name) =>
        readJson(path.join(this.#directory, name), copyRecordSchema).catch((error: unknown) => {
          onError(error);
          return null;
        }),
      ),
    );
    return records.filter((record) => record !== null);
  }

  async save(record: CopyRecord): Promise<void> {
    await writeJson(this.#fileOf(record.id), record);
  }

  async remove(id: string): Promise<void> {
    await rm(this.#fileOf(id), { force: true });
  }

  #fileOf(id: string): string {
    return path.join(this.#directory, `${id}.json`);
  }
}
