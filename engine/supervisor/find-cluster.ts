import path from 'node:path';
import { checkDataDir } from './data-dir.ts';
import { SupervisorError } from './errors.ts';
import { readJson } from './files.ts';
import { recordSchema } from './records.ts';
import type { ClusterRecord } from './types.ts';

const RECORD = 'cluster.json';

/**
 * The cluster whose own folder this is, with its data where it is now: where the record says, or
 * in the folder itself when that was moved. Rejects with notFound or dataDirInUse.
 */
export async function findCluster(directory: string): Promise<ClusterRecord> {
  const folder = path.resolve(directory);
  const record = await readJson(path.join(folder, RECORD), recordSchema);
  if (record === null) {
    throw new SupervisorError(
      'notFound',
      `${folder} holds no cluster: there is no ${RECORD} in it.`,
      'Name the folder of one cluster, such as PrkDB/clusters/dev.',
    );
  }
  const moved = { ...record, dataDir: folder };
  try {
    await checkDataDir(moved);
    return moved;
  } catch {
    await checkDataDir(record);
    return record;
  }
}
