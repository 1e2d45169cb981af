import type { ClusterSpecInput, ClusterSummary } from '../../contract/model.ts';
import type { LocalCluster, Supervisor } from '../../../engine/supervisor/types.ts';
import { BackendError } from '../errors.ts';
import { EventLog } from '../history/event-log.ts';
import { HistoryStore } from '../history/history-store.ts';
import { RecordingStore } from '../raft/recording-store.ts';
import type { RemoteRegistry } from '../remote/remote-registry.ts';
import type { ClusterDriver } from './driver.ts';
import { LocalClusterDriver, type LocalClusterOptions } from './local-cluster.ts';

interface Entry {
  readonly driver: LocalClusterDriver;
  readonly kept: readonly { remove(): Promise<void> }[];
  readonly clusterId: string;
  readonly stopListening: () => void;
}

export interface RegistryOptions {
  readonly supervisor: Supervisor;
  /** The clusters that run elsewhere; taken over. */
  readonly remote: RemoteRegistry;
  readonly connectNode: LocalClusterOptions['connectNode'];
  readonly connectClient: LocalClusterOptions['connectClient'];
  readonly startLoad: LocalClusterOptions['startLoad'];
  /** The file that keeps the feed of a cluster. */
  readonly eventFile: (clusterId: string) => string;
  /** The folder that keeps what was measured of a cluster. */
  readonly historyDir: (clusterId: string) => string;
  /** The folder that keeps the recording of a cluster's partitions. */
  readonly recordingDir: (clusterId: string) => string;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

/** Every cluster the app knows, one driver each, in step with the supervisor. */
export class ClusterRegistry {
  readonly #options: RegistryOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #listeners = new Set<() => void>();
  readonly #stops: (() => void)[] = [];
  /** Reads of the supervisor's word, one after another for each name, so that an older never overtakes a newer. */
  readonly #refreshing = new Map<string, Promise<void>>();
  readonly #closing = new Set<Promise<void>>();
  #closed = false;

  private constructor(options: RegistryOptions) {
    this.#options = options;
  }

