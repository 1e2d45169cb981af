import { mkdir, rm } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Member } from '../config/node-config.ts';
import { saysRemoved } from '../config/removed.ts';
import { ensureAdminToken } from './access.ts';
import { Catalog } from './catalog.ts';
import { ensureCertificates } from './certificates.ts';
import { checkDataDir, deleteNodeData } from './data-dir.ts';
import { SupervisorError } from './errors.ts';
import { HomePaths, checkName, defaultHome, nodeLogFile } from './home.ts';
import { openLeash, type Leash } from './leash.ts';
import { withLock } from './lock.ts';
import { nextMember, withLeaving, withMember, withoutMember } from './members.ts';
import { Monitor } from './monitor.ts';
import { NodeControl } from './node-control.ts';
import { checkPorts } from './ports.ts';
import { Records } from './records.ts';
import { checkSpec } from './spec.ts';
import type { ClusterRecord, ClusterSpec, LocalCluster, NodeLauncher, ProcessEvent, Supervisor } from './types.ts';
import { isOwnerGone, viewCluster, type ClusterView } from './view.ts';

/** Whoever ended a process records that itself, and sooner; only what stays unexplained is a crash. */
const CRASH_GRACE_MS = 300;
/** How long a node that is starting may take until it holds on to its leash. */
const TAKE_HOLD_MS = 10_000;

export interface SupervisorOptions {
  /** Default: see defaultHome(). */
  readonly home?: string;
  readonly launcher: NodeLauncher;
  /** Whose deeds these are, in records and events. */
  readonly actor: 'app' | 'command';
}

