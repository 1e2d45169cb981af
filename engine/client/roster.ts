/** What can be in one roster at a time. */
export interface Member {
  /** Kept by the roster; whatever it was before it is added. */
  place: number;
}

/** Members in no order that come and go often. Not a Set, for the reason in in-flight.ts. */
export class Roster<Item extends Member> {
  readonly #members: Item[] = [];

  get size(): number {
    return this.#members.length;
  }

  add(item: Item): void {
    item.place = this.#members.push(item) - 1;
  }

  /** Harmless on one that is not in it. */
  remove(item: Item): void {
    if (this.#members[item.place] !== item) return;
    const last = this.#members.pop()!;
    if (last === item) return;
    this.#members[item.place] = last;
    last.place = item.place;
  }

  /** Those of now, whatever comes or goes while they are looked through. */
  all(): readonly Item[] {
    return this.#members.slice();
  }
}
