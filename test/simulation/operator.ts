import type { GroupId } from '../../engine/config/ids.ts';
import { isJoint, isMember } from '../../engine/raft/membership.ts';
import { Role, type Membership, type MembershipTarget, type NodeId, type RaftCore } from '../../engine/raft/types.ts';
import { Action } from './event-queue.ts';
import type { GroupGhost } from './ghost.ts';
import { words } from './invariants/configurations.ts';
import type { SimulatedNode } from './node.ts';
import type { Random } from './random.ts';
import type { World } from './world.ts';

const MAX_VOTERS = 5;

/** Somebody who changes the members of groups all the time, and in the end wants certain ones. */
export class Operator {
  readonly #world: World;
  readonly #nodes: readonly SimulatedNode[];
  /** What each group is to come to in the end. */
  readonly #goals = new Map<GroupId, MembershipTarget>();

  constructor(world: World, nodes: readonly SimulatedNode[]) {
    this.#world = world;
    this.#nodes = nodes;
  }

  start(): void {
    const { plan, operatorRandom: random } = this.#world;
    if (plan.membership === null) return;
    const { askNewLeader, tears } = plan.membership;
    const { electionUs } = this.#world;
    const beforeChange = this.#world.onChange;
    this.#world.onChange = (node, group) => {
      beforeChange?.(node, group);
      // While few know of the removal: too early, if the replica lets itself be deleted.
      if (!this.#world.faultsOn || !random.chance(tears ? 1 : 0.5)) return;
      if (!tears) return this.#soon(() => this.#deleteSomeReplica(group));
      for (let i = 0; i < 10; i++) this.#later(random.float() * electionUs, () => this.#deleteSomeReplica(group));
    };
    const before = this.#world.onElection;
    this.#world.onElection = (node, group) => {
      before?.(node, group);
      if (this.#world.faultsOn && random.chance(askNewLeader))
        this.#soon(() => this.#ask(this.#nodes[node - 1]!, group));
    };
    this.#next();
  }

  #next(): void {
    const { plan, operatorRandom: random } = this.#world;
    this.#later(random.float() * 2 * plan.membership!.everyUs, () => {
      const group = random.below(plan.genesis.partitions.length + 1);
      if (random.chance(0.4)) this.#deleteSomeReplica(group);
      else this.#askSomeLeader(group);
      this.#next();
    });
  }

  #askSomeLeader(group: GroupId): void {
    const { operatorRandom: random } = this.#world;
    const leaders = this.#nodes.filter((node) => coreOf(node, group)?.role === Role.Leader);
    if (leaders.length > 0) this.#ask(random.pick(leaders), group);
    // Before the one before is through, half of the time.
    if (random.chance(0.5)) this.#soon(() => this.#askSomeLeader(group));
  }

  /** What a node does with a replica that its group has let go: it may come back, and then knows nothing. */
  #deleteSomeReplica(group: GroupId): void {
    const isLetGo = (node: SimulatedNode) => {
      const core = coreOf(node, group);
      if (core === null || core.role !== Role.Learner || core.membership.voters.length === 0) return false;
      return !isMember(core.membership, node.id) && core.dismissed && core.appliedIndex === core.lastIndex;
    };
    const gone = this.#nodes.filter((node) => !node.paused && node.isUp && isLetGo(node));
    if (gone.length === 0) return;
    const { plan, operatorRandom: random } = this.#world;
    for (const node of plan.membership!.tears ? gone : [random.pick(gone)]) {
      node.forget(group);
      this.#world.onDeletion?.();
      if (random.chance(0.7)) this.#takeBack(group, node.id);
    }
  }

  /** The replica begins with nothing, and meets the memberships of the past in the order in which they were. */
  #takeBack(group: GroupId, id: NodeId): void {
    this.#soon(() => {
      for (const node of this.#nodes) {
        const core = coreOf(node, group);
        if (core?.role !== Role.Leader || isMember(core.membership, id)) continue;
        const { voters, learners } = core.membership;
        this.#propose(node, core, group, { voters, learners: [...learners, id] });
      }
    });
  }

  #ask(node: SimulatedNode, group: GroupId): void {
    const core = coreOf(node, group);
    if (core === null) return;
    const ids = this.#nodes.map((each) => each.id);
    const { plan, operatorRandom: random } = this.#world;
    const wished = plan.membership!.tears && random.chance(0.8) ? breath : wish;
    this.#propose(node, core, group, wished(core.membership, node.id, ids, random));
  }

  #propose(node: SimulatedNode, core: RaftCore, group: GroupId, target: MembershipTarget): void {
    node.run(() => {
      const result = core.proposeMembership(target);
      this.#world.note(group, () => {
        const outcome = result.accepted ? `entry ${result.index}` : `refused: ${result.detail}`;
        return `node ${node.id} is asked for ${words({ ...target, votersOutgoing: [] })}: ${outcome}`;
      });
    });
  }

  /** The faults are over: from now on each group is brought to members of its own. */
  settle(): void {
    const { plan, operatorRandom: random } = this.#world;
    if (plan.membership === null) return;
    for (let group = 0; group <= plan.genesis.partitions.length; group++) {
      const order = random.shuffled(this.#nodes.map((node) => node.id));
      const voters = random.between(1, Math.min(MAX_VOTERS, order.length));
      const learners = random.pick([0, 0, 1]);
      this.#goals.set(group, { voters: order.slice(0, voters), learners: order.slice(voters, voters + learners) });
    }
    this.#pursue();
  }

  /** What is missing to the goal for a group, or null. */
  whyNotSettled({ id, configurations }: GroupGhost): string | null {
    const goal = this.#goals.get(id);
    if (goal === undefined || isReached(configurations.at(-1)!.membership, goal)) return null;
    return `the members are ${words(configurations.at(-1)!.membership)} and not ${words(sortedTarget(goal))}`;
  }

  #pursue(): void {
    const { timing } = this.#world.plan;
    for (const [group, goal] of this.#goals) {
      const cores = this.#nodes.flatMap((node) => ({ node, core: coreOf(node, group) }));
      for (const { node, core } of cores) {
        if (core?.role === Role.Leader && !isReached(core.membership, goal)) {
          this.#propose(node, core, group, stepTowards(core.membership, goal));
        }
      }
    }
    this.#world.after(timing.tickMs * timing.heartbeatTicks * 2000, new Action(0xb01, () => this.#pursue()));
  }

  #soon(run: () => void): void {
    const { plan, operatorRandom: random } = this.#world;
    const { network, disk } = plan;
    this.#later(random.float() * random.below(4) * (network.delaySpreadUs + disk.syncMaxUs), run);
  }

  #later(delayUs: number, run: () => void): void {
    const action = new Action(0xb00, () => {
      if (this.#world.faultsOn) run();
    });
    this.#world.after(delayUs, action);
  }
}

