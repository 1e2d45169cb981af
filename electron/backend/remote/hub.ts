import type { ClusterSummary, ClusterView, Sample, StoryEvent } from '../../contract/model.ts';
import type { HistoryRange, LiveUpdate } from '../clusters/driver.ts';
import { Pacer } from '../clusters/pacer.ts';
import type { EventLog } from '../history/event-log.ts';
import type { HistoryStore } from '../history/history-store.ts';

/** What the drivers of remote clusters have in common towards those who watch them: views in time, samples, the feed. */
export class Hub {
  readonly #view: () => ClusterView;
  readonly #summary: () => ClusterSummary;
  readonly #eventLog: EventLog;
  readonly #history: HistoryStore;
  readonly #pacer: Pacer<ClusterView>;
  readonly #watchers = new Set<(update: LiveUpdate) => void>();
  readonly #summaryListeners = new Set<() => void>();
  #summaryText = '';

  constructor(options: {
    readonly view: () => ClusterView;
    readonly summary: () => ClusterSummary;
    readonly eventLog: EventLog;
    readonly history: HistoryStore;
    readonly now: () => number;
  }) {
    this.#view = options.view;
    this.#summary = options.summary;
    this.#eventLog = options.eventLog;
    this.#history = options.history;
    this.#pacer = new Pacer({
      view: options.view,
      contentOf: (view) =>
        JSON.stringify(view, (key, value: unknown) => (key === 'timeMs' || key === 'heardAtMs' ? undefined : value)),
      emit: (view) => this.#publish({ view }),
      now: options.now,
    });
  }

  history(range: HistoryRange): Promise<Sample[]> {
    return this.#history.range(range);
  }

  lastSample(): Sample | null {
    return this.#history.last;
  }

  events(limit: number): StoryEvent[] {
    return this.#eventLog.recent(limit);
  }

  watch(listener: (update: LiveUpdate) => void): () => void {
    this.#watchers.add(listener);
    listener({ view: this.#view() });
    return () => this.#watchers.delete(listener);
  }

  onSummary(listener: () => void): () => void {
    this.#summaryListeners.add(listener);
    return () => this.#summaryListeners.delete(listener);
  }

  /** Something may have changed; another `fingerprint` than before is shown at once. */
  changed(fingerprint: string): void {
    this.#pacer.changed(fingerprint);
    const text = JSON.stringify(this.#summary(), (key, value: unknown) => (key === 'heardAtMs' ? undefined : value));
    if (text === this.#summaryText) return;
    this.#summaryText = text;
    for (const listener of this.#summaryListeners) listener();
  }

  sample(sample: Sample): void {
    this.#history.push(sample);
    this.#publish({ samples: [sample] });
  }

  tell(events: readonly StoryEvent[]): void {
    const told = this.#eventLog.add(events);
    if (told.length > 0) this.#publish({ events: told });
  }

  async close(): Promise<void> {
    this.#pacer.close();
    this.#watchers.clear();
    this.#summaryListeners.clear();
    await Promise.all([this.#eventLog.close(), this.#history.close()]);
  }

  #publish(update: LiveUpdate): void {
    for (const watcher of this.#watchers) watcher(update);
  }
}
