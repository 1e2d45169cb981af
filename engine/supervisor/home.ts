import os from 'node:os';
import path from 'node:path';
import { SupervisorError } from './errors.ts';

/** Where clusters are kept: PRKDB_HOME, or PrkDB in the user's home directory. */
export function defaultHome(env: NodeJS.ProcessEnv = process.env): string {
  const named = env['PRKDB_HOME'];
  return named !== undefined && named !== '' ? path.resolve(named) : path.join(os.homedir(), 'PrkDB');
}

const NAME = /^[a-z][a-z0-9-]{0,31}$/;

export function isClusterName(name: string): boolean {
  return NAME.test(name);
}

export function checkName(name: string): void {
  if (isClusterName(name)) return;
  throw new SupervisorError(
    'invalidName',
    `"${name.slice(0, 40)}" is not a cluster name.`,
    'Use 1 to 32 of a-z, 0-9 and hyphen, beginning with a letter.',
    { field: 'name' },
  );
}

/** The files of one home directory. Names are checked before they become part of a path. */
export class HomePaths {
  readonly home: string;
  readonly clusters: string;

  constructor(home: string) {
    this.home = home;
    this.clusters = path.join(home, 'clusters');
  }

  cluster(name: string): string {
    checkName(name);
    return path.join(this.clusters, name);
  }

  record(name: string): string {
    return path.join(this.cluster(name), 'cluster.json');
  }

  runDir(name: string): string {
    return path.join(this.cluster(name), 'run');
  }

  run(name: string, nodeId: number): string {
    return path.join(this.runDir(name), `n${nodeId}.json`);
  }

  owner(name: string): string {
    return path.join(this.runDir(name), 'owner.json');
  }

  lock(name: string): string {
    checkName(name);
    return path.join(this.home, 'locks', `${name}.lock`);
  }

  /** Held while a name and ports are given out. */
  homeLock(): string {
    return path.join(this.home, 'locks', '.home.lock');
  }
}

/** Where one node keeps its data, its configuration and its log. */
export function nodeDir(dataDir: string, nodeId: number): string {
  return path.join(dataDir, `n${nodeId}`);
}

export function nodeLogFile(dataDir: string, nodeId: number): string {
  return path.join(nodeDir(dataDir, nodeId), 'node.log');
}
