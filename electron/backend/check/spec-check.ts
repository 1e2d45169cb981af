import { access, constants, readdir, statfs } from 'node:fs/promises';
import path from 'node:path';
import type { ClusterSpecInput, SpecCheck } from '../../contract/model.ts';
import { findBasePort, isPortFree, membersOf, portsOf } from '../../../engine/supervisor/ports.ts';
import { genesisPlacement, majorityOf } from '../clusters/placement.ts';
import { upCommand } from './up-command.ts';

/** What an idle node process takes, and what each replica adds to it; measured with 8 and 256 partitions. */
const NODE_MEMORY_BYTES = 135_000_000;
const REPLICA_MEMORY_BYTES = 160_000;
/** A cluster that starts with less than this would soon stop on a full disk. */
const MIN_FREE_BYTES = 256 * 1024 * 1024;

type Problem = SpecCheck['problems'][number];

export interface SpecCheckContext {
  readonly home: string;
  readonly clusterNames: readonly string[];
  /** Ports that clusters were given, running or not, and to which. */
  readonly takenPorts: ReadonlyMap<number, string>;
}

/** What would start if this specification were created, and what stands in the way of it. Changes nothing. */
export async function checkSpec(spec: ClusterSpecInput, context: SpecCheckContext): Promise<SpecCheck> {
  const problems: Problem[] = [];
  if (context.clusterNames.includes(spec.name)) {
    problems.push({ field: 'name', message: `There is a cluster called ${spec.name} already. Choose another name.` });
  }
  if (spec.replicationFactor > spec.nodes) {
    problems.push({
      field: 'replicationFactor',
      message: `${spec.replicationFactor} copies need as many nodes; there are ${spec.nodes}.`,
    });
  }
  const copies = Math.min(spec.replicationFactor, spec.nodes);
  const basePort = spec.basePort ?? (await findBasePort(spec.nodes, context.takenPorts).catch(() => null));
  const members = membersOf(basePort ?? 0, spec.nodes);
  if (basePort === null) {
    problems.push({ field: 'basePort', message: 'No free block of ports was found. Name a base port of your own.' });
  } else if (spec.basePort !== null) {
    const problem = await portProblem(portsOf(members), context.takenPorts);
    if (problem !== null) problems.push({ field: 'basePort', message: problem });
  }
  const dataDir = path.resolve(spec.dataDir ?? path.join(context.home, 'clusters', spec.name));
  const disk = await checkDataDir(dataDir);
  if (disk.problem !== null) problems.push({ field: 'dataDir', message: disk.problem });

  const nodeIds = members.map((member) => member.id);
  return {
    problems,
    basePort: basePort ?? 0,
    clientPorts: members.map((member) => member.clientPort),
    raftPorts: members.map((member) => member.raftPort),
    dataDir,
    freeBytes: disk.freeBytes,
    placement: genesisPlacement(nodeIds, spec.partitions, copies),
    memoryEstimateBytes: spec.nodes * NODE_MEMORY_BYTES + spec.partitions * copies * REPLICA_MEMORY_BYTES,
    toleratedFailures: copies - majorityOf(copies),
    command: upCommand(spec),
  };
}

async function portProblem(ports: readonly number[], taken: ReadonlyMap<number, string>): Promise<string | null> {
  for (const port of ports) {
    if (port > 65_535) return `Port ${port} does not exist. Choose a smaller base port.`;
    const owner = taken.get(port);
    if (owner !== undefined) return `Port ${port} belongs to the cluster ${owner}. Choose another base port.`;
    if (!(await isPortFree(port))) return `Port ${port} is in use. Choose another base port.`;
  }
  return null;
}

/** The nearest directory that exists decides what may be written and how much. */
async function checkDataDir(dataDir: string): Promise<{ problem: string | null; freeBytes: number | null }> {
  let existing = dataDir;
  for (;;) {
    try {
      const entries = await readdir(existing);
      if (existing === dataDir && entries.length > 0) {
        return { problem: `The directory ${dataDir} is not empty. Name a new or empty one.`, freeBytes: null };
      }
      await access(existing, constants.W_OK);
      const { bavail, bsize } = await statfs(existing);
      const freeBytes = bavail * bsize;
      const problem = freeBytes < MIN_FREE_BYTES ? `The disk of ${existing} is almost full. Free some space.` : null;
      return { problem, freeBytes };
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT' && path.dirname(existing) !== existing) {
        existing = path.dirname(existing);
        continue;
      }
      const what = code === 'ENOTDIR' ? `${existing} is not a directory.` : `${existing} cannot be written to.`;
      return { problem: `${what} Choose another data directory.`, freeBytes: null };
    }
  }
}
