import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { z } from 'zod';
import { DATA_FORMAT_VERSION, memberSchema, type NodeConfig } from '../config/node-config.ts';
import { genesisRouting, parseRouting, type RoutingTable } from '../store/index.ts';
import { LOG_FILE } from '../storage/examine.ts';
import { NodeStartError } from './errors.ts';

const genesisSchema = z.object({
  formatVersion: z.number().int(),
  clusterId: z.string(),
  clusterName: z.string(),
  nodeId: z.number().int(),
  partitions: z.number().int(),
  replicationFactor: z.number().int(),
  /** The founding members; empty in the directory of a node that joined later. */
  memberIds: z.array(z.number().int()),
  /** The same with their addresses. Not in what older versions wrote. */
  members: z.array(memberSchema).optional(),
  /** Not in what older versions wrote. */
  incarnation: z.string().optional(),
  /** Only in the directory of a node that joined: the routing table it joined with; null until it has. */
  joined: z.unknown().optional(),
  /** The Raft log was there once: without it this is not the same disk any more. */
  hasLog: z.boolean().optional(),
  /** The cluster has tokens, as far as this node has heard. */
  hasTokens: z.boolean().optional(),
});
export type Genesis = z.infer<typeof genesisSchema>;

/** A file that names an incarnation is sealed: a wrong one would make the others refuse this node. */
const sealedSchema = z.object({ checksum: z.number().int().optional() });

function checksumOf(genesis: Genesis): number {
  return crc32(JSON.stringify(genesis));
}

/** What a data directory says of its node. */
export interface Claim {
  /** Drawn when the directory was founded; the others know the node by it. */
  readonly incarnation: string;
  /** What the node knows of the cluster until the system group tells it more. Null: it has to join first. */
  readonly genesis: RoutingTable | null;
  /** Founding members begin with the groups of the genesis; whoever joined begins with none. */
  readonly isFounder: boolean;
  /** The cluster had tokens when this node last heard of them. */
  readonly hasTokens: boolean;
}

/**
 * Founds a data directory, or checks that it was founded with this configuration.
 * The founding members and their placement are facts; who is a member now is in the system
 * group. A node that came back with another partition count would serve keys from the wrong
 * groups. Throws a NodeStartError.
 */
export function claimDataDirectory(config: NodeConfig): Claim {
  const file = fileOf(config);
  let found: Genesis | null;
  try {
    mkdirSync(config.dataDir, { recursive: true });
    found = existsSync(file) ? readGenesis(file) : null;
    if (found === null) write(config, (found = founded(config)));
  } catch (error) {
    throw unwritable(config, error);
  }
  check(config, found);
  if (found.incarnation === undefined || (found.hasLog === true && !existsSync(logFileOf(config)))) {
    // What it acknowledged and whom it voted for was in the log: it is another one without.
    write(config, (found = { ...found, incarnation: drawIncarnation() }));
  }
  if (found.joined === undefined) return founderOf(config, found);
  const genesis = found.joined === null ? null : tableOf(file, found.joined);
  return { incarnation: found.incarnation!, genesis, isFounder: false, hasTokens: found.hasTokens === true };
}

/** The cluster has taken this node in, and this is what it looked like then. */
export function noteJoined(config: NodeConfig, table: RoutingTable): void {
  write(config, { ...readGenesis(fileOf(config)), joined: table });
}

/** The log of a claimed directory exists from now on: if it is missing later, it was lost. */
export function noteLog(config: NodeConfig): void {
  const genesis = readGenesis(fileOf(config));
  if (genesis.hasLog !== true) write(config, { ...genesis, hasLog: true });
}

/** Whether the cluster has tokens. Throws a NodeStartError when it cannot be written. */
export function noteTokens(config: NodeConfig, hasTokens: boolean): void {
  write(config, { ...readGenesis(fileOf(config)), hasTokens });
}

function fileOf(config: NodeConfig): string {
  return path.join(config.dataDir, 'genesis.json');
}

function logFileOf(config: NodeConfig): string {
  return path.join(config.dataDir, LOG_FILE);
}

function drawIncarnation(): string {
  return randomBytes(12).toString('hex');
}

