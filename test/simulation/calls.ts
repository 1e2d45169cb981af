import type { NodeId } from '../../engine/raft/types.ts';
import type { Store } from '../../engine/store/store.ts';
import { Action } from './event-queue.ts';
import type { Network } from './network.ts';
import type { SimulatedNode } from './node.ts';
import { ProcessEvent } from './node-events.ts';
import type { World } from './world.ts';

/** Calls of one process to other nodes. Either way can take long or lead nowhere, and what was said is old when it arrives. */
export class Calls {
  readonly #world: World;
  readonly #network: Network;
  readonly #caller: SimulatedNode;

  constructor(world: World, network: Network, caller: SimulatedNode) {
    this.#world = world;
    this.#network = network;
    this.#caller = caller;
  }

  /** `done` is called once, in the caller's process while it lives: with null after `timeoutMs` without an answer. */
  call<T>(to: NodeId, timeoutMs: number, answer: (store: Store) => T, done: (answer: T | null) => void): void {
    const caller = this.#caller;
    let isOpen = true;
    const end = (found: T | null): void => {
      if (isOpen) done(found);
      isOpen = false;
    };
    this.#world.after(timeoutMs * 1000, new ProcessEvent(caller, this.#world, 0xd00, () => end(null)));
    // Made now: an answer that comes when the process has ended is nobody's.
    const back = (found: T): ProcessEvent => new ProcessEvent(caller, this.#world, 0xd10, () => end(found));
    const { incarnation } = caller;
    this.#travel(caller.id, to, () => {
      const node = this.#network.node(to);
      if (!node.isUp) return;
      const arrival = new ProcessEvent(node, this.#world, 0xd20, (store) => {
        const found = answer(store);
        this.#travel(to, caller.id, () => {
          if (caller.incarnation === incarnation) this.#world.after(0, back(found));
        });
      });
      this.#world.after(0, arrival);
    });
  }

  #travel(from: NodeId, to: NodeId, arrive: () => void): void {
    const { networkRandom: random, plan, faultsOn } = this.#world;
    const { delayMinUs, delaySpreadUs, dropChance, lateChance, lateMaxUs } = plan.network;
    if (faultsOn && random.chance(dropChance)) return;
    const isLate = faultsOn && random.chance(lateChance);
    const delayUs = isLate ? random.below(lateMaxUs) : delayMinUs + random.below(delaySpreadUs);
    const action = new Action(0xd30, () => {
      if (!this.#network.link(from, to).cut) arrive();
    });
    this.#world.after(delayUs, action);
  }
}
