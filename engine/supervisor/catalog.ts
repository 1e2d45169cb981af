import { randomUUID } from 'node:crypto';
import { mkdir, rename, rm } from 'node:fs/promises';
import { DATA_FORMAT_VERSION, timingSchema } from '../config/node-config.ts';
import { ensureAdminToken } from './access.ts';
import { ensureCertificates } from './certificates.ts';
import { claimDataDir, deleteDataDir, removeIfEmpty, renameDataDir } from './data-dir.ts';
import { SupervisorError } from './errors.ts';
import { findCluster } from './find-cluster.ts';
import { checkName, type HomePaths } from './home.ts';
import { withLock } from './lock.ts';
import { checkPorts, findBasePort, membersOf, refuseTakenPorts } from './ports.ts';
import type { Records } from './records.ts';
import type { ClusterRecord, ClusterSpec } from './types.ts';

/**
 * Which clusters a home directory has: they come, get other names, and go. Names and ports are
 * given out under the lock of the home. Nothing in here asks whether a cluster runs.
 */
export class Catalog {
  readonly #paths: HomePaths;
  readonly #records: Records;

  constructor(paths: HomePaths, records: Records) {
    this.#paths = paths;
    this.#records = records;
  }

  /** Rejects with alreadyExists, portInUse, or what claiming the data directory rejects with; then nothing is left of it. */
  create(spec: ClusterSpec): Promise<void> {
    return withLock(this.#paths.homeLock(), async () => {
      await this.#refuseTaken(spec.name);
      const taken = await this.#records.takenPorts(null);
      const basePort = spec.basePort ?? (await findBasePort(spec.nodes, taken));
      const members = membersOf(basePort, spec.nodes);
      if (spec.basePort !== null) await checkPorts(members, taken);
      const record: ClusterRecord = {
        formatVersion: DATA_FORMAT_VERSION,
        clusterId: randomUUID(),
        name: spec.name,
        createdAtMs: Date.now(),
        partitions: spec.partitions,
        replicationFactor: spec.replicationFactor,
        dataDir: spec.dataDir ?? this.#paths.cluster(spec.name),
        members,
        timing: timingSchema.parse(spec.timing ?? {}),
        ...(spec.tls === true ? { tls: true } : {}),
      };
      await claimDataDir(record);
      try {
        await ensureCertificates(record);
        await ensureAdminToken(record);
        await this.#add(record);
      } catch (error) {
        await deleteDataDir(record);
        throw error;
      }
    });
  }

  /** Takes in a cluster whose data lie in `directory`, under its own name unless another is given. Returns its record. */
  async adopt(directory: string, name?: string): Promise<ClusterRecord> {
    const found = await findCluster(directory);
    const record = { ...found, name: name ?? found.name };
    checkName(record.name);
    await withLock(this.#paths.homeLock(), async () => {
      for (const other of await this.#records.names()) {
        const known = await this.#records.record(other);
        if (known.clusterId === record.clusterId) {
          throw new SupervisorError('alreadyExists', `This cluster is here already, as ${other}.`, 'Open that one.');
        }
      }
      await this.#refuseTaken(record.name);
      refuseTakenPorts(record.members, await this.#records.takenPorts(null));
      await this.#add(record);
    });
    return record;
  }

  /** The cluster must not run. */
  rename(name: string, newName: string): Promise<void> {
    return withLock(this.#paths.homeLock(), async () => {
      await this.#refuseTaken(newName);
      // All that a cluster is here lies in one directory, so that it has one name at any moment.
      await moveDirectory(this.#paths.cluster(name), this.#paths.cluster(newName));
      const record = await this.#records.record(newName);
      await this.#records.writeRecord(record);
      await renameDataDir(record);
    });
  }

  /** With its data. The cluster must not run. */
  async remove(record: ClusterRecord): Promise<void> {
    await deleteDataDir(record);
    await rm(this.#paths.runDir(record.name), { recursive: true, force: true });
    await rm(this.#paths.record(record.name), { force: true });
    await removeIfEmpty(this.#paths.cluster(record.name));
  }

  async #add(record: ClusterRecord): Promise<void> {
    await mkdir(this.#paths.runDir(record.name), { recursive: true, mode: 0o700 });
    await this.#records.writeRecord(record);
  }

  async #refuseTaken(name: string): Promise<void> {
    if (!(await this.#records.hasRecord(name))) return;
    throw new SupervisorError(
      'alreadyExists',
      `There is already a cluster called ${name}.`,
      'Choose another name, or delete that one first.',
      { field: 'name' },
    );
  }
}

/** Rejects when something is there already, be it no cluster. */
async function moveDirectory(from: string, to: string): Promise<void> {
  try {
    // An empty directory may be a leftover; one with anything in it makes this fail.
    await rename(from, to);
  } catch (error) {
    throw new SupervisorError(
      'dataDirUnusable',
      `${from} cannot become ${to}: ${(error as Error).message}.`,
      'Choose another name, or move away what is there.',
      { field: 'name', cause: error },
    );
  }
}