/** Opens a home directory, which is made when there is none. */
export async function createSupervisor(options: SupervisorOptions): Promise<Supervisor> {
  const paths = new HomePaths(options.home ?? defaultHome());
  try {
    await mkdir(paths.clusters, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new SupervisorError(
      'dataDirUnusable',
      `The directory ${paths.home} cannot be used: ${(error as Error).message}.`,
      'Set PRKDB_HOME to a directory that this user can write to.',
      { cause: error },
    );
  }
  return new LocalSupervisor(paths, options);
}

class LocalSupervisor implements Supervisor {
  readonly #paths: HomePaths;
  readonly #records: Records;
  readonly #catalog: Catalog;
  readonly #control: NodeControl;
  readonly #monitor: Monitor;
  readonly #actor: 'app' | 'command';
  /** Ends of processes that are being recorded. */
  readonly #notes = new Set<Promise<void>>();
  #leash: Promise<Leash> | null = null;
  #leashPath: string | null = null;
  #closed = false;

  constructor(paths: HomePaths, options: SupervisorOptions) {
    this.#paths = paths;
    this.#actor = options.actor;
    this.#records = new Records(paths);
    this.#catalog = new Catalog(paths, this.#records);
    this.#control = new NodeControl(this.#records, options.launcher, options.actor, (cluster, nodeId, token) => {
      const note = this.#noteEnd(cluster, nodeId, token, false)
        // Deleted meanwhile, or the lock is held for long: the monitor looks again.
        .catch(() => undefined)
        .finally(() => this.#notes.delete(note));
      this.#notes.add(note);
    });
    this.#monitor = new Monitor(
      {
        names: () => this.#records.names(),
        view: (name) => this.#view(name),
        reap: (view) => this.#reap(view),
      },
      paths,
    );
  }

  async list(): Promise<readonly LocalCluster[]> {
    const names = await this.#records.names();
    const clusters = await Promise.all(names.map((name) => this.get(name).catch(unlessGoneOrCorrupt)));
    return clusters.filter((cluster) => cluster !== null);
  }

  async get(name: string): Promise<LocalCluster> {
    return (await this.#view(name)).cluster;
  }

  async create(input: ClusterSpec): Promise<LocalCluster> {
    const spec = checkSpec(input);
    this.#refuseWhenClosed();
    await this.#catalog.create(spec);
    await this.#monitor.check(spec.name);
    return this.get(spec.name);
  }

  async start(name: string, options: { readonly detach: boolean }): Promise<LocalCluster> {
    await this.#change(name, async (before) => {
      const record = await this.#withoutRemoved(before);
      const leash = await this.#leashFor(record, options.detach);
      await this.#launchMissing(record, record.members, leash);
    });
    return this.get(name);
  }

  async stop(name: string): Promise<void> {
    await this.#change(name, async (record) => {
      await Promise.all(record.members.map((member) => this.#control.stop(record, member, true)));
      await this.#records.clearOwner(name);
    });
  }

  async remove(name: string): Promise<void> {
    await this.#change(name, async (record) => {
      await this.#refuseWhileRunning(name);
      await this.#catalog.remove(record);
    });
  }

  async adopt(directory: string, name?: string): Promise<LocalCluster> {
    this.#refuseWhenClosed();
    const record = await this.#catalog.adopt(directory, name);
    await this.#monitor.check(record.name);
    return this.get(record.name);
  }

  async rename(name: string, newName: string): Promise<void> {
    checkName(newName);
    this.#refuseWhenClosed();
    await this.#change(name, async () => {
      if (newName === name) return;
      await this.#refuseWhileRunning(name);
      await this.#catalog.rename(name, newName);
    });
    await this.#monitor.check(newName);
  }

  async startNode(name: string, nodeId: number): Promise<void> {
    await this.#change(name, async (record) => {
      const member = memberOf(record, nodeId);
      const owner = await this.#records.owner(name);
      const isOwned = owner !== null && !(await isOwnerGone(owner, this.#leashPath));
      if (!isOwned && this.#actor === 'command') {
        throw new SupervisorError(
          'notRunning',
          `The cluster ${name} is not running.`,
          `Start it with: prkdb up ${name}`,
        );
      }
      await this.#launchMissing(record, [member], await this.#leashFor(record, isOwned && owner.leash === null));
    });
  }

  async addNode(name: string, { replaces }: { readonly replaces?: number } = {}): Promise<number> {
    let added = 0;
    await this.#change(name, async (record) => {
      const owner = await this.#records.owner(name);
      if (owner === null || (await isOwnerGone(owner, this.#leashPath)) || !(await this.#isUp(record))) {
        throw new SupervisorError(
          'notRunning',
          `The cluster ${name} is not running, so it cannot take in a node.`,
          `Start it with: prkdb up ${name}`,
        );
      }
      if (replaces !== undefined) memberOf(record, replaces);
      const leash = await this.#leashFor(record, owner.leash === null);
      // Ports are given out one at a time, as to new clusters.
      await withLock(this.#paths.homeLock(), async () => {
        const member = await nextMember(record, await this.#records.takenPorts(name));
        const grown = withMember(record, member);
        await checkDataDir(record);
        await deleteNodeData(record, member.id);
        await ensureCertificates(grown);
        await this.#records.writeRecord(grown);
        added = member.id;
        try {
          await this.#control.launch(grown, member, leash, replaces);
        } catch (error) {
          await this.#records.writeRecord(record);
          throw error;
        }
      });
    });
    return added;
  }

  async leaveNode(name: string, nodeId: number, { deleteData }: { readonly deleteData: boolean }): Promise<void> {
    await this.#change(name, async (record) => {
      // It may have been gone before this was told.
      if (isStruckOff(record, nodeId)) return deleteData ? deleteNodeData(record, nodeId) : undefined;
      await this.#records.writeRecord(withLeaving(record, { id: memberOf(record, nodeId).id, deleteData }));
    });
  }

  async forgetNode(name: string, nodeId: number, { deleteData }: { readonly deleteData: boolean }): Promise<void> {
    await this.#change(name, async (record) => {
      if (isStruckOff(record, nodeId)) return deleteData ? deleteNodeData(record, nodeId) : undefined;
      const member = memberOf(record, nodeId);
      if (record.members.length === 1) {
        throw new SupervisorError(
          'invalidSpec',
          `n${nodeId} is the last node of ${name}.`,
          `Delete the cluster instead, with: prkdb rm ${name}`,
        );
      }
      await this.#control.stop(record, member, false);
      await this.#strikeOff(record, nodeId, deleteData);
    });
  }

  killNode(name: string, nodeId: number): Promise<void> {
    return this.#change(name, (record) => this.#control.kill(record, memberOf(record, nodeId).id));
  }

  pauseNode(name: string, nodeId: number): Promise<void> {
    return this.#change(name, (record) => this.#control.pause(record, memberOf(record, nodeId).id));
  }

  resumeNode(name: string, nodeId: number): Promise<void> {
    return this.#change(name, (record) => this.#control.resume(record, memberOf(record, nodeId).id));
  }

  async restartNode(name: string, nodeId: number): Promise<void> {
    await this.#change(name, async (record) => this.#control.stop(record, memberOf(record, nodeId), false));
    await this.startNode(name, nodeId);
  }

  onChange(listener: (cluster: string) => void): () => void {
    return this.#monitor.onChange(listener);
  }

  onEvent(listener: (event: ProcessEvent) => void): () => void {
    return this.#monitor.onEvent(listener);
  }

  async logFile(name: string, nodeId: number): Promise<string> {
    const record = await this.#records.record(name);
    return nodeLogFile(record.dataDir, memberOf(record, nodeId).id);
  }

  async letGo(): Promise<readonly string[]> {
    const leash = await this.#leash;
    if (leash === null) return [];
    const own = (await this.list()).filter((cluster) => cluster.owner === 'self');
    const names = own.map((cluster) => cluster.record.name).sort();
    await this.#whileLocked(names, async () => {
      const views = await Promise.all(names.map((name) => this.#view(name)));
      const runs = views.flatMap((view) => view.runs.filter((run) => run !== null && run.leash === leash.path));
      const states = await Promise.all(runs.map((run) => this.#control.state(run)));
      // One that is still starting takes hold in a moment; let go before, it would find nobody and end.
      const holding = states.filter((state) => state !== 'gone').length;
      for (const endMs = Date.now() + TAKE_HOLD_MS; leash.holders() < holding && Date.now() < endMs;) await sleep(20);
      await leash.letGo();
      for (const { cluster, runs: ofCluster } of views) {
        const { name } = cluster.record;
        await this.#records.writeOwner(name, { pid: process.pid, leash: null, sinceMs: Date.now() });
        for (const run of ofCluster) if (run !== null) await this.#records.writeRun(name, { ...run, leash: null });
      }
    });
    await Promise.all(names.map((name) => this.#monitor.check(name)));
    return names;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    try {
      if (this.#leashPath !== null) await this.#stopOwn();
    } finally {
      await this.#monitor.close();
      await Promise.all(this.#notes);
      // Whatever could not be stopped in order stops when its leash goes.
      const leash = await this.#leash;
      await leash?.close();
    }
  }

  async #stopOwn(): Promise<void> {
    const clusters = await this.list();
    const own = clusters.filter((cluster) => cluster.owner === 'self');
    await Promise.allSettled(own.map((cluster) => this.stop(cluster.record.name)));
  }

  #view(name: string): Promise<ClusterView> {
    return viewCluster(this.#records, this.#control, name, this.#leashPath);
  }

  /** Changes one cluster while nobody else does, then tells what changed. */
  async #change(name: string, change: (record: ClusterRecord) => Promise<void>): Promise<void> {
    checkName(name);
    try {
      await withLock(this.#paths.lock(name), async () => change(await this.#records.record(name)));
    } finally {
      await this.#monitor.check(name);
    }
  }

  /** Locks are taken in one order, so that two who do this never wait for each other. */
  #whileLocked(sortedNames: readonly string[], work: () => Promise<void>): Promise<void> {
    const [name, ...rest] = sortedNames;
    if (name === undefined) return work();
    return withLock(this.#paths.lock(name), () => this.#whileLocked(rest, work));
  }

  /**
   * What new nodes of a cluster hold on to: its owner's leash while that one lives, nothing
   * when it runs detached, else ours, or nothing when that is asked for.
   */
  async #leashFor(record: ClusterRecord, detach: boolean): Promise<string | null> {
    this.#refuseWhenClosed();
    const owner = await this.#records.owner(record.name);
    if (owner !== null && (await isOwnerGone(owner, this.#leashPath))) {
      await Promise.all(record.members.map((member) => this.#control.releaseOrphan(record, member)));
    } else if (owner !== null && (owner.leash !== null || (await this.#isUp(record)))) {
      return owner.leash;
    }
    const leash = detach ? null : await this.#ownLeash();
    await this.#records.writeOwner(record.name, { pid: process.pid, leash, sinceMs: Date.now() });
    return leash;
  }

  async #isUp(record: ClusterRecord): Promise<boolean> {
    const runs = await Promise.all(record.members.map((member) => this.#records.run(record.name, member.id)));
    const states = await Promise.all(runs.map((run) => this.#control.state(run)));
    return states.some((state) => state !== 'gone');
  }

  async #launchMissing(record: ClusterRecord, members: readonly Member[], leash: string | null): Promise<void> {
    const missing: Member[] = [];
    for (const member of members) {
      const run = await this.#records.run(record.name, member.id);
      if ((await this.#control.state(run)) === 'gone') missing.push(member);
    }
    if (missing.length === 0) return;
    await checkDataDir(record);
    await checkPorts(missing, new Map());
    await ensureCertificates(record);
    await ensureAdminToken(record);
    await Promise.all(missing.map((member) => this.#control.launch(record, member, leash)));
  }

  async #ownLeash(): Promise<string> {
    this.#leash ??= openLeash();
    const leash = await this.#leash;
    this.#leashPath = leash.path;
    // From now on ends of our nodes have to be noticed, whether or not anybody listens.
    await this.#monitor.start();
    return leash.path;
  }

  /** Finds processes that ended without anybody having recorded it, and frozen ones whose owner is gone. */
  async #reap(view: ClusterView): Promise<void> {
    const { record, nodes } = view.cluster;
    for (const [index, run] of view.runs.entries()) {
      if (run === null || this.#closed) continue;
      const node = nodes[index]!;
      if (node.state === 'paused' && view.ownerGone && run.leash !== null) {
        await this.#change(record.name, () => this.#control.releaseOrphan(record, record.members[index]!));
      } else if (node.pid === null && run.exit === null) {
        await sleep(CRASH_GRACE_MS);
        await this.#noteEnd(record.name, node.nodeId, run.token, view.ownerGone);
      }
    }
  }

  /** Returns the record as it is then. */
  async #strikeOff(record: ClusterRecord, nodeId: number, deleteData: boolean): Promise<ClusterRecord> {
    const without = withoutMember(record, nodeId);
    await this.#records.writeRecord(without);
    await rm(this.#paths.run(record.name, nodeId), { force: true });
    if (deleteData) await deleteNodeData(record, nodeId);
    return without;
  }

  /** Completes the removal of a node whose process has ended with the word that its cluster let it go. */
  async #strikeOffIfRemoved(record: ClusterRecord, nodeId: number): Promise<ClusterRecord> {
    const run = await this.#records.run(record.name, nodeId);
    if (run === null || !saysRemoved(run.exit?.detail ?? '', nodeId) || record.members.length === 1) return record;
    const deleteData = record.leaving?.some((node) => node.id === nodeId && node.deleteData) === true;
    return this.#strikeOff(record, nodeId, deleteData);
  }

  /** Whoever waited for removals may have been gone when they were complete. */
  async #withoutRemoved(record: ClusterRecord): Promise<ClusterRecord> {
    const ownerGone = await isOwnerGone(await this.#records.owner(record.name), this.#leashPath);
    let current = record;
    for (const { id } of record.members) {
      const run = await this.#records.run(record.name, id);
      if (run === null) continue;
      await this.#control.noteEnd(current, id, run.token, ownerGone);
      current = await this.#strikeOffIfRemoved(current, id);
    }
    return current;
  }

  async #noteEnd(name: string, nodeId: number, token: string, ownerGone: boolean): Promise<void> {
    await withLock(this.#paths.lock(name), async () => {
      const record = await this.#records.record(name);
      await this.#control.noteEnd(record, nodeId, token, ownerGone);
      if (!isStruckOff(record, nodeId)) await this.#strikeOffIfRemoved(record, nodeId);
    });
    void this.#monitor.check(name);
  }

  async #refuseWhileRunning(name: string): Promise<void> {
    const { cluster } = await this.#view(name);
    if (cluster.nodes.every((node) => node.pid === null)) return;
    throw new SupervisorError('running', `The cluster ${name} is running.`, `Stop it first, with: prkdb down ${name}`);
  }

  #refuseWhenClosed(): void {
    if (!this.#closed) return;
    throw new SupervisorError('closed', 'The supervisor is closed.', 'Open a new one.');
  }
}

function isStruckOff(record: ClusterRecord, nodeId: number): boolean {
  return record.members.every((m) => m.id !== nodeId) && record.retired?.includes(nodeId) === true;
}

function memberOf(record: ClusterRecord, nodeId: number): Member {
  const member = record.members.find((m) => m.id === nodeId);
  if (member !== undefined) return member;
  const names = record.members.map((m) => `n${m.id}`).join(', ');
  throw new SupervisorError('notFound', `${record.name} has no node n${nodeId}.`, `Its nodes are ${names}.`);
}

function unlessGoneOrCorrupt(error: unknown): null {
  if (error instanceof SupervisorError && (error.code === 'notFound' || error.code === 'corruptRecord')) return null;
  throw error;
}