function founded(config: NodeConfig): Genesis {
  const isJoining = config.join !== undefined;
  return {
    formatVersion: DATA_FORMAT_VERSION,
    clusterId: config.clusterId,
    clusterName: config.clusterName,
    nodeId: config.nodeId,
    partitions: config.partitions,
    replicationFactor: config.replicationFactor,
    memberIds: isJoining ? [] : idsOf(config),
    ...(isJoining ? { joined: null } : { members: config.members }),
    incarnation: drawIncarnation(),
  };
}

function idsOf(config: NodeConfig): number[] {
  return config.members.map((m) => m.id).sort((a, b) => a - b);
}

function check(config: NodeConfig, found: Genesis): void {
  const { dataDir } = config;
  if (found.formatVersion > DATA_FORMAT_VERSION) {
    throw new NodeStartError(
      `${dataDir} was written by a newer version (format ${found.formatVersion}, this one knows ${DATA_FORMAT_VERSION}). Use that version, or another directory.`,
    );
  }
  if (found.clusterId !== config.clusterId || found.nodeId !== config.nodeId) {
    throw new NodeStartError(
      `${dataDir} belongs to node ${found.nodeId} of cluster ${found.clusterName} (${found.clusterId}), not to node ${config.nodeId} of ${config.clusterName} (${config.clusterId}). Use another directory.`,
    );
  }
  // Whoever joined has these from the cluster, and a configuration to join with names none.
  if (found.joined !== undefined || config.join !== undefined) return;
  for (const field of ['partitions', 'replicationFactor'] as const) {
    if (found[field] === config[field]) continue;
    throw new NodeStartError(
      `${dataDir} was founded with ${field} ${found[field]}, the configuration says ${config[field]}. Set it back to ${found[field]}; it cannot change afterwards.`,
    );
  }
}

function founderOf(config: NodeConfig, found: Genesis): Claim {
  let { members } = found;
  if (members === undefined) {
    // An older version kept the ids alone: their addresses are in the configuration, for the last time.
    if (config.join !== undefined || found.memberIds.join() !== idsOf(config).join()) {
      throw new NodeStartError(
        `${config.dataDir} was founded with the members ${found.memberIds.join(', ')}, the configuration names ${idsOf(config).join(', ')}. Set them back.`,
      );
    }
    members = config.members;
    write(config, { ...found, members });
  }
  return {
    incarnation: found.incarnation!,
    genesis: genesisRouting({ ...found, members }),
    isFounder: true,
    hasTokens: found.hasTokens === true,
  };
}

function tableOf(file: string, joined: unknown): RoutingTable {
  try {
    return parseRouting(joined);
  } catch {
    throw unreadable(file);
  }
}

/** Whose data a directory holds. Throws a NodeStartError for a file that does not say. */
export function readGenesis(file: string): Genesis {
  try {
    const json: unknown = JSON.parse(readFileSync(file, 'utf8'));
    const genesis = genesisSchema.parse(json);
    const { checksum } = sealedSchema.parse(json);
    const isSealed = checksum !== undefined || genesis.incarnation !== undefined;
    if (!isSealed || genesis.formatVersion > DATA_FORMAT_VERSION || checksum === checksumOf(genesis)) return genesis;
  } catch {
    // Said below.
  }
  throw unreadable(file);
}

function write(config: NodeConfig, genesis: Genesis): void {
  const file = fileOf(config);
  try {
    const plain = genesisSchema.parse(genesis);
    const sealed = { ...plain, checksum: checksumOf(plain) };
    writeFileSync(`${file}.new`, `${JSON.stringify(sealed, null, 2)}\n`, { flush: true });
    renameSync(`${file}.new`, file);
  } catch (error) {
    throw unwritable(config, error);
  }
}

function unwritable(config: NodeConfig, error: unknown): NodeStartError {
  if (error instanceof NodeStartError) return error;
  const why = error instanceof Error ? error.message : String(error);
  return new NodeStartError(`The data directory ${config.dataDir} cannot be written: ${why}`);
}

function unreadable(file: string): NodeStartError {
  return new NodeStartError(
    `${file} cannot be read as what it should be. Restore it from a copy; without it nobody can tell whose data these are, and the node has to be replaced: prkdb node replace`,
  );
}
