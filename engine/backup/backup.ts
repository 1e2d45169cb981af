import { setTimeout as sleep } from 'node:timers/promises';
import {
  ClusterClient,
  PrkDbClient,
  PrkDbError,
  type ConnectionOptions,
  type MetadataResponse,
} from '../client/index.ts';
import { BackupError } from './errors.ts';
import { BACKUP_FORMAT_VERSION, type Manifest } from './format.ts';
import { BackupWriter } from './writer.ts';

const ATTEMPTS = 8;
const RETRY_MS = 250;
const CONNECT_TIMEOUT_MS = 10_000;

export interface BackupOptions {
  readonly endpoints: readonly string[];
  readonly connection: ConnectionOptions;
  readonly file: string;
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: BackupProgress) => void;
}

export interface BackupProgress {
  readonly partitions: number;
  readonly ofPartitions: number;
  readonly sizeBytes: number;
}

export interface MadeBackup extends Manifest {
  readonly sizeBytes: number;
}

/**
 * Writes all keys of a cluster into a file while the cluster goes on working.
 *
 * What it stands for: each partition as it was at one index of its Raft log, which the
 * manifest names. The groups are independent, so there is no moment that holds for all of
 * them; but a linearizable read chooses each index, after the backup began. So every write
 * that was acknowledged before it began is in it, and of writes made meanwhile to one
 * partition it has all up to some moment and none after. Earlier revisions, tokens and members are not in it.
 *
 * Memory stays bounded: one part of an export at a time. A partition whose node fails is
 * begun anew on another replica. Rejects with BackupError or PrkDbError, and then leaves no
 * file behind.
 */
export async function makeBackup(options: BackupOptions): Promise<MadeBackup> {
  const { endpoints, connection, file, signal } = options;
  const beganAtMs = Date.now();
  const client = await PrkDbClient.connect(endpoints, { ...connection, connectTimeoutMs: CONNECT_TIMEOUT_MS });
  try {
    const { epoch, clusterId, clusterName, partitions } = await client.metadata();
    const writer = await BackupWriter.create(file);
    try {
      for (const { partitionId } of partitions) {
        await addPartition(options, client, writer, partitionId, partitions.length);
        const progress = { partitions: partitionId + 1, ofPartitions: partitions.length };
        options.onProgress?.({ ...progress, sizeBytes: writer.sizeBytes });
      }
      signal?.throwIfAborted();
      const facts = { formatVersion: BACKUP_FORMAT_VERSION, clusterId, clusterName, epoch };
      const manifest = await writer.finish({ ...facts, beganAtMs, endedAtMs: Date.now() });
      return { ...manifest, sizeBytes: writer.sizeBytes };
    } catch (error) {
      await writer.abandon();
      throw error;
    }
  } finally {
    client.close();
  }
}

async function addPartition(
  options: BackupOptions,
  client: PrkDbClient,
  writer: BackupWriter,
  partition: number,
  ofPartitions: number,
): Promise<void> {
  for (let attempt = 0; ; attempt++) {
    options.signal?.throwIfAborted();
    try {
      const endpoint = chooseReplica(await client.metadata(), partition, attempt) ?? options.endpoints[0]!;
      await copyPartition(options, endpoint, writer, partition, ofPartitions);
      return;
    } catch (error) {
      options.signal?.throwIfAborted();
      await writer.takeBack();
      // A token that does not allow it will not allow it later.
      const isPassing =
        error instanceof PrkDbError && error.code !== 'UNAUTHENTICATED' && error.code !== 'PERMISSION_DENIED';
      if (!isPassing || attempt + 1 === ATTEMPTS) throw error;
      await sleep(RETRY_MS * (attempt + 1));
    }
  }
}

/** Followers first: they have less to do. */
function chooseReplica(
  { nodes, partitions }: MetadataResponse,
  partition: number,
  attempt: number,
): string | undefined {
  const found = partitions.find(({ partitionId }) => partitionId === partition);
  if (found === undefined) return undefined;
  const { replicas, leaderId } = found;
  const ordered = [...replicas.filter((id) => id !== leaderId), ...replicas.filter((id) => id === leaderId)];
  const id = ordered[attempt % Math.max(1, ordered.length)];
  return nodes.find(({ nodeId }) => nodeId === id)?.address;
}

async function copyPartition(
  { connection, signal }: BackupOptions,
  endpoint: string,
  writer: BackupWriter,
  partition: number,
  ofPartitions: number,
): Promise<void> {
  const node = new ClusterClient(endpoint, connection);
  try {
    let expected: number | null = null;
    let keys = 0;
    for await (const { start, rows } of node.export(partition, signal === undefined ? {} : { signal })) {
      if (start !== null) {
        // Replicas may move meanwhile; which keys belong to which partition must not change.
        if (start.partitions !== ofPartitions || start.partition !== partition) {
          throw new BackupError('The partitions of the cluster changed during the backup. Start it again.');
        }
        const { index, revision, keyCount } = start;
        expected = keyCount;
        await writer.beginPartition({ partition, index, revision, keys: keyCount });
      }
      keys += rows.length;
      await writer.rows(rows);
    }
    if (keys === expected) return writer.endPartition();
    throw new BackupError(`Partition ${partition} has ${keys} keys, and the node at ${endpoint} promised ${expected}.`);
  } finally {
    node.close();
  }
}
