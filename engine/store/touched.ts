import type { Group } from './group.ts';

/** The groups that something happened to: the round that is to look at them is scheduled with the first. */
export class TouchedGroups {
  readonly #schedule: (run: () => void) => void;
  readonly #run: () => void;
  /** Each once; see `Group.touched`. */
  #groups: Group[] = [];
  #isScheduled = false;
  #isStopped = false;

  constructor(schedule: (run: () => void) => void, round: () => void) {
    this.#schedule = schedule;
    this.#run = () => {
      this.#isScheduled = false;
      round();
    };
  }

  add(group: Group): void {
    if (group.closed) return;
    if (!group.touched) this.#groups.push(group);
    group.touched = true;
    if (this.#isScheduled || this.#isStopped) return;
    this.#isScheduled = true;
    this.#schedule(this.#run);
  }

  /** This replica is no more. */
  remove(group: Group): void {
    this.#groups = this.#groups.filter((touched) => touched !== group);
  }

  /** All of them, in the order of their ids; they may be touched anew from now on. */
  take(): readonly Group[] {
    const groups = this.#groups.sort((a, b) => a.id - b.id);
    this.#groups = [];
    for (const group of groups) group.touched = false;
    return groups;
  }

  /** No further round is scheduled. */
  stop(): void {
    this.#isStopped = true;
  }
}
