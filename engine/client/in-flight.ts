import type { KvRequest } from '../rpc/kv.ts';

const FIRST_SLOTS = 64;

/**
 * Requests on their way, by ids that only grow. Not a Map: the table that a Map has outgrown keeps
 * pointing to the one that replaced it. Once it is old it keeps alive all that was in those after
 * it, so that with thousands of calls a second next to nothing is dropped while it is young.
 */
export class InFlight<Request extends { readonly request: KvRequest }> {
  /** By the low bits of the id: as many as there are places, which is a power of two. */
  #slots: (Request | undefined)[] = emptySlots<Request>(FIRST_SLOTS);
  #count = 0;
  #nextId = 1;

  /** Gives the request the id under which its answer will come. */
  add(request: Request): void {
    if (this.#count * 2 >= this.#slots.length) this.#grow();
    const mask = this.#slots.length - 1;
    // One that waits for long is stepped over.
    while (this.#slots[this.#nextId & mask] !== undefined) this.#nextId++;
    const id = this.#nextId++;
    request.request.id = id;
    this.#slots[id & mask] = request;
    this.#count++;
  }

  /** The request with this id, which is not in flight any more. */
  take(id: number): Request | undefined {
    const found = this.#slots[id & (this.#slots.length - 1)];
    if (found === undefined || found.request.id !== id) return undefined;
    this.remove(found);
    return found;
  }

  /** Whether it was in flight. */
  remove(request: Request): boolean {
    const slot = request.request.id & (this.#slots.length - 1);
    if (this.#slots[slot] !== request) return false;
    this.#slots[slot] = undefined;
    this.#count--;
    return true;
  }

  all(): Request[] {
    return this.#slots.filter((request) => request !== undefined);
  }

  clear(): void {
    this.#slots = emptySlots(FIRST_SLOTS);
    this.#count = 0;
  }

  #grow(): void {
    const slots = emptySlots<Request>(this.#slots.length * 2);
    for (const request of this.all()) slots[request.request.id & (slots.length - 1)] = request;
    this.#slots = slots;
  }
}

function emptySlots<Request>(count: number): (Request | undefined)[] {
  return Array.from({ length: count }, () => undefined);
}
