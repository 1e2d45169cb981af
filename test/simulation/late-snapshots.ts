import type { GroupId } from '../../engine/config/ids.ts';
import { MessageType, type LogIndex, type NodeId } from '../../engine/raft/types.ts';
import { Action } from './event-queue.ts';
import type { Delivery, Network } from './network.ts';
import type { SimulatedNode } from './node.ts';
import type { World } from './world.ts';

/** The group whose leader is led on; profiles with this attack have one partition. */
const GROUP: GroupId = 1;

/** How often the attack looks for the moment that it waits for, in parts of an election timeout. */
const LOOKS = 100;

interface Attack {
  readonly leader: SimulatedNode;
  readonly incarnation: number;
  readonly follower: SimulatedNode;
  /** Appends to the follower that are on their way, as they were sent. */
  readonly held: Delivery[];
  /** A snapshot is on its way: from now on the follower hears nothing that is not let through. */
  offered: boolean;
  /** Hands over the offer that is kept back. A leader that was not told how it ended would wait for ever. */
  hand: (() => void) | null;
  readonly mend: (() => void)[];
}

/**
 * A snapshot comes to a follower that has gone past it. Appends to the follower are held back
 * until its leader has cut the log, and the third node is left out of what comes next. Then one
 * append overtakes the others and is refused, so that the leader sends a snapshot; the others
 * arrive before it, and the follower acknowledges entries past the snapshot that nobody but the
 * leader has, without hearing that they are committed by that. When it has the snapshot, the
 * leader is cut off, and the two that are left must still have those entries.
 */
export class LateSnapshots {
  readonly #world: World;
  readonly #nodes: readonly SimulatedNode[];
  readonly #network: Network;
  readonly #electionUs: number;
  readonly #passed = new Set<Delivery>();
  #attack: Attack | null = null;

  constructor(world: World, nodes: readonly SimulatedNode[], network: Network) {
    this.#world = world;
    this.#nodes = nodes;
    this.#network = network;
    this.#electionUs = world.electionUs;
  }

  start(): void {
    this.#network.holdBack = (frame) => this.#holds(frame);
    this.#world.onOffer = (from, to, offer, hand) =>
      offer.group === GROUP && this.#offered(from, to, offer.point.index, hand);
    this.#next();
  }

  #next(): void {
    this.#later((1 + 2 * this.#world.faultRandom.float()) * this.#electionUs, () => this.#begin());
  }

  #begin(): void {
    const { faultRandom: random } = this.#world;
    const leader = this.#nodes.find((node) => !node.paused && node.store?.groups.get(GROUP)?.isLeader === true);
    const followers = this.#nodes.filter((node) => node !== leader);
    const areAllUp = followers.every((node) => node.isUp && !node.paused);
    if (leader === undefined || followers.length === 0 || !areAllUp) return this.#next();
    const follower = random.pick(followers);
    const attack: Attack = {
      leader,
      incarnation: leader.incarnation,
      follower,
      held: [],
      offered: false,
      hand: null,
      mend: [],
    };
    this.#attack = attack;
    this.#world.note(GROUP, () => `appends of node ${leader.id} to node ${follower.id} are held back`);
    this.#when(
      attack,
      () => (coreOf(leader)?.snapshotIndex ?? 0) > (coreOf(follower)?.lastIndex ?? Infinity),
      () => this.#leaveOut(attack),
    );
  }

  /** What the others have acknowledged by now still reaches the leader. */
  #leaveOut(attack: Attack): void {
    const { leader, follower } = attack;
    this.#world.note(GROUP, () => `node ${leader.id} reaches nobody but node ${follower.id}`);
    attack.mend.push(this.#network.cutWhere((from, to) => from === leader.id && to !== follower.id));
    const { network, disk } = this.#world.plan;
    this.#later(network.delayMinUs + network.delaySpreadUs + disk.syncMaxUs, () => {
      const core = coreOf(leader);
      const last = attack.held.at(-1);
      if (last === undefined || core === null || core.lastIndex === core.appliedIndex) return this.#end(attack);
      attack.held.pop();
      this.#pass(last);
      this.#later(this.#electionUs, () => {
        if (!attack.offered) this.#end(attack);
      });
    });
  }

  #holds(frame: Delivery): boolean {
    const attack = this.#attack;
    if (attack === null || frame.from !== attack.leader.id || frame.to !== attack.follower.id) return false;
    if (this.#passed.delete(frame)) return false;
    if (attack.offered) return true;
    const isAppend = frame.envelopes.some((e) => e.group === GROUP && e.message.type === MessageType.Append);
    if (isAppend) attack.held.push(frame);
    return isAppend;
  }

  /** Entries past the snapshot arrive before it, but not the news that all of it is committed. */
  #offered(from: NodeId, to: NodeId, index: LogIndex, hand: () => void): boolean {
    const attack = this.#attack;
    if (attack === null || attack.offered || from !== attack.leader.id || to !== attack.follower.id) return false;
    attack.offered = true;
    attack.hand = hand;
    for (const frame of attack.held) {
      const isOlder = frame.envelopes.every(({ group, message }) => group !== GROUP || message.commit < index);
      if (isOlder) this.#pass(frame);
    }
    this.#when(
      attack,
      () => (coreOf(attack.leader)?.commitIndex ?? 0) > index,
      () => {
        this.#handOver(attack);
        this.#later(this.#electionUs / 5, () => this.#cutOff(attack));
      },
    );
    return true;
  }

  #cutOff(attack: Attack): void {
    const { id } = attack.leader;
    this.#world.note(GROUP, () => `node ${id} is cut off`);
    attack.mend.push(this.#network.cutWhere((a, b) => a === id || b === id));
    this.#later((2 + 2 * this.#world.faultRandom.float()) * this.#electionUs, () => this.#end(attack));
  }

  #handOver(attack: Attack): void {
    const { hand } = attack;
    attack.hand = null;
    hand?.();
  }

  #pass(frame: Delivery): void {
    this.#passed.add(frame);
    this.#world.after(0, frame);
  }

  #end(attack: Attack): void {
    if (this.#attack !== attack) return;
    this.#world.note(GROUP, () => `nothing is held back any more`);
    this.#attack = null;
    this.#passed.clear();
    for (const mend of attack.mend) mend();
    this.#handOver(attack);
    this.#next();
  }

  /** Runs `then` once `isSo`; the attack is over when that takes long, its leader has fallen, or all faults end. */
  #when(attack: Attack, isSo: () => boolean, then: () => void, looks = LOOKS): void {
    const look = new Action(0xd01, () => {
      const { leader, incarnation } = attack;
      const isOver = looks === 0 || !this.#world.faultsOn || leader.incarnation !== incarnation || leader.paused;
      if (isOver) this.#end(attack);
      else if (isSo()) then();
      else this.#when(attack, isSo, then, looks - 1);
    });
    this.#world.after(this.#electionUs / LOOKS, look);
  }

  #later(delayUs: number, run: () => void): void {
    const action = new Action(0xd00, () => {
      if (this.#world.faultsOn) run();
    });
    this.#world.after(delayUs, action);
  }
}

function coreOf(node: SimulatedNode) {
  return node.store?.groups.get(GROUP)?.core ?? null;
}
