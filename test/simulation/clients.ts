import { partitionOfKey } from '../../engine/config/seahash.ts';
import { SharedSessions } from './shared-sessions.ts';
import { Client, type ClientOperation } from './client.ts';
import { History } from './history.ts';
import { OPERATION_KINDS, type OperationKind } from './plan.ts';
import type { SimulatedNode } from './node.ts';
import type { Observer } from './observer.ts';
import type { Random } from './random.ts';
import type { World } from './world.ts';

export interface Key {
  readonly name: string;
  readonly bytes: Uint8Array;
  readonly partition: number;
  /** Operations begun on it so far. */
  operations: number;
}

/** All clients, the keys they work on, and what they remember of the cluster. */
export class Clients {
  readonly world: World;
  readonly nodes: readonly SimulatedNode[];
  readonly observer: Observer;
  readonly history = new History();
  readonly sessions = new SharedSessions();
  /** The node that a partition's leader was last heard to be on. */
  readonly leaders: (number | undefined)[] = [];
  readonly clients: Client[];
  /** No new operations are begun. */
  stopped = false;
  #inFinal = false;
  #finalOperations: [OperationKind, Key][] = [];
  readonly #keys: Key[] = [];
  #keysMade = 0;
  #values = 0;
  readonly #kindWeights: number;

  constructor(world: World, nodes: readonly SimulatedNode[], observer: Observer) {
    this.world = world;
    this.nodes = nodes;
    this.observer = observer;
    const { clients, keys, weights } = world.plan.workload;
    this.#kindWeights = OPERATION_KINDS.reduce((sum, kind) => sum + weights[kind], 0);
    for (let i = 0; i < keys; i++) this.#keys.push(this.#newKey());
    this.clients = Array.from({ length: clients }, (_, i) => new Client(i + 1, this));
  }

  get random(): Random {
    return this.world.clientRandom;
  }

  start(): void {
    for (const client of this.clients) client.rest();
  }

  get idle(): boolean {
    return this.clients.every((client) => client.idle);
  }

  /** The keys in use. */
  get keys(): readonly Key[] {
    return this.#keys;
  }

  nextKey(): Key {
    const at = this.random.below(this.#keys.length);
    const key = this.#keys[at]!;
    if (++key.operations < this.world.plan.workload.operationsPerKey) return key;
    const fresh = this.#newKey();
    this.#keys[at] = fresh;
    return fresh;
  }

  /** A value that nobody else writes. */
  nextValue(): string {
    return `v${++this.#values}`;
  }

  /** How long the key of the next put stays; 0: until it is deleted. */
  nextTtlMs(): number {
    const { ttlShare, ttlMaxMs } = this.world.plan.workload;
    return !this.#inFinal && this.random.chance(ttlShare) ? 1 + this.random.below(ttlMaxMs) : 0;
  }

  nextKind(): OperationKind {
    const { weights } = this.world.plan.workload;
    let left = this.random.below(this.#kindWeights);
    for (const kind of OPERATION_KINDS) {
      left -= weights[kind];
      if (left < 0) return kind;
    }
    return 'put';
  }

  /**
   * After the faults: a write to and a read of every key in use, by one client each. They
   * show that the groups work again, and what was lost on the way.
   */
  readAndWriteEverything(): void {
    const client = this.clients[0]!;
    this.#inFinal = true;
    this.#finalOperations = this.#keys.flatMap((key): [OperationKind, Key][] => [
      ['get', key],
      ['put', key],
      ['get', key],
    ]);
    this.#nextFinal(client);
  }

  finished(client: Client, { kind, key }: ClientOperation, outcome: string): void {
    if (!this.stopped) return client.rest();
    // An attempt that the last fault hit may have an unknown outcome; a new one must not.
    if (this.#inFinal && outcome !== 'ok') this.#finalOperations.unshift([kind, key]);
    this.#nextFinal(client);
  }

  #nextFinal(client: Client): void {
    const next = this.#finalOperations.shift();
    if (next !== undefined) client.begin(...next);
  }

  #newKey(): Key {
    const name = `k${++this.#keysMade}`;
    const bytes = Buffer.from(name);
    const partition = partitionOfKey(bytes, this.world.plan.genesis.partitions.length);
    return { name, bytes, partition, operations: 0 };
  }
}