  static async open(options: RegistryOptions): Promise<ClusterRegistry> {
    const registry = new ClusterRegistry(options);
    const { supervisor } = options;
    registry.#stops.push(
      supervisor.onEvent((event) => registry.#entries.get(event.cluster)?.driver.processEvent(event)),
      options.remote.onChange(() => registry.#notify()),
      supervisor.onChange((name) => void registry.refresh(name).catch(options.onError)),
    );
    for (const cluster of await supervisor.list()) await registry.#take(cluster);
    return registry;
  }

  /** By name. */
  get drivers(): ClusterDriver[] {
    const local: ClusterDriver[] = [...this.#entries.values()].map((entry) => entry.driver);
    return [...local, ...this.#options.remote.drivers].sort((a, b) => (a.name < b.name ? -1 : a.name > b.name ? 1 : 0));
  }

  get(name: string): ClusterDriver {
    // The command may give a local cluster the name of a profile; the local one is then the one that is meant.
    const driver = this.#entries.get(name)?.driver ?? this.#options.remote.drivers.find((one) => one.name === name);
    if (driver === undefined) {
      throw new BackendError(
        'notFound',
        `There is no cluster called ${JSON.stringify(name)}.`,
        'It may have been deleted. Choose another.',
      );
    }
    return driver;
  }

  summaries(): ClusterSummary[] {
    return this.drivers.map((driver) => driver.summary());
  }

  /** Called when the list or any summary changed. Returns the way to stop it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async create(spec: ClusterSpecInput): Promise<ClusterSummary> {
    this.#refuseRemoteName(spec.name);
    await this.#options.supervisor.create(spec);
    // The driver is there before the processes are, so that it hears of their start.
    await this.refresh(spec.name);
    await this.#options.supervisor.start(spec.name, { detach: false });
    await this.refresh(spec.name);
    return this.get(spec.name).summary();
  }

  /** Takes in a cluster whose folder is elsewhere; null: under the name that it has. */
  async adopt(directory: string, name: string | null): Promise<ClusterSummary> {
    if (name !== null) this.#refuseRemoteName(name);
    const { record } = await this.#options.supervisor.adopt(directory, name ?? undefined);
    await this.refresh(record.name);
    return this.get(record.name).summary();
  }

  /** What this app runs is stopped for it and started again; what others run is left to them. */
  async rename(name: string, newName: string): Promise<void> {
    const driver = this.get(name);
    const { processes } = driver;
    if (processes === null) {
      throw new BackendError('refused', `${name} runs elsewhere.`, 'Change the name in its profile.');
    }
    if (newName === name) return;
    this.#refuseRemoteName(newName);
    const { owner, state } = driver.summary();
    const runs = state !== 'stopped';
    if (runs && owner === 'other') {
      throw new BackendError('refused', `${name} is run by another program.`, 'Stop it there, then rename it.');
    }
    // Found out before anything is stopped.
    if (this.#entries.has(newName)) {
      throw new BackendError('alreadyExists', `There is already a cluster called ${newName}.`, 'Choose another name.');
    }
    if (runs) await processes.stop();
    let now = name;
    try {
      await this.#options.supervisor.rename(name, newName);
      now = newName;
    } finally {
      await this.refresh(name);
      await this.refresh(now);
      if (runs) await this.#options.supervisor.start(now, { detach: owner === 'detached' });
      await this.refresh(now);
    }
  }

  async remove(name: string): Promise<void> {
    const entry = this.#entries.get(name);
    if (this.get(name).remote !== null) {
      throw new BackendError('refused', `${name} runs elsewhere and is not deleted from here.`, 'Delete its profile.');
    }
    await this.#options.supervisor.remove(name);
    await this.refresh(name);
    await Promise.all(entry?.kept.map((one) => one.remove()) ?? []);
  }

  /** Reads the supervisor's word on one cluster and acts on it. */
  refresh(name: string): Promise<void> {
    const before = this.#refreshing.get(name) ?? Promise.resolve();
    const next = before.then(() => this.#refreshNow(name));
    const quiet = next
      .catch(() => undefined)
      .finally(() => {
        if (this.#refreshing.get(name) === quiet) this.#refreshing.delete(name);
      });
    this.#refreshing.set(name, quiet);
    return next;
  }

  async close(): Promise<void> {
    this.#closed = true;
    for (const stop of this.#stops) stop();
    await Promise.all(this.#refreshing.values());
    await Promise.all([...this.#entries.values()].map((entry) => closeEntry(entry)));
    await this.#options.remote.close();
    this.#entries.clear();
    this.#listeners.clear();
  }

  async #refreshNow(name: string): Promise<void> {
    if (this.#closed) return;
    let cluster: LocalCluster | null;
    try {
      cluster = await this.#options.supervisor.get(name);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      cluster = null;
    }
    const entry = this.#entries.get(name);
    if (entry !== undefined && (cluster === null || cluster.record.clusterId !== entry.clusterId)) {
      await this.#drop(name, entry);
    }
    if (cluster === null) return;
    if (this.#entries.has(name)) this.#entries.get(name)?.driver.update(cluster);
    else await this.#take(cluster);
  }

  async #drop(name: string, entry: Entry): Promise<void> {
    this.#entries.delete(name);
    const closing = closeEntry(entry);
    this.#closing.add(closing);
    try {
      await closing;
    } finally {
      this.#closing.delete(closing);
      this.#notify();
    }
  }

  #refuseRemoteName(name: string): void {
    if (!this.#options.remote.drivers.some((driver) => driver.name === name)) return;
    throw new BackendError('alreadyExists', `There is a remote cluster called ${name}.`, 'Choose another name.');
  }

  async #take(cluster: LocalCluster): Promise<void> {
    const { name, clusterId } = cluster.record;
    // It has another name now; its feed and its recording have one writer.
    for (const [other, entry] of this.#entries) if (entry.clusterId === clusterId) await this.#drop(other, entry);
    await Promise.all(this.#closing);
    const { now, onError } = this.#options;
    const [eventLog, recordings, history] = await Promise.all([
      EventLog.open(this.#options.eventFile(clusterId), onError),
      RecordingStore.open(this.#options.recordingDir(clusterId), onError),
      HistoryStore.open(this.#options.historyDir(clusterId), now, onError),
    ]);
    const driver = new LocalClusterDriver(cluster, {
      ...this.#options,
      eventLog,
      recordings,
      history,
      refresh: () => this.refresh(name),
    });
    const stopListening = driver.onSummary(() => this.#notify());
    this.#entries.set(name, { driver, kept: [eventLog, recordings, history], clusterId, stopListening });
    this.#notify();
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}

async function closeEntry(entry: Entry): Promise<void> {
  entry.stopListening();
  await entry.driver.close();
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'notFound';
}
