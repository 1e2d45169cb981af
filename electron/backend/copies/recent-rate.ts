const WINDOW_MS = 5_000;
const STEP_MS = 250;

/** How many a second, over the last seconds, of a count that only grows. */
export class RecentRate {
  #samples: { readonly atMs: number; readonly count: number }[] = [];

  add(count: number, atMs: number): void {
    const last = this.#samples.at(-1);
    if (last !== undefined && atMs - last.atMs < STEP_MS) return;
    this.#samples = [...this.#samples.filter((sample) => atMs - sample.atMs <= WINDOW_MS), { atMs, count }];
  }

  /** Null before there is anything to compare. */
  perSecond(count: number, atMs: number): number | null {
    const first = this.#samples.find((sample) => atMs - sample.atMs <= WINDOW_MS);
    if (first === undefined || atMs - first.atMs < STEP_MS) return null;
    return ((count - first.count) * 1000) / (atMs - first.atMs);
  }
}
