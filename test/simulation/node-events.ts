import type { GroupId } from '../../engine/config/ids.ts';
import type { LogWrite } from '../../engine/storage/types.ts';
import type { Store } from '../../engine/store/store.ts';
import type { SimulatedEvent } from './event-queue.ts';
import type { SimulatedNode } from './node.ts';
import type { TraceHash } from './trace-hash.ts';
import type { World } from './world.ts';

/** The process's timer. One for each incarnation, pushed again and again. */
export class TickEvent implements SimulatedEvent {
  readonly #node: SimulatedNode;
  readonly #world: World;
  readonly #incarnation: number;

  constructor(node: SimulatedNode, world: World) {
    this.#node = node;
    this.#world = world;
    this.#incarnation = node.incarnation;
  }

  run(): void {
    const node = this.#node;
    if (node.incarnation !== this.#incarnation || node.holds(this)) return;
    this.#world.steps++;
    this.#world.after(node.tickIntervalUs, this);
    node.tick();
  }

  digest(hash: TraceHash): void {
    hash.add(this.#node.id);
  }

  words(): string | null {
    return null;
  }
}

/** Something that the process does by itself at its time; void when the process ends before. */
export class ProcessEvent implements SimulatedEvent {
  readonly #node: SimulatedNode;
  readonly #world: World;
  readonly #incarnation: number;
  readonly #code: number;
  readonly #work: (store: Store) => void;

  /** `code` tells this kind of event apart in the hash of the run. */
  constructor(node: SimulatedNode, world: World, code: number, work: (store: Store) => void) {
    this.#node = node;
    this.#world = world;
    this.#incarnation = node.incarnation;
    this.#code = code;
    this.#work = work;
  }

  run(): void {
    const node = this.#node;
    if (node.incarnation !== this.#incarnation || node.holds(this)) return;
    this.#world.steps++;
    node.run(this.#work);
  }

  digest(hash: TraceHash): void {
    hash.add(this.#code + this.#node.id);
  }

  words(): string | null {
    return null;
  }
}

/** The store's round, some time after what made it necessary. */
export class RoundEvent implements SimulatedEvent {
  readonly #node: SimulatedNode;
  readonly #incarnation: number;

  constructor(node: SimulatedNode) {
    this.#node = node;
    this.#incarnation = node.incarnation;
  }

  run(): void {
    const node = this.#node;
    if (node.incarnation === this.#incarnation && !node.holds(this)) node.runRound();
  }

  digest(hash: TraceHash): void {
    hash.add(0x100 + this.#node.id);
  }

  words(): string | null {
    return null;
  }
}

/** The disk has done what it was asked for. */
export class SyncEvent implements SimulatedEvent {
  readonly #node: SimulatedNode;
  readonly #world: World;
  readonly #incarnation: number;
  #synced: readonly LogWrite[] = [];

  constructor(node: SimulatedNode, world: World) {
    this.#node = node;
    this.#world = world;
    this.#incarnation = node.incarnation;
  }

  run(): void {
    const node = this.#node;
    if (node.incarnation !== this.#incarnation || node.holds(this) || node.holdsSync(this)) return;
    this.#world.steps++;
    node.run(this.#complete);
  }

  readonly #complete = (): void => {
    const { disk } = this.#node;
    this.#synced = disk.syncing;
    disk.completeSync();
  };

  digest(hash: TraceHash): void {
    hash.add(0x200 + this.#node.id);
  }

  words(group: GroupId): string | null {
    const writes = this.#synced.filter((write) => write.group === group).map(writeWords);
    return writes.length === 0 ? null : `the disk of node ${this.#node.id} has ${writes.join('; ')}`;
  }
}

function writeWords({ hardState, entries }: LogWrite): string {
  const words: string[] = [];
  if (hardState !== null) {
    words.push(
      `term ${hardState.term}${hardState.votedFor === 0 ? '' : ` and the vote for node ${hardState.votedFor}`}`,
    );
  }
  const first = entries[0];
  const last = entries.at(-1);
  if (first !== undefined && last !== undefined) {
    const range = first === last ? `entry ${first.index}` : `entries ${first.index} to ${last.index}`;
    words.push(`${range} (term ${last.term})`);
  }
  return words.join(', ');
}
