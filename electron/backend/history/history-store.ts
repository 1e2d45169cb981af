import path from 'node:path';
import { sampleSchema, type Sample } from '../../contract/model.ts';
import type { HistoryRange } from '../clusters/driver.ts';
import { RecordingStore, type RecordingLimits } from '../raft/recording-store.ts';
import { SampleRing } from './sample-ring.ts';
import { thinSamples } from './thin.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;

/** Every sample, for as long as memory holds it too. */
const FINE: RecordingLimits = {
  segmentMs: 2 * 60_000,
  keepMs: 20 * 60_000,
  maxBytes: 16 * 1024 * 1024,
  maxAgeMs: DAY_MS,
};
/** One merged sample for each COARSE_MS, for a week of watching. */
const COARSE: RecordingLimits = {
  segmentMs: HOUR_MS,
  keepMs: 7 * DAY_MS,
  maxBytes: 32 * 1024 * 1024,
  maxAgeMs: 14 * DAY_MS,
};
export const COARSE_MS = 10_000;
const FLUSH_MS = 5_000;
/** A clock that is a little ahead is no reason to forget; one that was set back is. */
const AHEAD_MS = 60_000;

/**
 * What was measured of one cluster, on disk, so that it can be scrolled back, also over restarts of
 * the app: the last minutes sample by sample, a week in steps of ten seconds. Bounded in size and
 * age. A disk that refuses costs the past, never the present.
 */
export class HistoryStore {
  readonly #ring = new SampleRing();
  readonly #fine: RecordingStore;
  readonly #coarse: RecordingStore;
  readonly #now: () => number;
  /** Samples of the step that is not over yet. */
  #step: Sample[] = [];
  #fineBeganMs = -Infinity;
  #coarseBeganMs = -Infinity;
  #flushedMs = -Infinity;

  private constructor(fine: RecordingStore, coarse: RecordingStore, now: () => number) {
    this.#fine = fine;
    this.#coarse = coarse;
    this.#now = now;
  }

  static async open(dir: string, now: () => number, onError: (error: unknown) => void): Promise<HistoryStore> {
    const [fine, coarse] = await Promise.all([
      RecordingStore.open(path.join(dir, 'fine'), onError, FINE),
      RecordingStore.open(path.join(dir, 'coarse'), onError, COARSE),
    ]);
    const store = new HistoryStore(fine, coarse, now);
    try {
      const past = await readSamples(fine, -Infinity, now() + AHEAD_MS);
      for (const sample of past) store.#ring.push(sample);
    } catch (error) {
      onError(error);
    }
    return store;
  }

  get last(): Sample | null {
    return this.#ring.last;
  }

  push(sample: Sample): void {
    const { last } = this.#ring;
    this.#ring.push(sample);
    if (this.#ring.last !== sample || sample === last) return;
    const { timeMs } = sample;
    if (timeMs - this.#fineBeganMs >= FINE.segmentMs) {
      this.#fineBeganMs = timeMs;
      this.#fine.begin(timeMs);
    }
    this.#fine.append(timeMs, [JSON.stringify(sample)]);
    if (this.#step.length > 0 && stepOf(timeMs) !== stepOf(this.#step[0]!.timeMs)) this.#endStep();
    this.#step.push(sample);
    if (timeMs - this.#flushedMs < FLUSH_MS) return;
    this.#flushedMs = timeMs;
    this.#fine.flush();
    this.#coarse.flush();
  }

  /** Samples in [fromMs, toMs], oldest first, thinned to at most maxPoints. What the disk no longer gives is left out. */
  async range({ fromMs, toMs, maxPoints }: HistoryRange): Promise<Sample[]> {
    const { first } = this.#ring;
    const recent = this.#ring.range(fromMs, toMs, Infinity);
    if (first !== null && first.timeMs <= fromMs) return thinSamples(recent, maxPoints);
    const untilMs = Math.min(toMs, first === null ? this.#now() + AHEAD_MS : first.timeMs - 1);
    const past = await readSamples(this.#coarse, fromMs, untilMs);
    return thinSamples([...past, ...recent], maxPoints);
  }

  /** Waits until all is on disk. */
  async close(): Promise<void> {
    this.#endStep();
    await Promise.all([this.#fine.close(), this.#coarse.close()]);
  }

  /** Deletes it, as the cluster is. */
  async remove(): Promise<void> {
    this.#step = [];
    await Promise.all([this.#fine.remove(), this.#coarse.remove()]);
  }

  #endStep(): void {
    const [merged] = thinSamples(this.#step, 1);
    this.#step = [];
    if (merged === undefined) return;
    if (merged.timeMs - this.#coarseBeganMs >= COARSE.segmentMs) {
      this.#coarseBeganMs = merged.timeMs;
      this.#coarse.begin(merged.timeMs);
    }
    this.#coarse.append(merged.timeMs, [JSON.stringify(merged)]);
  }
}

function stepOf(timeMs: number): number {
  return Math.floor(timeMs / COARSE_MS);
}

/** In order of time, whatever order they were written in. */
async function readSamples(store: RecordingStore, fromMs: number, toMs: number): Promise<Sample[]> {
  const found: Sample[] = [];
  const segments = [...store.segments];
  for (const [i, { id }] of segments.entries()) {
    const next = segments[i + 1];
    if (id > toMs || (next !== undefined && next.id < fromMs)) continue;
    for (let after = 0, isEnd = false; !isEnd;) {
      const page = await store.read(id, after);
      if (page === null) break;
      found.push(...page.lines.flatMap(parse).filter(({ timeMs }) => timeMs >= fromMs && timeMs <= toMs));
      ({ after, isEnd } = page);
    }
  }
  return found.sort((a, b) => a.timeMs - b.timeMs);
}

/** A torn or foreign line costs that line only. */
function parse(line: string): Sample[] {
  try {
    const parsed = sampleSchema.safeParse(JSON.parse(line));
    return parsed.success ? [parsed.data] : [];
  } catch {
    return [];
  }
}
