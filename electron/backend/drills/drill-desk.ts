import {
  compareReports,
  DrillError,
  reportJson,
  reportMarkdown,
  ReportStore,
  runDrill,
  type DrillReport,
} from '../../../engine/drill/index.ts';
import type { Supervisor } from '../../../engine/supervisor/types.ts';
import type { DrillChoice, DrillComparison, DrillLive, DrillProgress, DrillSummary } from '../../contract/drills.ts';
import { toApiError } from '../api-error.ts';
import { BackendError } from '../errors.ts';

/** The command and other windows keep reports in the same place. */
const LOOK_MS = 1_500;

interface Running {
  readonly cancel: AbortController;
  readonly ended: Promise<void>;
  progress: DrillProgress;
}

export interface DrillDeskOptions {
  readonly supervisor: Supervisor;
  readonly home: string;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
  /** Tests give their own. */
  readonly runDrill?: typeof runDrill;
}

/** Runs drills, at most one a cluster at a time, and keeps their reports where the command keeps its own. */
export class DrillDesk {
  readonly #options: DrillDeskOptions;
  readonly #store: ReportStore;
  readonly #running = new Map<string, Running>();
  readonly #last = new Map<string, NonNullable<DrillLive['last']>>();
  readonly #listeners = new Map<string, Set<(live: DrillLive) => void>>();
  readonly #listListeners = new Set<() => void>();
  #closed = false;

  constructor(options: DrillDeskOptions) {
    this.#options = options;
    this.#store = new ReportStore(options.home);
  }

  /**
   * Resolves once the drill has begun; rejects with DrillError or BackendError when it is refused.
   * `onLinks` hears which nodes lost their links, and of none when they have them again.
   */
  async start(choice: DrillChoice, onLinks: (isolated: readonly number[]) => void): Promise<void> {
    const { cluster, scenario, ...settings } = choice;
    if (this.#closed) throw new BackendError('disconnected', 'The app is ending.', null);
    if (this.#running.has(cluster)) {
      throw new BackendError('refused', `A drill is already running on ${cluster}.`, 'Wait for it, or cancel it.');
    }
    const begun = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    const cancel = new AbortController();
    const progress: DrillProgress = {
      scenario,
      startedAtMs: this.#options.now(),
      phase: 'preparing',
      text: '',
      told: [],
      operations: 0,
      failed: 0,
      cancelling: false,
    };
    const running: Running = { cancel, ended: ended.promise, progress };
    this.#running.set(cluster, running);
    const run = this.#options.runDrill ?? runDrill;
    const work = async (): Promise<void> => {
      try {
        const report = await run(this.#options.supervisor, cluster, {
          scenario,
          ...defined(settings),
          signal: cancel.signal,
          onLinks,
          onProgress: ({ phase, text, operations, failed }) => {
            begun.resolve();
            const isNew = running.progress.told.at(-1)?.text !== text;
            const told = isNew
              ? [...running.progress.told, { atMs: this.#options.now(), text }]
              : running.progress.told;
            running.progress = { ...running.progress, phase, text, told, operations, failed };
            this.#tell(cluster);
          },
        });
        await this.#store.save(report);
        this.#end(cluster, { scenario, outcome: 'reported', reportId: report.id, error: null });
      } catch (error) {
        if (running.progress.told.length === 0) {
          this.#running.delete(cluster);
          begun.reject(error);
          return;
        }
        const isCancelled = error instanceof DrillError && error.code === 'cancelled';
        if (!(error instanceof DrillError)) this.#options.onError(error);
        const { message, hint } = toApiError(error);
        this.#end(cluster, {
          scenario,
          outcome: isCancelled ? 'cancelled' : 'failed',
          reportId: null,
          error: { message, hint },
        });
      } finally {
        ended.resolve();
      }
    };
    void work();
    await begun.promise;
  }

