import { mkdir, readdir, rm, rmdir } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { adminTokenFile } from './access.ts';
import { deleteCertificates } from './certificates.ts';
import { SupervisorError } from './errors.ts';
import { readJson, writeJson } from './files.ts';
import { nodeDir } from './home.ts';
import type { ClusterRecord } from './types.ts';

/** Marks a directory as one cluster's; only what carries the mark is ever deleted. */
const MARKER = 'prkdb-cluster.json';

const markerSchema = z.object({
  clusterId: z.string(),
  name: z.string(),
  /** Whether the directory itself was made by us. */
  madeDirectory: z.boolean(),
});

/** Takes a data directory for a new cluster. Rejects when it holds anything at all. */
export async function claimDataDir(record: ClusterRecord): Promise<void> {
  const { dataDir } = record;
  let madeDirectory: boolean;
  let entries: string[];
  try {
    madeDirectory = (await mkdir(dataDir, { recursive: true, mode: 0o700 })) !== undefined;
    entries = await readdir(dataDir);
  } catch (error) {
    throw unusable(dataDir, error);
  }
  if (entries.includes(MARKER)) {
    const marker = await readJson(path.join(dataDir, MARKER), markerSchema);
    throw inUse(`The directory ${dataDir} holds the data of another cluster (${marker?.name ?? 'unknown'}).`);
  }
  if (entries.length > 0) throw inUse(`The directory ${dataDir} is not empty.`);
  try {
    await writeJson(path.join(dataDir, MARKER), { clusterId: record.clusterId, name: record.name, madeDirectory });
  } catch (error) {
    throw unusable(dataDir, error);
  }
}

/** Rejects when the directory is no longer this cluster's: moved, replaced, mounted over. */
export async function checkDataDir(record: ClusterRecord): Promise<void> {
  const marker = await readJson(path.join(record.dataDir, MARKER), markerSchema);
  if (marker?.clusterId === record.clusterId) return;
  throw new SupervisorError(
    'dataDirInUse',
    marker === null
      ? `The data of the cluster ${record.name} is not in ${record.dataDir}.`
      : `The directory ${record.dataDir} holds the data of another cluster (${marker.name}).`,
    `Bring its data back, or delete the cluster with: prkdb rm ${record.name}`,
  );
}

/** Writes the cluster's new name on its directory. */
export async function renameDataDir(record: ClusterRecord): Promise<void> {
  await checkDataDir(record);
  const file = path.join(record.dataDir, MARKER);
  await writeJson(file, { ...(await readJson(file, markerSchema)), name: record.name });
}

/** Deletes the nodes' data. What we did not make stays. A directory that is not this cluster's is left alone. */
export async function deleteDataDir(record: ClusterRecord): Promise<void> {
  const marker = await readJson(path.join(record.dataDir, MARKER), markerSchema).catch(() => null);
  if (marker?.clusterId !== record.clusterId) return;
  for (const id of [...record.members.map((member) => member.id), ...(record.retired ?? [])])
    await deleteNodeData(record, id);
  await deleteCertificates(record);
  await rm(adminTokenFile(record), { force: true });
  await rm(path.join(record.dataDir, MARKER), { force: true });
  if (marker.madeDirectory) await removeIfEmpty(record.dataDir);
}

/** Deletes what one node has kept in the cluster's directory. */
export async function deleteNodeData(record: ClusterRecord, nodeId: number): Promise<void> {
  await rm(nodeDir(record.dataDir, nodeId), { recursive: true, force: true });
}

export async function removeIfEmpty(dir: string): Promise<void> {
  try {
    await rmdir(dir);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTEMPTY' && code !== 'ENOENT' && code !== 'EEXIST') throw error;
  }
}

function inUse(message: string): SupervisorError {
  return new SupervisorError('dataDirInUse', message, 'Name a new or empty directory.', { field: 'dataDir' });
}

function unusable(dataDir: string, cause: unknown): SupervisorError {
  return new SupervisorError(
    'dataDirUnusable',
    `The directory ${dataDir} cannot be used: ${(cause as Error).message}.`,
    'Name a directory that this user can write to.',
    { field: 'dataDir', cause },
  );
}
