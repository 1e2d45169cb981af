import type { ClusterDriver } from '../clusters/driver.ts';
import { EventLog } from '../history/event-log.ts';
import { HistoryStore } from '../history/history-store.ts';
import { RecordingStore } from '../raft/recording-store.ts';
import type { Connection } from './connection.ts';
import type { RemoteDriverOptions } from './driver-options.ts';
import { EtcdDriver } from './etcd/etcd-driver.ts';
import { PrkDbDriver } from './prkdb/prkdb-driver.ts';
import type { Learned, StoredProfile } from './profile-store.ts';

export interface RemoteRegistryOptions {
  readonly connection: (profile: StoredProfile) => Promise<Connection>;
  readonly learn: (id: string, learned: Learned) => Promise<void>;
  /** The file that keeps the feed of a profile's cluster. */
  readonly eventFile: (profileId: string) => string;
  /** The folders that keep what was measured, and what happened inside partitions. */
  readonly historyDir: (profileId: string) => string;
  readonly recordingDir: (profileId: string) => string;
  readonly snapshotDir: (profile: StoredProfile) => string;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

interface Entry {
  readonly driver: ClusterDriver;
  readonly kept: readonly { remove(): Promise<void> }[];
  readonly stopListening: () => void;
}

/** One driver for each profile, in step with the profiles. */
export class RemoteRegistry {
  readonly #options: RemoteRegistryOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #listeners = new Set<() => void>();
  /** Connecting and leaving, one after another. */
  #work: Promise<unknown> = Promise.resolve();
  #closed = false;

  constructor(options: RemoteRegistryOptions) {
    this.#options = options;
  }

  get drivers(): ClusterDriver[] {
    return [...this.#entries.values()].map(({ driver }) => driver);
  }

  /** Called when the list or any summary changed. Returns the way to stop it. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Watches the cluster of this profile from now on, in place of what its id stood for. */
  connect(profile: StoredProfile): Promise<void> {
    return this.#next(async () => {
      const before = this.#entries.get(profile.id);
      before?.stopListening();
      // Who watches the former driver goes on with the new one, so there is always one to be found.
      await before?.driver.close();
      if (this.#closed) return;
      const { now, onError } = this.#options;
      const [eventLog, history, recordings] = await Promise.all([
        EventLog.open(this.#options.eventFile(profile.id), onError),
        HistoryStore.open(this.#options.historyDir(profile.id), now, onError),
        RecordingStore.open(this.#options.recordingDir(profile.id), onError),
      ]);
      const driver = openDriver({
        profile,
        connect: () => this.#options.connection(profile),
        learn: (learned) => {
          this.#options.learn(profile.id, learned).catch(onError);
        },
        eventLog,
        history,
        recordings,
        snapshotDir: this.#options.snapshotDir(profile),
        now,
        onError,
      });
      const stopListening = driver.onSummary(() => this.#notify());
      this.#entries.set(profile.id, { driver, kept: [eventLog, history, recordings], stopListening });
      this.#notify();
    });
  }

  /** Its profile is gone, and with it what was kept of it. */
  disconnect(id: string): Promise<void> {
    return this.#next(async () => {
      const entry = this.#entries.get(id);
      await this.#drop(id);
      this.#notify();
      await Promise.all(entry?.kept.map((one) => one.remove()) ?? []);
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#next(async () => {
      await Promise.all([...this.#entries.keys()].map((id) => this.#drop(id)));
    });
    this.#listeners.clear();
  }

  async #drop(id: string): Promise<void> {
    const entry = this.#entries.get(id);
    if (entry === undefined) return;
    this.#entries.delete(id);
    entry.stopListening();
    await entry.driver.close();
  }

  #next(step: () => Promise<void>): Promise<void> {
    const next = this.#work.then(step);
    this.#work = next.catch(() => undefined);
    return next;
  }

  #notify(): void {
    for (const listener of this.#listeners) listener();
  }
}

function openDriver(options: RemoteDriverOptions): ClusterDriver {
  return options.profile.kind === 'etcd' ? new EtcdDriver(options) : new PrkDbDriver(options);
}
