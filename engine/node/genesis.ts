import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { DATA_FORMAT_VERSION, type NodeConfig } from '../config/node-config.ts';
import { NodeStartError } from './errors.ts';

const genesisSchema = z.object({
  formatVersion: z.number().int(),
  clusterId: z.string(),
  clusterName: z.string(),
  nodeId: z.number().int(),
  partitions: z.number().int(),
  replicationFactor: z.number().int(),
  memberIds: z.array(z.number().int()),
});
export type Genesis = z.infer<typeof genesisSchema>;

function genesisOf(config: NodeConfig): Genesis {
  return {
    formatVersion: DATA_FORMAT_VERSION,
    clusterId: config.clusterId,
    clusterName: config.clusterName,
    nodeId: config.nodeId,
    partitions: config.partitions,
    replicationFactor: config.replicationFactor,
    memberIds: config.members.map((m) => m.id).sort((a, b) => a - b),
  };
}

/**
 * Founds a data directory, or checks that it was founded with this configuration.
 * Placement follows from the configuration alone, so a node that came back with another
 * partition count would serve keys from the wrong groups.
 */
export function claimDataDirectory(config: NodeConfig): void {
  const file = path.join(config.dataDir, 'genesis.json');
  const wanted = genesisOf(config);
  try {
    mkdirSync(config.dataDir, { recursive: true });
    if (!existsSync(file)) {
      writeFileSync(`${file}.new`, `${JSON.stringify(wanted, null, 2)}\n`);
      renameSync(`${file}.new`, file);
      return;
    }
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new NodeStartError(`The data directory ${config.dataDir} cannot be written: ${why}`);
  }
  const found = readGenesis(file);
  if (found.formatVersion > DATA_FORMAT_VERSION) {
    throw new NodeStartError(
      `${config.dataDir} was written by a newer version (format ${found.formatVersion}, this one knows ${DATA_FORMAT_VERSION}). Use that version, or another directory.`,
    );
  }
  if (found.clusterId !== wanted.clusterId || found.nodeId !== wanted.nodeId) {
    throw new NodeStartError(
      `${config.dataDir} belongs to node ${found.nodeId} of cluster ${found.clusterName} (${found.clusterId}), not to node ${wanted.nodeId} of ${wanted.clusterName} (${wanted.clusterId}). Use another directory.`,
    );
  }
  for (const field of ['partitions', 'replicationFactor'] as const) {
    if (found[field] === wanted[field]) continue;
    throw new NodeStartError(
      `${config.dataDir} was founded with ${field} ${found[field]}, the configuration says ${wanted[field]}. Set it back to ${found[field]}; it cannot change afterwards.`,
    );
  }
  if (found.memberIds.join() !== wanted.memberIds.join()) {
    throw new NodeStartError(
      `${config.dataDir} was founded with the members ${found.memberIds.join(', ')}, the configuration names ${wanted.memberIds.join(', ')}. Set them back.`,
    );
  }
}

/** Whose data a directory holds. Throws a NodeStartError for a file that does not say. */
export function readGenesis(file: string): Genesis {
  try {
    return genesisSchema.parse(JSON.parse(readFileSync(file, 'utf8')));
  } catch {
    throw new NodeStartError(
      `${file} cannot be read as what it should be. Restore it from a copy; or remove it, if the configuration is certainly the one that this node was founded with: it is then written anew.`,
    );
  }
}
