import { readdir, rm } from 'node:fs/promises';
import { z } from 'zod';
import { DATA_FORMAT_VERSION, memberSchema, timingSchema } from '../config/node-config.ts';
import { SupervisorError } from './errors.ts';
import { readIfThere, readJson, writeJson } from './files.ts';
import { isClusterName, type HomePaths } from './home.ts';
import type { ClusterRecord } from './types.ts';

/** What cluster.json holds. */
export const recordSchema = z.object({
  formatVersion: z.literal(DATA_FORMAT_VERSION, { error: 'it was written by another version of PrkDB' }),
  clusterId: z.string().min(1),
  name: z.string().refine(isClusterName, 'it is not the name of a cluster'),
  createdAtMs: z.number(),
  partitions: z.number().int().min(1),
  replicationFactor: z.number().int().min(1),
  dataDir: z.string().min(1),
  members: z.array(memberSchema).min(1),
  founders: z.array(memberSchema).min(1).optional(),
  retired: z.array(z.number().int().min(1)).optional(),
  leaving: z.array(z.object({ id: z.number().int().min(1), deleteData: z.boolean() })).optional(),
  timing: timingSchema,
  tls: z.boolean().optional(),
});

const actorSchema = z.enum(['app', 'command', 'none']);

const actionSchema = z.object({
  /** Counts the actions on this node, from 1. */
  sequence: z.number().int(),
  kind: z.enum(['started', 'killed', 'paused', 'resumed', 'stopped', 'crashed']),
  by: actorSchema,
  atMs: z.number(),
  detail: z.string(),
});
export type RunAction = z.infer<typeof actionSchema>;

const runSchema = z.object({
  nodeId: z.number().int(),
  pid: z.number().int(),
  token: z.string(),
  /** Null: detached. */
  leash: z.string().nullable(),
  startedAtMs: z.number(),
  pausedAtMs: z.number().nullable(),
  /** Where this process's part of the log begins. */
  logOffset: z.number(),
  /** The latest few, oldest first: whoever watches may have missed some. */
  actions: z.array(actionSchema),
  exit: z
    .object({
      code: z.number().nullable(),
      signal: z.string().nullable(),
      atMs: z.number(),
      by: actorSchema,
      detail: z.string(),
    })
    .nullable(),
});
/** What is known of a node's process: the latest one, running or not. */
export type RunState = z.infer<typeof runSchema>;

const ownerSchema = z.object({ pid: z.number().int(), leash: z.string().nullable(), sinceMs: z.number() });
/** Who keeps a cluster's nodes alive; without a leash, nobody: they are detached. */
export type OwnerState = z.infer<typeof ownerSchema>;

const MAX_ACTIONS = 16;

/** The action added to what went before. */
export function withAction(before: readonly RunAction[], action: Omit<RunAction, 'sequence'>): RunAction[] {
  const sequence = (before.at(-1)?.sequence ?? 0) + 1;
  return [...before, { sequence, ...action }].slice(-MAX_ACTIONS);
}

/** The files under a home directory, as values. Changes are made under the cluster's lock. */
export class Records {
  readonly paths: HomePaths;

  constructor(paths: HomePaths) {
    this.paths = paths;
  }

  async names(): Promise<string[]> {
    let entries: string[];
    try {
      entries = await readdir(this.paths.clusters);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw error;
    }
    const isCluster = async (name: string) =>
      /^[a-z][a-z0-9-]{0,31}$/.test(name) && (await readIfThere(this.paths.record(name))) !== null;
    const flags = await Promise.all(entries.map(isCluster));
    return entries.filter((_, index) => flags[index]).sort();
  }

  /** Rejects with notFound when there is no such cluster. */
  async record(name: string): Promise<ClusterRecord> {
    const record = await readJson(this.paths.record(name), recordSchema);
    if (record !== null) return this.#asNamed(record, name);
    throw new SupervisorError(
      'notFound',
      `There is no cluster called ${name} in ${this.paths.home}.`,
      `See "prkdb ls", or create it with: prkdb up ${name}`,
    );
  }

  /** The directory's name is the cluster's: whoever was interrupted while renaming one left both in step. */
  #asNamed(record: ClusterRecord, name: string): ClusterRecord {
    if (record.name === name) return record;
    const isAtHome = record.dataDir === this.paths.cluster(record.name);
    return { ...record, name, dataDir: isAtHome ? this.paths.cluster(name) : record.dataDir };
  }

  async hasRecord(name: string): Promise<boolean> {
    return (await readIfThere(this.paths.record(name))) !== null;
  }

  writeRecord(record: ClusterRecord): Promise<void> {
    return writeJson(this.paths.record(record.name), record);
  }

  /** A run file that cannot be read counts as none: it says nothing of any data. */
  async run(name: string, nodeId: number): Promise<RunState | null> {
    return orNull(readJson(this.paths.run(name, nodeId), runSchema));
  }

  writeRun(name: string, run: RunState): Promise<void> {
    return writeJson(this.paths.run(name, run.nodeId), run);
  }

  async owner(name: string): Promise<OwnerState | null> {
    return orNull(readJson(this.paths.owner(name), ownerSchema));
  }

  writeOwner(name: string, owner: OwnerState): Promise<void> {
    return writeJson(this.paths.owner(name), owner);
  }

  async clearOwner(name: string): Promise<void> {
    await rm(this.paths.owner(name), { force: true });
  }

  /** Every port given to a cluster, except to one, with the cluster's name. Unreadable records are passed over. */
  async takenPorts(except: string | null): Promise<Map<number, string>> {
    const taken = new Map<number, string>();
    for (const name of await this.names()) {
      if (name === except) continue;
      const record = await orNull(readJson(this.paths.record(name), recordSchema));
      for (const member of record?.members ?? []) {
        for (const port of [member.clientPort, member.raftPort, member.metricsPort]) taken.set(port, name);
      }
    }
    return taken;
  }
}

async function orNull<T>(read: Promise<T | null>): Promise<T | null> {
  try {
    return await read;
  } catch (error) {
    if (error instanceof SupervisorError && error.code === 'corruptRecord') return null;
    throw error;
  }
}
