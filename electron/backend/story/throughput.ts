import type { Fault, StoryContext } from './context.ts';
import type { StoryInput } from './input.ts';
import { count, counted, sentence, strong } from './text.ts';

const BASELINE_SAMPLES = 6;
/** Below this a cluster is as good as idle, and a dip means nothing. */
const MIN_BASELINE_WRITES = 20;
const DIPPED_BELOW = 0.7;
const BACK_ABOVE = 0.8;
const PATIENCE_MS = 120_000;

type Throughput = Extract<StoryInput, { type: 'throughput' }>;

interface Watch {
  readonly fault: Fault;
  readonly baseline: number;
  readonly before: Throughput['load'];
  dipped: boolean;
  backSinceMs: number | null;
}

/** Tells when the writes that a fault held up flow again as before. */
export class ThroughputTeller {
  readonly #context: StoryContext;
  #recent: Throughput[] = [];
  #watch: Watch | null = null;

  constructor(context: StoryContext) {
    this.#context = context;
  }

  /** A fault happened. While one is watched already, the first one's baseline stays the measure. */
  fault(fault: Fault): void {
    if (this.#watch !== null) return;
    const known = this.#recent.flatMap((sample) => sample.writesPerSecond ?? []);
    const baseline = known.reduce((sum, rate) => sum + rate, 0) / Math.max(1, known.length);
    if (baseline < MIN_BASELINE_WRITES) return;
    this.#watch = { fault, baseline, before: this.#recent.at(-1)?.load ?? null, dipped: false, backSinceMs: null };
  }

  reset(): void {
    this.#watch = null;
    this.#recent = [];
  }

  sample(sample: Throughput): void {
    this.#recent = [...this.#recent, sample].slice(-BASELINE_SAMPLES);
    const watch = this.#watch;
    if (watch === null) return;
    if (sample.timeMs - watch.fault.timeMs > PATIENCE_MS) {
      this.#watch = null;
      return;
    }
    const rate = sample.writesPerSecond ?? 0;
    if (rate < watch.baseline * DIPPED_BELOW) watch.dipped = true;
    if (!watch.dipped || rate < watch.baseline * BACK_ABOVE) {
      watch.backSinceMs = null;
      return;
    }
    // One good sample may be the burst of what had waited.
    if (watch.backSinceMs === null) {
      watch.backSinceMs = sample.timeMs;
      return;
    }
    this.#watch = null;
    this.#context.tell({
      timeMs: watch.backSinceMs,
      kind: 'recovered',
      parts: sentence(strong('Throughput is back'), '.', retryClause(watch.before, sample.load)),
      fault: watch.fault,
    });
  }
}

function retryClause(before: Throughput['load'], after: Throughput['load']): string {
  if (before === null || after === null || after.retried < before.retried) return '';
  const retried = after.retried - before.retried;
  return ` ${counted(retried, 'operation was', 'operations were')} retried, ${count(after.failed - before.failed)} failed.`;
}
