import { timeOf, type StoryInput } from './input.ts';

/**
 * Inputs wait this long, since what several nodes report of one moment arrives in any
 * order, and so that what belongs together can be told in one sentence.
 */
export const HOLD_MS = 120;
/** Things of one kind within this time are one moment. Less than HOLD_MS by the time a report may take. */
export const MOMENT_MS = 80;

/** Orders what arrives by the time it happened. */
export class ReorderBuffer {
  #waiting: StoryInput[] = [];

  add(input: StoryInput): void {
    const at = this.#waiting.findLastIndex((other) => !comesBefore(input, other)) + 1;
    this.#waiting.splice(at, 0, input);
  }

  get isEmpty(): boolean {
    return this.#waiting.length === 0;
  }

  /** The next input that has waited long enough; it stays until it is taken. */
  next(nowMs: number): StoryInput | null {
    const first = this.#waiting[0];
    return first === undefined || timeOf(first) > nowMs - HOLD_MS ? null : first;
  }

  /** The next input, taken. */
  take(): StoryInput | undefined {
    return this.#waiting.shift();
  }

  /** Takes those of the same moment that `matches` wants, however short they have waited. */
  takeMoment<T extends StoryInput>(fromMs: number, matches: (input: StoryInput) => input is T): T[] {
    const taken: T[] = [];
    this.#waiting = this.#waiting.filter((input) => {
      if (timeOf(input) > fromMs + MOMENT_MS || !matches(input)) return true;
      taken.push(input);
      return false;
    });
    return taken;
  }

  has(matches: (input: StoryInput) => boolean): boolean {
    return this.#waiting.some(matches);
  }
}

/** Within one millisecond, causes come before effects: processes, elections won, other events, reports. */
function comesBefore(a: StoryInput, b: StoryInput): boolean {
  return timeOf(a) < timeOf(b) || (timeOf(a) === timeOf(b) && rank(a) < rank(b));
}

function rank(input: StoryInput): number {
  switch (input.type) {
    case 'command':
    case 'process':
      return 0;
    case 'event':
      return input.event.kind === 'electionWon' ? 1 : 2;
    case 'status':
      return 3;
    case 'throughput':
      return 4;
  }
}
