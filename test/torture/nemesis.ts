import { setTimeout as sleep } from 'node:timers/promises';
import { renewCertificate } from './faults/certificate.ts';
import { corrupt } from './faults/corruption.ts';
import { fullDisk, hungDisk, slowDisk } from './faults/disk.ts';
import { cutBothWays, cutOneWay, delay, drop, mute, partition } from './faults/links.ts';
import { freeze, kill, killAll, restart } from './faults/process.ts';
import type { TortureNode } from './node.ts';
import type { World } from './world.ts';

/** Each fault, how often it comes against the others, and what it needs. */
const NODE_FAULTS: readonly (readonly [(world: World, node: TortureNode) => Promise<void>, number])[] = [
  [kill, 6],
  [freeze, 7],
  [restart, 2],
  [slowDisk, 3],
  [hungDisk, 3],
  [fullDisk, 3],
  [corrupt, 4],
];
const TLS_FAULTS: typeof NODE_FAULTS = [[renewCertificate, 2]];
const LINK_FAULTS: readonly (readonly [(world: World) => Promise<void>, number])[] = [
  [cutOneWay, 3],
  [cutBothWays, 2],
  [partition, 4],
  [mute, 1],
  [delay, 3],
  [drop, 3],
];
/** Of all faults, the share that concerns links, and the share that hits everyone. */
const LINK_SHARE = 0.35;
const ALL_SHARE = 0.015;
/** How often more nodes may be in trouble than the cluster can bear. */
const OVERLOAD_SHARE = 0.1;
const MIN_GAP_MS = 300;
const MAX_GAP_MS = 1_800;
/** Now and then nothing new comes for a while, so that the cluster gets on its feet. */
const CALM_SHARE = 0.08;
const CALM_MS = 2_500;
const MAX_LINK_FAULTS = 1;

/** Brings faults until it is stopped, several at a time. */
export class Nemesis {
  readonly #world: World;
  readonly #active = new Set<Promise<void>>();
  #linkFaults = 0;

  constructor(world: World) {
    this.#world = world;
  }

  /** Resolves when the signal is given and every fault has ended. */
  async run(stopped: AbortSignal): Promise<void> {
    const { random } = this.#world;
    while (!stopped.aborted) {
      await sleep(random.chance(CALM_SHARE) ? CALM_MS : random.between(MIN_GAP_MS, MAX_GAP_MS));
      if (stopped.aborted) break;
      if (random.chance(ALL_SHARE)) await this.#hitAll();
      else if (random.chance(LINK_SHARE)) this.#hitLinks();
      else await this.#hitNode();
    }
    await this.#settle();
  }

  async #settle(): Promise<void> {
    while (this.#active.size > 0) await Promise.all(this.#active);
  }

  #launch(fault: Promise<void>, end: () => void): void {
    const active = fault
      .catch((error: unknown) => this.#world.violation(error instanceof Error ? error.message : String(error)))
      .finally(() => {
        end();
        this.#active.delete(active);
      });
    this.#active.add(active);
  }

  #hitLinks(): void {
    if (this.#linkFaults >= MAX_LINK_FAULTS) return;
    this.#linkFaults++;
    this.#launch(pickWeighted(this.#world, LINK_FAULTS)(this.#world), () => this.#linkFaults--);
  }

  async #hitNode(): Promise<void> {
    const world = this.#world;
    const bearable = Math.floor((world.nodes.length - 1) / 2);
    const allowed = world.random.chance(OVERLOAD_SHARE) ? world.nodes.length : bearable;
    if (world.troubled >= allowed) return;
    const fault = pickWeighted(world, world.renew === null ? NODE_FAULTS : [...NODE_FAULTS, ...TLS_FAULTS]);
    const node = await world.choose();
    if (node === undefined) return;
    node.taken = true;
    this.#launch(fault(world, node), () => (node.taken = false));
  }

  /** Waits for the others first: two faults must not start the same node. */
  async #hitAll(): Promise<void> {
    await this.#settle();
    const nodes = this.#world.nodes.filter((node) => !node.changing);
    for (const node of nodes) node.taken = true;
    this.#launch(killAll(this.#world, nodes), () => {
      for (const node of nodes) node.taken = false;
    });
    await this.#settle();
  }
}

function pickWeighted<T>(world: World, items: readonly (readonly [T, number])[]): T {
  let point = world.random.float() * items.reduce((sum, [, weight]) => sum + weight, 0);
  for (const [item, weight] of items) {
    point -= weight;
    if (point < 0) return item;
  }
  return items[0]![0];
}