  /** Resolves when the cluster is in order again; at once when nothing runs. */
  async cancel(cluster: string): Promise<void> {
    const running = this.#running.get(cluster);
    if (running === undefined) return;
    running.cancel.abort();
    running.progress = { ...running.progress, cancelling: true };
    this.#tell(cluster);
    await running.ended;
  }

  live(cluster: string): DrillLive {
    return {
      running: this.#running.get(cluster)?.progress ?? null,
      last: this.#last.get(cluster) ?? null,
    };
  }

  /** The listener is called at once. Returns the way to stop it. */
  watch(cluster: string, listener: (live: DrillLive) => void): () => void {
    const listeners = this.#listeners.get(cluster) ?? new Set();
    this.#listeners.set(cluster, listeners.add(listener));
    listener(this.live(cluster));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(cluster);
    };
  }

  /** The kept reports now and after every change, whoever made it. */
  watchReports(listener: (reports: DrillSummary[]) => void, fail: (error: unknown) => void): () => void {
    let told: string | null = null;
    let stopped = false;
    const lookNow = async (): Promise<void> => {
      try {
        const reports = await this.#store.list();
        const ids = reports.map((report) => report.id).join();
        if (stopped || ids === told) return;
        told = ids;
        listener(reports.map(summaryOf));
      } catch (error) {
        if (!stopped) fail(error);
      }
    };
    const look = () => void lookNow();
    const timer = setInterval(look, LOOK_MS);
    this.#listListeners.add(look);
    look();
    return () => {
      stopped = true;
      clearInterval(timer);
      this.#listListeners.delete(look);
    };
  }

  report(id: string): Promise<DrillReport> {
    return this.#store.get(id);
  }

  async compare(firstId: string, secondId: string): Promise<DrillComparison> {
    const [first, second] = await Promise.all([this.#store.get(firstId), this.#store.get(secondId)]);
    return { first: summaryOf(first), second: summaryOf(second), rows: compareReports(first, second) };
  }

  async remove(id: string): Promise<void> {
    await this.#store.remove(id);
    this.#reportsChanged();
  }

  async exportAs(id: string, format: 'markdown' | 'json'): Promise<{ fileName: string; text: string }> {
    const report = await this.#store.get(id);
    const stem = `${report.cluster.name}-drill-${report.id}`;
    return format === 'json'
      ? { fileName: `${stem}.json`, text: reportJson(report) }
      : { fileName: `${stem}.md`, text: reportMarkdown(report) };
  }

  /** Cancels what runs, and waits until the clusters are in order. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#running.keys()].map((cluster) => this.cancel(cluster)));
    this.#listeners.clear();
    this.#listListeners.clear();
  }

  #end(cluster: string, last: Omit<NonNullable<DrillLive['last']>, 'endedAtMs'>): void {
    this.#running.delete(cluster);
    this.#last.set(cluster, { ...last, endedAtMs: this.#options.now() });
    this.#tell(cluster);
    this.#reportsChanged();
  }

  #tell(cluster: string): void {
    const live = this.live(cluster);
    for (const listener of this.#listeners.get(cluster) ?? []) listener(live);
  }

  #reportsChanged(): void {
    for (const look of this.#listListeners) look();
  }
}

export function summaryOf(report: DrillReport): DrillSummary {
  const { id, startedAtMs, scenario, fault, verdict, settings, timings, operations, consistency } = report;
  return {
    id,
    startedAtMs,
    cluster: report.cluster.name,
    scenario,
    title: fault.title,
    passed: verdict.passed,
    clients: settings.clients,
    readPercent: settings.readPercent,
    unavailableMs: timings.unavailableMs,
    leaderlessMs: timings.leaderlessMs,
    writesAcknowledged: operations.writesAcknowledged,
    acknowledgedWritesLost: consistency.acknowledgedWritesLost,
    linearizable: consistency.linearizable,
  };
}

/** Without what is undefined, which is not the same as left out. */
function defined<T extends object>(value: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, one]) => one !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
