import { SYSTEM_GROUP, type GroupId } from '../../engine/config/ids.ts';
import { isJoint } from '../../engine/raft/membership.ts';
import type { Membership, NodeId } from '../../engine/raft/types.ts';
import { TURN_MS } from '../../engine/server/members/turn.ts';
import { Action } from './event-queue.ts';
import { LateSnapshots } from './late-snapshots.ts';
import type { Network } from './network.ts';
import type { SimulatedNode } from './node.ts';
import { FAULT_KINDS, type FaultKind } from './plan.ts';
import { newMajority, Tears } from './tears.ts';
import type { World } from './world.ts';

/** A store takes its disk for hung after so many election timeouts, and not before so long. */
const STALL_ELECTION_TIMEOUTS = 4;
const MIN_STALL_US = 1_000_000;

/** What hits a leader in a moment that counts. */
const STRIKES = [
  'crash',
  'powerLoss',
  'pause',
  'isolate',
  'oneWay',
  'bridge',
  'slowDisk',
  'hungDisk',
  'linkReset',
] as const;

/** Where disks fail at all: that the disk of a node fails while it sends a snapshot. */
const FAIL_SENDER_CHANCE = 0.1;

/** Does what a seed has in store for nodes, links, disks and clocks, until the safety phase is over. */
export class Nemesis {
  readonly #world: World;
  readonly #nodes: readonly SimulatedNode[];
  readonly #network: Network;
  readonly #kinds: readonly FaultKind[];
  readonly #electionUs: number;
  readonly #stallUs: number;
  /** How much slower than usual a disk is on which every sync takes long enough for that. */
  readonly #stallFactor: number;
  faults = 0;
  /** Whom the seesaw has cut off besides a leader. */
  #out: readonly NodeId[] = [];

  constructor(world: World, nodes: readonly SimulatedNode[], network: Network) {
    this.#world = world;
    this.#nodes = nodes;
    this.#network = network;
    const { disk, faults } = world.plan;
    const { weights } = faults;
    this.#electionUs = world.electionUs;
    this.#stallUs = Math.max(MIN_STALL_US, STALL_ELECTION_TIMEOUTS * this.#electionUs);
    this.#stallFactor = (2 * this.#stallUs) / disk.syncMaxUs;
    this.#kinds = FAULT_KINDS.flatMap((kind) => Array.from({ length: weights[kind] }, () => kind));
    world.onElection = (node, group) => {
      if (world.plan.faults.seesaw === 0) this.#struck(node, world.plan.faults.strikeNewLeader);
      else if (group !== SYSTEM_GROUP) this.#swing(node);
    };
    world.onFirstCommit = (node, group) => {
      if (world.plan.faults.seesaw === 0) this.#struck(node, world.plan.faults.strikeFirstCommit);
      else if (group !== SYSTEM_GROUP && world.faultRandom.chance(world.plan.faults.strikeFirstCommit))
        this.#swing(node);
    };
    world.onSnapshotSent = (node) => {
      const { weights } = world.plan.faults;
      if (!world.faultsOn || weights.failedDisk === 0 || !world.faultRandom.chance(FAIL_SENDER_CHANCE)) return;
      this.#failDisk(nodes[node - 1]!);
    };
    world.onStall = (node) => this.#stalled(this.#nodes[node - 1]!);
    world.onChange = (node, group) => this.#changed(this.#nodes[node - 1]!, group);
    world.onStep = (node) => this.#struck(node, world.plan.cluster!.strikeConductor);
    if (world.plan.membership?.tears === true) new Tears(world, nodes, network).start();
    if (world.plan.faults.lateSnapshots) new LateSnapshots(world, nodes, network).start();
  }

