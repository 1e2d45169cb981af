import { rmSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../simulation/random.ts';
import { askAny, membersAtRest } from './members.ts';
import type { TortureNode } from './node.ts';
import type { World } from './world.ts';

/** Other faults may keep a change from being decided or carried out; they end. */
const DONE_WITHIN_MS = 180_000;
const ENDED_WITHIN_MS = 60_000;
const MIN_GAP_MS = 200;
const MAX_GAP_MS = 4_000;
/** How often the process of a node is killed while it joins or leaves. */
const KILL_SHARE = 0.35;
const MORE_NODES = 2;

/** A node with this id that joins at those that there are, in the place of another unless that is 0; not started. */
export type MakeNode = (id: number, replaces: number) => Promise<TortureNode>;

/**
 * Nodes come and go, one change at a time: the next one begins when every partition has the
 * replicas that it shall have. So never more than one disk is lost at a time, and a majority
 * always has what was acknowledged.
 */
export class MemberChanges {
  readonly #world: World;
  readonly #random: Random;
  readonly #make: MakeNode;
  readonly #fewest: number;
  #lastId: number;

  constructor(world: World, random: Random, make: MakeNode) {
    this.#world = world;
    this.#random = random;
    this.#make = make;
    this.#fewest = world.nodes.length;
    this.#lastId = Math.max(...world.nodes.map((node) => node.id));
  }

  /** Resolves when the signal is given and the last change is done. */
  async run(stopped: AbortSignal): Promise<void> {
    const world = this.#world;
    while (!stopped.aborted) {
      await this.#pause(MIN_GAP_MS, MAX_GAP_MS);
      if (stopped.aborted) break;
      try {
        await this.#once();
        await membersAtRest(world, DONE_WITHIN_MS);
        world.tell(`the members are ${world.nodes.map((node) => `n${node.id}`).join(', ')}, and nothing moves`);
      } catch (error) {
        world.violation(error instanceof Error ? error.message : String(error));
        return;
      }
    }
  }

  async #once(): Promise<void> {
    const more = this.#world.nodes.length - this.#fewest;
    const kind = this.#random.below(4);
    if (kind === 0 && more < MORE_NODES) return this.#add();
    if (kind === 1 && more > 0) return this.#remove(await this.#take());
    if (kind === 2) {
      // With another node in trouble the cluster would stand still until that is over.
      while (this.#world.troubled > 0) await sleep(MIN_GAP_MS);
      return this.#loseDisk(await this.#take());
    }
    return this.#replace(await this.#take());
  }

  async #take(): Promise<TortureNode> {
    for (;;) {
      const node = await this.#world.choose(this.#random);
      if (node !== undefined) {
        node.changing = true;
        return node;
      }
      await sleep(MIN_GAP_MS);
    }
  }

  async #pause(minMs: number, maxMs: number): Promise<void> {
    await sleep(this.#random.logBetween(minMs, maxMs));
  }

  async #add(): Promise<void> {
    await this.#start(await this.#newNode(0), 'joins');
    this.#world.count('nodes added');
  }

  /** It gives away what it holds, and ends by itself when it is removed. */
  async #remove(node: TortureNode): Promise<void> {
    const world = this.#world;
    world.tell(`node ${node.id} is to be removed`);
    node.leaving = true;
    await askAny(
      world,
      `node ${node.id} is asked to go`,
      (client, timeoutMs) => client.removeMember({ id: node.id }, { timeoutMs }),
      () => true,
      DONE_WITHIN_MS,
    );
    await this.#gone(node);
    world.count('nodes removed');
  }

  async #replace(node: TortureNode): Promise<void> {
    node.leaving = true;
    await this.#start(await this.#newNode(node.id), `joins in the place of node ${node.id}`);
    await this.#gone(node);
    this.#world.count('nodes replaced');
  }

  /** The node is not asked: its process is killed, its data is deleted, and another takes its place. */
  async #loseDisk(node: TortureNode): Promise<void> {
    const world = this.#world;
    world.tell(`node ${node.id} loses its disk`);
    node.leaving = true;
    await node.kill();
    rmSync(node.process.config.dataDir, { recursive: true, force: true });
    await this.#pause(10, 1_000);
    const successor = await this.#newNode(node.id);
    await this.#start(successor, `joins in the place of node ${node.id}, which lost its disk`);
    // Until then a majority needs every other node, so it counts as one in trouble.
    await membersAtRest(world, DONE_WITHIN_MS);
    world.retire(node);
    world.count('disks lost for good');
  }

  async #newNode(replaces: number): Promise<TortureNode> {
    // An id is never given twice.
    const node = await this.#make(++this.#lastId, replaces);
    node.changing = true;
    return node;
  }

  async #start(node: TortureNode, how: string): Promise<void> {
    const world = this.#world;
    world.tell(`node ${node.id} ${how}`);
    world.join(node);
    await this.#startUntilTakenIn(node);
    if (this.#random.chance(KILL_SHARE)) {
      await this.#pause(10, 2_000);
      await this.#killAndStart(node);
    }
    node.changing = false;
  }

  /** One that could not reach a majority for long gives up, and its owner starts it again. */
  async #startUntilTakenIn(node: TortureNode): Promise<void> {
    const endMs = performance.now() + DONE_WITHIN_MS;
    for (;;) {
      try {
        await node.start();
        return;
      } catch (error) {
        const why = (error as Error).message;
        if (!/None of the nodes to join at|neither served nor refused/.test(why) || performance.now() > endMs) {
          throw error;
        }
        this.#world.tell(`node ${node.id} is not taken in yet: ${why}`);
      }
    }
  }

  async #killAndStart(node: TortureNode): Promise<void> {
    const world = this.#world;
    world.tell(`kill node ${node.id}, which ${node.leaving ? 'leaves' : 'joins'}`);
    await node.kill();
    world.count('kills of nodes that join or leave');
    await this.#pause(10, 1_000);
    await node.start();
    world.tell(`node ${node.id} serves again`);
  }

  /** Resolves when the members have let it go and its process has ended, with a sentence that says why. */
  async #gone(node: TortureNode): Promise<void> {
    const world = this.#world;
    if (this.#random.chance(KILL_SHARE)) {
      await this.#pause(10, 2_000);
      // It may have gone in the meantime, and then says so at its start.
      await this.#killAndStart(node).catch((error: unknown) => {
        if (!/was removed from the cluster/.test((error as Error).message)) throw error;
      });
    }
    await askAny(
      world,
      `node ${node.id} is let go`,
      (client, timeoutMs) => client.members({}, { timeoutMs }),
      ({ fromLeader, members }) => fromLeader && members.every((m) => m.id !== node.id),
      DONE_WITHIN_MS,
    );
    await node.expelled(ENDED_WITHIN_MS);
    world.tell(`node ${node.id} is removed, and has ended`);
    world.retire(node);
  }
}