function coreOf(node: SimulatedNode, group: GroupId): RaftCore | null {
  if (node.paused) return null;
  return node.store?.groups.get(group)?.core ?? null;
}

function sortedTarget({ voters, learners }: MembershipTarget): Membership {
  const byId = (list: readonly NodeId[]) => list.toSorted((a, b) => a - b);
  return { voters: byId(voters), votersOutgoing: [], learners: byId(learners) };
}

function isReached(membership: Membership, goal: MembershipTarget): boolean {
  return words(membership) === words(sortedTarget(goal));
}

/** Who is missing learns first, and then all is as it should be. */
function stepTowards({ voters, learners }: Membership, goal: MembershipTarget): MembershipTarget {
  const missing = goal.voters.filter((id) => !voters.includes(id) && !learners.includes(id));
  return missing.length > 0 ? { voters, learners: [...learners, ...missing] } : goal;
}

/** In and out: to the leader and less than a majority of the others, or to everyone. */
function breath(current: Membership, leader: NodeId, ids: readonly NodeId[], random: Random): MembershipTarget {
  const { voters, learners } = current;
  const outside = ids.filter((id) => !voters.includes(id) && !learners.includes(id));
  if (voters.length > 2 || (voters.length === 2 && random.chance(0.7))) {
    const others = random.shuffled(voters.filter((id) => id !== leader));
    const stay = random.chance(0.6) ? 0 : random.below(others.length >> 1);
    const kept = [leader, ...others.slice(0, stay)];
    return random.chance(0.5)
      ? { voters: kept, learners: [] }
      : { voters: kept, learners: [...learners.filter((id) => id !== leader), ...others.slice(stay)] };
  }
  if (learners.length < 2 && outside.length > 0) return { voters, learners: [...learners, ...outside] };
  if (voters.length === 1 && random.chance(0.5)) {
    return { voters: [...voters, ...learners.slice(0, 1)], learners: learners.slice(1) };
  }
  return { voters: [...voters, ...learners].slice(0, MAX_VOTERS), learners: [] };
}

/** Some change that an operator could want; not all of them are possible. */
function wish(current: Membership, leader: NodeId, ids: readonly NodeId[], random: Random): MembershipTarget {
  const { voters, learners } = current;
  const outside = ids.filter((id) => !voters.includes(id) && !learners.includes(id));
  const without = (list: readonly NodeId[], ...gone: (NodeId | undefined)[]) => list.filter((id) => !gone.includes(id));
  const someone = voters.length > 0 ? random.pick(voters) : undefined;
  const learner = learners.length > 0 ? random.pick(learners) : undefined;
  const stranger = outside.length > 0 ? random.pick(outside) : undefined;
  const wishes: MembershipTarget[] = [];
  const consider = (isPossible: boolean, weight: number, target: () => MembershipTarget) => {
    if (isPossible) for (let i = 0; i < weight; i++) wishes.push(target());
  };
  const settles = !isJoint(current);
  consider(stranger !== undefined && settles, 4, () => ({ voters, learners: [...learners, stranger!] }));
  consider(learner !== undefined && voters.length < MAX_VOTERS, 3, () => ({
    voters: [...voters, learner!],
    learners: without(learners, learner),
  }));
  // A voter is replaced; all of them are; several come at once.
  consider(learner !== undefined, 3, () => ({
    voters: [...without(voters, someone), learner!],
    learners: without(learners, learner),
  }));
  consider(learner !== undefined, 1, () => ({ voters: learners, learners: [] }));
  consider(learners.length > 1 && voters.length < MAX_VOTERS, 3, () => ({
    voters: [...voters, ...learners],
    learners: [],
  }));
  consider(voters.length > 1, 2, () => ({ voters: without(voters, someone), learners }));
  consider(voters.length > 1, 1, () => ({ voters: without(voters, someone), learners: [...learners, someone!] }));
  consider(voters.length > 3, 2, () => ({ voters: random.shuffled(voters).slice(0, 2), learners }));
  // Those who could outvote the leader and whoever stays with it are voters no more.
  consider(voters.length > 2 && voters.includes(leader), 4, () => {
    const others = random.shuffled(without(voters, leader));
    const kept = random.below(voters.length - 2);
    return { voters: [leader, ...others.slice(0, kept)], learners: [...learners, ...others.slice(kept)] };
  });
  consider(learner !== undefined, 1, () => ({ voters, learners: without(learners, learner) }));
  consider(true, 1, () => {
    const order = random.shuffled(ids);
    return { voters: order.slice(0, random.between(1, Math.min(MAX_VOTERS, ids.length))), learners: [] };
  });
  return random.pick(wishes);
}
