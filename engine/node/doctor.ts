import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { DATA_FORMAT_VERSION } from '../config/node-config.ts';
import { examineStorage, STORAGE_FILES, type Finding } from '../storage/examine.ts';
import { StorageError, StorageLockedError } from '../storage/errors.ts';
import { NodeStartError } from './errors.ts';
import { readGenesis, type Genesis } from './genesis.ts';

export type { Finding } from '../storage/examine.ts';

/** What a data directory is, and what is right and wrong in it. */
export interface Diagnosis {
  readonly dataDir: string;
  /** Null when it does not say whose it is. */
  readonly genesis: Genesis | null;
  readonly findings: readonly Finding[];
}

/** The directory cannot be looked at now. */
export class DoctorError extends Error {
  override readonly name = 'DoctorError';
}

/** What belongs into a data directory besides its databases. */
const KNOWN = /^(genesis\.json|node\.json|node\.log(\.\d+)?)$/;

/**
 * Checks the data directory of a node that does not run, and changes nothing in it. Throws
 * DoctorError when it is none, or the node runs.
 */
export function diagnose(dataDir: string): Diagnosis {
  let names: string[];
  try {
    names = readdirSync(dataDir);
  } catch (error) {
    throw new DoctorError(`${dataDir} cannot be read: ${(error as Error).message}.`);
  }
  const hasStorage = names.some((name) => STORAGE_FILES.has(name));
  if (!names.includes('genesis.json') && !hasStorage) {
    throw new DoctorError(
      `${dataDir} is no data directory of a node: it has no genesis.json in it. Name one like CLUSTER/n1.`,
    );
  }
  const findings: Finding[] = [];
  const genesis = genesisOf(dataDir, findings);
  if (genesis !== null && genesis.formatVersion <= DATA_FORMAT_VERSION) {
    try {
      findings.push(...examineStorage(dataDir, genesis));
    } catch (error) {
      if (error instanceof StorageLockedError) {
        throw new DoctorError(
          `The node of ${dataDir} is running: its data cannot be looked at while it changes. Stop the node first.`,
        );
      }
      if (error instanceof StorageError || (error as NodeJS.ErrnoException).code !== undefined) {
        throw new DoctorError((error as Error).message);
      }
      throw error;
    }
  }
  for (const name of names) {
    if (KNOWN.test(name) || STORAGE_FILES.has(name)) continue;
    findings.push({ severity: 'notice', what: name, message: leftoverWords(name) });
  }
  return { dataDir, genesis, findings };
}

function genesisOf(dataDir: string, findings: Finding[]): Genesis | null {
  const file = path.join(dataDir, 'genesis.json');
  const problem = (message: string) => findings.push({ severity: 'problem', what: 'genesis.json', message });
  if (!existsSync(file)) {
    problem(
      `${file} is missing, which says whose data this is; so nothing else was looked at. Restore it from a copy; without it the other nodes do not let this one in, and it has to be replaced: prkdb node replace.`,
    );
    return null;
  }
  let genesis: Genesis;
  try {
    genesis = readGenesis(file);
  } catch (error) {
    if (!(error instanceof NodeStartError)) throw error;
    problem(error.message);
    return null;
  }
  const { formatVersion, nodeId, clusterName, clusterId } = genesis;
  if (formatVersion > DATA_FORMAT_VERSION) {
    problem(
      `The directory was written by a newer version (format ${formatVersion}, this one knows ${DATA_FORMAT_VERSION}); so nothing else was looked at. Use that version.`,
    );
  } else {
    const message = `node ${nodeId} of ${clusterName} (${clusterId}), format ${formatVersion}`;
    findings.push({ severity: 'good', what: 'genesis.json', message });
  }
  return genesis;
}

function leftoverWords(name: string): string {
  return /\.(new|tmp|partial)$/.test(name)
    ? 'left of a write that did not end; it may be removed'
    : 'not a file of a node; it is left alone';
}
