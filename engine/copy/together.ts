/** What one request takes of single calls. */
export interface TogetherLimits<I> {
  readonly maxItems: number;
  readonly maxBytes: number;
  readonly sizeOf: (item: I) => number;
  /** No two of the same name go in one request. */
  readonly nameOf: (item: I) => string;
}

interface Waiting<I, O> {
  readonly item: I;
  readonly resolve: (outcome: O) => void;
  readonly reject: (error: unknown) => void;
}

/** Calls that are made at once, as few requests. Each is answered for itself; a request that fails fails all in it. */
export class Together<I, O> {
  readonly #request: (items: readonly I[]) => Promise<readonly O[]>;
  readonly #limits: TogetherLimits<I>;
  #waiting: Waiting<I, O>[] = [];

  constructor(request: (items: readonly I[]) => Promise<readonly O[]>, limits: TogetherLimits<I>) {
    this.#request = request;
    this.#limits = limits;
  }

  call(item: I): Promise<O> {
    return new Promise((resolve, reject) => {
      if (this.#waiting.length === 0) setImmediate(() => this.#send());
      this.#waiting.push({ item, resolve, reject });
    });
  }

  #send(): void {
    const { maxItems, maxBytes, sizeOf, nameOf } = this.#limits;
    const waiting = this.#waiting;
    this.#waiting = [];
    let group: Waiting<I, O>[] = [];
    let names = new Set<string>();
    let bytes = 0;
    for (const one of waiting) {
      const [name, size] = [nameOf(one.item), sizeOf(one.item)];
      const isFull = group.length === maxItems || bytes + size > maxBytes || names.has(name);
      if (isFull && group.length > 0) {
        void this.#sendGroup(group);
        [group, names, bytes] = [[], new Set(), 0];
      }
      group.push(one);
      names.add(name);
      bytes += size;
    }
    if (group.length > 0) void this.#sendGroup(group);
  }

  async #sendGroup(group: readonly Waiting<I, O>[]): Promise<void> {
    try {
      const outcomes = await this.#request(group.map(({ item }) => item));
      for (const [i, { resolve }] of group.entries()) resolve(outcomes[i]!);
    } catch (error) {
      for (const { reject } of group) reject(error);
    }
  }
}
