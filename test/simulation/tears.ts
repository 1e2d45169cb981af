import { SYSTEM_GROUP, type GroupId } from '../../engine/config/ids.ts';
import { isJoint } from '../../engine/raft/membership.ts';
import type { Membership, NodeId } from '../../engine/raft/types.ts';
import { Action } from './event-queue.ts';
import type { Network } from './network.ts';
import type { SimulatedNode } from './node.ts';
import type { Random } from './random.ts';
import type { World } from './world.ts';

/** How long a leader sleeps at most, in election timeouts, while the others elect nobody. */
const LONGEST_SLEEP = 5;

/** A leader that sleeps on its side of a cut. */
interface Sleeper {
  readonly node: SimulatedNode;
  readonly wake: () => void;
}

/**
 * Tears groups apart along the lines of their changes. When a joint configuration begins, a
 * majority of the new voters keeps the leader, which sleeps until the others, as voters of
 * before, have another. When one ends, those it has left behind lose their power besides, and
 * with it what they had applied. When a replica is deleted, everyone does: only what is durable
 * tells then that nobody needs it.
 */
export class Tears {
  readonly #world: World;
  readonly #nodes: readonly SimulatedNode[];
  readonly #network: Network;
  readonly #electionUs: number;
  readonly #sleepers = new Map<GroupId, Sleeper>();

  constructor(world: World, nodes: readonly SimulatedNode[], network: Network) {
    this.#world = world;
    this.#nodes = nodes;
    this.#network = network;
    this.#electionUs = world.electionUs;
  }

  start(): void {
    this.#world.onChange = (node, group) => {
      if (this.#world.faultsOn && group !== SYSTEM_GROUP) this.#changed(this.#nodes[node - 1]!, group);
    };
    this.#world.onFirstCommit = (node, group) => {
      const sleeper = this.#sleepers.get(group);
      if (sleeper !== undefined && sleeper.node.id !== node) sleeper.wake();
    };
    this.#world.onDeletion = () => {
      const { faultRandom: random, faultsOn } = this.#world;
      if (faultsOn && random.chance(0.5)) this.#later(random.below(this.#electionUs / 10), () => this.#outage());
    };
  }

  #changed(node: SimulatedNode, group: GroupId): void {
    const { faultRandom: random } = this.#world;
    const membership = node.store?.groups.get(group)?.core.membership;
    if (membership === undefined || this.#sleepers.has(group) || random.chance(0.2)) return;
    const side = newMajority(node.id, membership, random);
    const others = this.#nodes.filter(({ id }) => !side.has(id));
    if (others.length === 0) return;
    if (!isJoint(membership) && random.chance(0.7)) return this.#forget(side);
    // Before the others hear that the change is committed, most of the time.
    this.#later(random.chance(0.8) ? 0 : random.below(2 * this.#world.plan.network.delaySpreadUs), () => {
      const words = `nodes ${[...side].sort((a, b) => a - b).join(', ')} are cut off from the others`;
      this.#world.note(null, () => words);
      const mend = this.#network.cutWhere((a, b) => side.has(a) !== side.has(b));
      const end = (): void => {
        this.#world.note(null, () => `no longer: ${words}`);
        mend();
      };
      if (isJoint(membership)) return this.#sleep(node, group, end);
      for (const other of others) this.#losePower(other);
      this.#later((1 + 2 * random.float()) * this.#electionUs, end);
    });
  }

  /** It goes on as soon as another leads, and has a while to be asked and to answer before it hears of that. */
  #sleep(node: SimulatedNode, group: GroupId, end: () => void): void {
    if (!node.isUp || node.paused) return this.#later(this.#electionUs, end);
    node.pause();
    const { incarnation } = node;
    const wake = (): void => {
      if (this.#sleepers.get(group)?.node !== node) return;
      this.#sleepers.delete(group);
      if (node.incarnation === incarnation) node.resume();
      this.#later((0.5 + this.#world.faultRandom.float()) * this.#electionUs, end);
    };
    const sleeper = { node, wake: () => this.#later(this.#world.faultRandom.below(this.#electionUs / 4), wake) };
    this.#sleepers.set(group, sleeper);
    this.#later(LONGEST_SLEEP * this.#electionUs, wake);
  }

  /**
   * The disks of those who stay hang with all that comes after the change, until everyone loses
   * power: not before who was removed may have asked for votes, and been told.
   */
  #forget(side: ReadonlySet<NodeId>): void {
    const staying = this.#nodes.filter(({ id }) => side.has(id));
    for (const node of staying) node.setDiskFactor(Infinity);
    this.#later((0.5 + 0.5 * this.#world.faultRandom.float()) * this.#electionUs, () => {
      this.#outage();
      for (const node of staying) node.setDiskFactor(1);
    });
  }

  #outage(): void {
    for (const node of this.#nodes) this.#losePower(node);
  }

  #losePower(node: SimulatedNode): void {
    if (!node.isUp || node.paused) return;
    node.crash(true);
    this.#later(this.#world.faultRandom.below(this.#electionUs / 4), () => {
      if (!node.isUp) node.start();
    });
  }

  #later(delayUs: number, run: () => void): void {
    const action = new Action(0xc00, () => {
      if (this.#world.faultsOn) run();
    });
    this.#world.after(delayUs, action);
  }
}

/** A majority of the new voters with the leader in it, and as few of those before as can be. */
export function newMajority(leader: NodeId, { voters, votersOutgoing }: Membership, random: Random): Set<NodeId> {
  const shuffled = random.shuffled(voters.filter((id) => id !== leader));
  const order = [
    ...voters.filter((id) => id === leader),
    ...shuffled.filter((id) => !votersOutgoing.includes(id)),
    ...shuffled.filter((id) => votersOutgoing.includes(id)),
  ];
  return new Set([leader, ...order.slice(0, (voters.length >> 1) + 1)]);
}