  start(): void {
    if (this.#kinds.length > 0) this.#next();
  }

  /** Ends every fault at once: all nodes run, all links work, all disks answer. */
  stop(): void {
    this.#world.note(null, () => 'all faults end');
    this.#network.heal();
    for (const node of this.#nodes) {
      node.setDiskFactor(1);
      if (node.isUp && node.store?.storageFailure !== null) node.crash(false);
      if (node.disk.failNextSync || node.state.failNextApply) node.crash(false);
      if (node.isUp) {
        node.resume();
        node.run((store) => store.endHandOver());
      } else node.start();
    }
  }

  #next(): void {
    const { faultRandom: random, plan } = this.#world;
    this.#later(random.float() * 2 * plan.faults.everyUs, () => {
      this.#strike(random.pick(this.#kinds), this.#victim());
      this.#next();
    });
  }

  #later(delayUs: number, run: () => void): void {
    const action = new Action(0x900, () => {
      if (this.#world.faultsOn) run();
    });
    this.#world.after(delayUs, action);
  }

  /** Those that are there to be struck. */
  get #present(): readonly SimulatedNode[] {
    return this.#nodes.filter(({ takesPart }) => takesPart);
  }

  #durationUs(): number {
    const { minUs, maxUs } = this.#world.plan.faults;
    return this.#world.faultRandom.logBetween(minUs, maxUs);
  }

  #victim(): SimulatedNode {
    const { faultRandom: random, plan } = this.#world;
    const { leaderShare, sparesLeaders } = plan.faults;
    const wanted = sparesLeaders
      ? this.#present.filter((node) => !leads(node))
      : this.#present.filter((node) => random.chance(leaderShare) && leads(node));
    return random.pick(wanted.length > 0 ? wanted : this.#present);
  }

  /**
   * A leader that fails with its first entries on their way, or with what it has just
   * committed known to nobody else, is what the paper's figure 8 is about.
   */
  #struck(id: NodeId, chance: number): void {
    const { faultRandom: random, plan, faultsOn } = this.#world;
    if (!faultsOn || !random.chance(chance)) return;
    const { delayMinUs, delaySpreadUs } = plan.network;
    const roundTripUs = 2 * (delaySpreadUs + plan.disk.syncMaxUs);
    this.#later(random.below(random.chance(0.5) ? delayMinUs : roundTripUs), () => {
      this.#strike(random.pick(STRIKES), this.#nodes[id - 1]!);
    });
  }

  /** The members of a group have changed; while two majorities decide, a cut between them is the worst. */
  #changed(node: SimulatedNode, group: GroupId): void {
    const { faultRandom: random, plan, faultsOn } = this.#world;
    const { strikeChange } = plan.membership ?? plan.cluster!;
    const membership = node.store?.groups.get(group)?.core.membership;
    if (faultsOn && membership !== undefined && random.chance(plan.cluster?.halfTold ?? 0)) {
      return this.#halfTell(node, membership);
    }
    if (membership === undefined || !isJoint(membership) || random.chance(0.2)) {
      this.#struck(node.id, strikeChange);
      return;
    }
    if (!faultsOn || !random.chance(0.9)) return;
    const side = newMajority(node.id, membership, random);
    const words = `nodes ${[...side].sort((a, b) => a - b).join(', ')} are cut off from the others`;
    // At once, what the others have not heard they do not hear.
    this.#later(random.chance(0.5) ? 0 : random.below(4 * plan.network.delaySpreadUs), () => {
      this.faults++;
      // Long enough for the others to elect someone, of whom a leader that sleeps meanwhile does not hear.
      this.#cut(words, (a, b) => side.has(a) !== side.has(b), (2 + random.float()) * this.#electionUs);
      if (random.chance(0.7)) this.#pause(node, (0.7 + random.float()) * this.#electionUs);
    });
  }

  /**
   * Those who are to go do not hear of it any more. When they are gone, the others do not hear so
   * from their leader, but whoever directs the moves does, by a connection of its own.
   */
  #halfTell(leader: SimulatedNode, { voters, votersOutgoing }: Membership): void {
    const { faultRandom: random } = this.#world;
    const going = votersOutgoing.filter((id) => !voters.includes(id));
    const deaf = votersOutgoing.length > 0 ? going : voters.filter((id) => id !== leader.id);
    if (deaf.length === 0) return;
    const links = this.#nodes
      .filter(({ id }) => (votersOutgoing.length > 0 ? !deaf.includes(id) : id === leader.id))
      .flatMap(({ id }) => deaf.map((to) => this.#network.link(id, to)));
    this.faults++;
    this.#world.note(null, () => `no frames of node ${leader.id} and its like reach nodes ${deaf.join(', ')}`);
    for (const link of links) link.dropChance = 1;
    // Long enough to be left behind by the log.
    const turns = votersOutgoing.length > 0 ? random.pick([5, 10, 40]) * random.float() + 2 : 1 + 3 * random.float();
    this.#later(turns * TURN_MS * 1000, () => {
      for (const link of links) link.dropChance = 0;
    });
  }

  /**
   * Cuts off a new leader and with it some others: at a moment between its first message
   * and the answers to it, or later when clients have found it. Half of the time they can
   * reach each other, so that a minority gets what the leader appends. Who was cut off
   * before is back.
   */
  #swing(leader: NodeId): void {
    const { faultRandom: random, plan, faultsOn } = this.#world;
    if (!faultsOn) return;
    const { network, disk } = plan;
    const oneWayUs = network.delayMinUs + network.delaySpreadUs / 4 + (disk.syncMinUs + disk.syncMaxUs) / 4;
    const laterUs = random.chance(0.5) ? this.#electionUs : 0;
    this.#later(random.below(9) * random.float() * oneWayUs + random.float() * laterUs, () => {
      this.faults++;
      // Some have to miss more than one leader, so those who are out come first half of the time.
      const shuffled = random.shuffled(this.#nodes.map((node) => node.id).filter((id) => id !== leader));
      const others = random.chance(0.5) ? [...this.#out, ...shuffled] : shuffled;
      const minority = Math.min(plan.faults.seesaw, Math.floor((plan.nodes - 1) / 2));
      const cutOff = new Set([leader, ...others].slice(0, minority));
      this.#out = shuffled.filter((id) => cutOff.has(id));
      const together = random.chance(0.5);
      this.#world.note(null, () => `cut off${together ? ' together' : ''}: ${[...cutOff].join(', ')}`);
      for (const { id: from } of this.#nodes) {
        for (const { id: to } of this.#nodes) {
          const bothIn = cutOff.has(from) && cutOff.has(to);
          this.#network.setCut(from, to, bothIn ? !together : cutOff.has(from) || cutOff.has(to));
        }
      }
    });
  }

  #strike(kind: FaultKind, node: SimulatedNode): void {
    this.faults++;
    const { faultRandom: random } = this.#world;
    switch (kind) {
      case 'crash':
        return this.#crash(node, false);
      case 'powerLoss':
        return this.#crash(node, true);
      case 'outage':
        for (const each of this.#nodes) this.#crash(each, true);
        return;
      case 'pause':
        return this.#pause(node);
      case 'isolate':
        return this.#cut(`node ${node.id} is cut off`, (a, b) => a === node.id || b === node.id);
      case 'split':
        return this.#split();
      case 'oneWay': {
        const inward = random.chance(0.5);
        const words = `node ${node.id} ${inward ? 'hears' : 'reaches'} nobody`;
        return this.#cut(words, (a, b) => (inward ? b : a) === node.id);
      }
      case 'bridge':
        return this.#bridge(node);
      case 'flakyLinks':
        return this.#flaky();
      case 'linkReset':
        for (const other of this.#nodes) {
          if (other !== node && random.chance(0.5)) this.#network.reset(node.id, other.id);
        }
        return;
      case 'slowDisk':
        return this.#disk(node, random.pick([5, 20, 100]));
      case 'hungDisk':
        return this.#disk(node, Infinity);
      case 'failedDisk':
        return this.#failDisk(node);
      case 'clockJump':
        return node.moveWallClock(random.between(-10_000, 10_000));
      case 'transfer':
        return this.#transfer(node);
      case 'handOver':
        return this.#handOver(node);
    }
  }

  /** Somebody asks that a group be led by another; half of the time something happens to either of the two. */
  #transfer(node: SimulatedNode): void {
    const { faultRandom: random, plan } = this.#world;
    if (node.paused || !node.isUp) return;
    node.run((store) => {
      const led = [...store.groups.values()].filter((group) => group.isLeader);
      if (led.length === 0) return;
      const group = random.pick(led);
      const heirs = group.core.membership.voters.filter((id) => id !== node.id);
      if (heirs.length === 0) return;
      const heir = random.pick(heirs);
      if (random.chance(0.5)) return this.#stallDisk(this.#nodes[heir - 1]!);
      this.#world.note(group.id, () => `node ${node.id} is asked to hand over to node ${heir}`);
      store.transferLeadership(group.id, heir);
      if (random.chance(0.6)) return this.#sendToSleep(this.#nodes[heir - 1]!);
      if (random.chance(0.3)) return;
      this.#later(random.below(4 * plan.network.delaySpreadUs + plan.disk.syncMaxUs), () => {
        this.#strike(random.pick(STRIKES), this.#nodes[(random.chance(0.5) ? node.id : heir) - 1]!);
      });
    });
  }

  /** One that was told to take over hears of it when the leader has given up and gone on without it. */
  #sendToSleep(heir: SimulatedNode): void {
    const { faultRandom: random, plan } = this.#world;
    const { delayMinUs, delaySpreadUs } = plan.network;
    const roundTripUs = 2 * (delayMinUs + delaySpreadUs) + plan.disk.syncMaxUs;
    this.#later(random.chance(0.5) ? 0 : random.below(roundTripUs), () => {
      this.#pause(heir, (1 + 2 * random.float()) * this.#electionUs);
    });
  }

  /**
   * Every sync takes so long that the node rests, and for some time it never has on disk all that
   * it was asked for; so it rests on, although each single write gets there.
   */
  #stallDisk(node: SimulatedNode): void {
    if (!node.isUp || node.diskFactor !== 1) return;
    node.setDiskFactor(this.#stallFactor);
    this.#later(8 * this.#stallUs, () => node.setDiskFactor(1));
  }

  /** A node that rests is asked to lead what it has nothing to write for; then its disk gets on. */
  #stalled(heir: SimulatedNode): void {
    const { faultRandom: random, plan, faultsOn } = this.#world;
    if (!faultsOn || plan.faults.weights.transfer === 0) return;
    for (let i = 0; i < 3; i++) this.#later(random.below(this.#stallUs), () => this.#handOverTo(heir));
    this.#later(this.#stallUs, () => {
      if (heir.diskFactor === Infinity) heir.setDiskFactor(this.#stallFactor);
    });
  }

  #handOverTo(heir: SimulatedNode): void {
    for (const node of this.#nodes) {
      if (node === heir || node.paused) continue;
      node.run((store) => {
        for (const { id, isLeader } of store.groups.values()) {
          if (!isLeader || heir.store?.groups.get(id)?.pendingPersists !== 0) continue;
          this.#world.note(id, () => `node ${node.id} is asked to hand over to node ${heir.id}`);
          store.transferLeadership(id, heir.id);
        }
      });
    }
  }

  /** An orderly stop: the node hands over what it leads, ends a little later, and comes back. */
  #handOver(node: SimulatedNode): void {
    if (node.paused || !node.isUp) return;
    this.#world.note(null, () => `node ${node.id} hands over all that it leads`);
    node.run((store) => store.handOver());
    const { incarnation } = node;
    this.#later(this.#durationUs(), () => {
      if (node.incarnation !== incarnation) return;
      this.#crash(node, false);
    });
  }

  #crash(node: SimulatedNode, power: boolean): void {
    if (!node.isUp) return;
    node.crash(power);
    this.#later(this.#durationUs(), () => {
      if (!node.isUp) node.start();
    });
  }

  #pause(node: SimulatedNode, durationUs = this.#durationUs()): void {
    if (!node.isUp || node.paused) return;
    node.pause();
    const { incarnation } = node;
    this.#later(durationUs, () => {
      if (node.incarnation === incarnation) node.resume();
    });
  }

  /** Cuts the directions that `chosen` names, and mends exactly these later. */
  #cut(words: string, chosen: (from: NodeId, to: NodeId) => boolean, durationUs = this.#durationUs()): void {
    this.#world.note(null, () => words);
    const mend = this.#network.cutWhere(chosen);
    this.#later(durationUs, () => {
      this.#world.note(null, () => `no longer: ${words}`);
      mend();
    });
  }

  #split(): void {
    const { faultRandom: random } = this.#world;
    const shuffled = random.shuffled(this.#present.map((node) => node.id));
    const side = new Set(shuffled.slice(0, random.between(1, Math.max(1, shuffled.length - 1))));
    const words = `nodes ${[...side].sort((a, b) => a - b).join(', ')} are cut off from the others`;
    this.#cut(words, (a, b) => side.has(a) !== side.has(b));
  }

  /** Leaves the node one peer that it can talk with. */
  #bridge(node: SimulatedNode): void {
    const others = this.#present.filter((each) => each !== node);
    if (others.length === 0) return;
    const kept = this.#world.faultRandom.pick(others).id;
    const touches = (a: NodeId, b: NodeId) => a === node.id || b === node.id;
    this.#cut(`node ${node.id} reaches node ${kept} only`, (a, b) => touches(a, b) && a !== kept && b !== kept);
  }

  #flaky(): void {
    const { faultRandom: random } = this.#world;
    const links = this.#nodes.flatMap((a) => this.#nodes.map((b) => this.#network.link(a.id, b.id)));
    const dropChance = random.pick([0.1, 0.3, 0.8]);
    const chosen = links.filter(() => random.chance(0.6));
    this.#world.note(null, () => `${chosen.length} links lose ${dropChance * 100} % of their frames`);
    for (const link of chosen) link.dropChance = dropChance;
    this.#later(this.#durationUs(), () => {
      for (const link of chosen) link.dropChance = 0;
    });
  }

  #disk(node: SimulatedNode, factor: number): void {
    if (node.diskFactor !== 1) return;
    node.setDiskFactor(factor);
    this.#later(this.#durationUs(), () => node.setDiskFactor(1));
  }

  /** The disk is full until someone has looked at it and started the node again. */
  #failDisk(node: SimulatedNode): void {
    if (!node.isUp) return;
    if (this.#world.faultRandom.chance(0.7)) node.disk.failNextSync = true;
    else node.state.failNextApply = true;
    this.#world.note(null, () => `the disk of node ${node.id} is full`);
    this.#later(this.#durationUs(), () => {
      if (!node.disk.failNextSync && !node.state.failNextApply) return;
      node.crash(false);
      node.start();
    });
  }
}

/** Whether the node leads a partition; the system group has little to do. */
function leads(node: SimulatedNode): boolean {
  if (node.store === null || node.paused) return false;
  for (const group of node.store.groups.values()) if (group.isLeader && group.id !== SYSTEM_GROUP) return true;
  return false;
}
