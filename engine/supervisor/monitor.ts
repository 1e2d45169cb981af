import { watch, type FSWatcher } from 'node:fs';
import type { HomePaths } from './home.ts';
import type { ClusterView } from './view.ts';
import type { ProcessEvent } from './types.ts';

/** Files tell most changes at once; this finds what they do not: processes that end, lost notices. */
const POLL_MS = 1000;
/** A change is several file events. */
const SETTLE_MS = 10;

export interface MonitorSource {
  names(): Promise<string[]>;
  view(name: string): Promise<ClusterView>;
  /** Called when a process is gone and nobody has recorded its end; may change the files. */
  reap(view: ClusterView): Promise<void>;
}

interface Seen {
  readonly text: string;
  readonly sequences: ReadonlyMap<number, number>;
}

/** Notices what happens to clusters, whoever did it, by comparing what is with what was. */
export class Monitor {
  readonly #source: MonitorSource;
  readonly #paths: HomePaths;
  readonly #changeListeners = new Set<(cluster: string) => void>();
  readonly #eventListeners = new Set<(event: ProcessEvent) => void>();
  readonly #seen = new Map<string, Seen>();
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #checks = new Map<string, Promise<void>>();
  readonly #again = new Set<string>();
  readonly #reaps = new Map<string, Promise<void>>();
  #started: Promise<void> | null = null;
  #poll: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(source: MonitorSource, paths: HomePaths) {
    this.#source = source;
    this.#paths = paths;
  }

  onChange(listener: (cluster: string) => void): () => void {
    this.#changeListeners.add(listener);
    void this.start();
    return () => this.#changeListeners.delete(listener);
  }

  onEvent(listener: (event: ProcessEvent) => void): () => void {
    this.#eventListeners.add(listener);
    void this.start();
    return () => this.#eventListeners.delete(listener);
  }

  /** Resolves when what is there already has been seen, so that only what follows is told. */
  start(): Promise<void> {
    this.#started ??= this.#start();
    return this.#started;
  }

  /** Compares one cluster with what was last seen of it, and tells the difference. One check at a time. */
  check(name: string): Promise<void> {
    if (this.#closed || this.#started === null) return Promise.resolve();
    const running = this.#checks.get(name);
    if (running !== undefined) {
      this.#again.add(name);
      return running;
    }
    const check = this.#checkUntilQuiet(name).finally(() => this.#checks.delete(name));
    this.#checks.set(name, check);
    return check;
  }

  async close(): Promise<void> {
    this.#closed = true;
    if (this.#poll !== null) clearInterval(this.#poll);
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
    await Promise.all([...this.#checks.values(), ...this.#reaps.values()]);
  }

  async #start(): Promise<void> {
    await this.#sweep();
    if (this.#closed) return;
    this.#watch(this.#paths.clusters, () => void this.#sweep());
    this.#poll = setInterval(() => void this.#sweep(), POLL_MS);
    this.#poll.unref();
  }

  async #sweep(): Promise<void> {
    const names = await this.#source.names().catch(() => []);
    await Promise.all([...new Set([...names, ...this.#seen.keys()])].map((name) => this.check(name)));
  }

  async #checkUntilQuiet(name: string): Promise<void> {
    do {
      this.#again.delete(name);
      await this.#compare(name);
    } while (this.#again.has(name) && !this.#closed);
  }

  async #compare(name: string): Promise<void> {
    let view: ClusterView;
    try {
      view = await this.#source.view(name);
    } catch {
      // Deleted, or unreadable: what a caller asks of it will say which.
      this.#unwatch(this.#paths.runDir(name));
      if (this.#seen.delete(name)) this.#changed(name);
      return;
    }
    this.#watch(this.#paths.runDir(name), () => void this.check(name));
    const before = this.#seen.get(name);
    const text = JSON.stringify(view.cluster);
    const sequences = new Map([...view.actions].map(([id, actions]) => [id, actions.at(-1)?.sequence ?? 0]));
    this.#seen.set(name, { text, sequences });
    // A cluster that appears after the start was made after it: all of its story is news.
    const isNew = before === undefined && this.#poll !== null;
    if (before !== undefined || isNew) this.#tellActions(name, view, before?.sequences);
    if (before?.text !== text && (before !== undefined || isNew)) this.#changed(name);
    this.#reap(name, view);
  }

  /** Not awaited by checks: reaping changes files, and whoever changes files waits for a check. */
  #reap(name: string, view: ClusterView): void {
    if (this.#reaps.has(name) || this.#closed) return;
    const reap = this.#source
      .reap(view)
      .catch(() => undefined)
      .finally(() => this.#reaps.delete(name));
    this.#reaps.set(name, reap);
  }

  #tellActions(name: string, view: ClusterView, before: ReadonlyMap<number, number> | undefined): void {
    for (const [nodeId, actions] of view.actions) {
      const seen = before?.get(nodeId) ?? 0;
      for (const action of actions) {
        if (action.sequence <= seen) continue;
        const event = { timeMs: action.atMs, cluster: name, nodeId, kind: action.kind, by: action.by };
        for (const listener of this.#eventListeners) listener({ ...event, detail: action.detail });
      }
    }
  }

  #changed(name: string): void {
    for (const listener of this.#changeListeners) listener(name);
  }

  #watch(dir: string, notice: () => void): void {
    if (this.#watchers.has(dir) || this.#closed) return;
    let settling: NodeJS.Timeout | null = null;
    try {
      const watcher = watch(dir, { persistent: false }, () => {
        settling ??= setTimeout(() => {
          settling = null;
          notice();
        }, SETTLE_MS).unref();
      });
      // A directory that goes away, or a system without watches left: the poll remains.
      watcher.on('error', () => this.#unwatch(dir));
      this.#watchers.set(dir, watcher);
    } catch {
      // Not there yet.
    }
  }

  #unwatch(dir: string): void {
    this.#watchers.get(dir)?.close();
    this.#watchers.delete(dir);
  }
}
