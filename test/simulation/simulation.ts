import { Clients } from './clients.ts';
import { ClusterOperator, ClusterRest } from './cluster-operator.ts';
import { livenessLimitUs, notHealed, notServed } from './liveness.ts';
import { Nemesis } from './nemesis.ts';
import { Network } from './network.ts';
import { SimulatedNode } from './node.ts';
import { Observer } from './observer.ts';
import { Operator } from './operator.ts';
import { planOf } from './make-plan.ts';
import type { Plan, RunOptions } from './plan.ts';
import { SimulatedTransfers } from './transfers.ts';
import { Violation } from './violation.ts';
import { World } from './world.ts';

export interface Outcome {
  readonly plan: Plan;
  readonly violation: Violation | null;
  /** Where the run ended, or failed. */
  readonly steps: number;
  readonly virtualMs: number;
  /** The digest of every event of the run. */
  readonly traceHash: string;
  readonly operations: number;
  readonly faults: number;
  readonly elections: number;
  readonly committed: number;
  readonly snapshots: number;
  /** Changes of members that replicas have made. */
  readonly changes: number;
  /** Nodes added, removed or replaced, and other changes of the whole cluster that it took on. */
  readonly clusterChanges: number;
  /** How long the cluster took to heal, as a share of what is allowed. */
  readonly healedWithin: number;
  /** The history was too tangled to decide whether it is linearizable. */
  readonly undecided: boolean;
  readonly lastEvents: (limit: number) => string[];
}

/** Steps that healing may take; more than that is a storm of messages. */
const HEALING_STEPS = 500_000;

/** One run of one seed: a safety phase under faults, a liveness phase without, then the history is checked. */
export class Simulation {
  readonly #plan: Plan;
  readonly #world: World;
  readonly #observer: Observer;
  readonly #nodes: SimulatedNode[] = [];
  readonly #clients: Clients;
  readonly #nemesis: Nemesis;
  readonly #operator: Operator;
  readonly #clusterOperator: ClusterOperator;
  readonly #clusterRest: ClusterRest;
  #healedWithin = 0;
  #undecided = false;

  constructor(options: RunOptions) {
    this.#plan = planOf(options);
    this.#world = new World(this.#plan);
    this.#observer = new Observer(
      this.#plan,
      (node, group) => this.#world.onFirstCommit?.(node, group),
      (node, group) => this.#world.onChange?.(node, group),
    );
    const network = new Network(this.#world, this.#nodes);
    const transfers = new SimulatedTransfers(this.#world, this.#nodes, network);
    for (let id = 1; id <= this.#plan.nodes; id++) {
      this.#nodes.push(new SimulatedNode(id, this.#world, network, transfers, this.#observer));
    }
    this.#clients = new Clients(this.#world, this.#nodes, this.#observer);
    this.#nemesis = new Nemesis(this.#world, this.#nodes, network);
    this.#operator = new Operator(this.#world, this.#nodes);
    this.#clusterOperator = new ClusterOperator(this.#world, this.#nodes, this.#observer);
    this.#clusterRest = new ClusterRest(this.#clusterOperator, this.#world, this.#nodes, this.#observer);
  }

  run(): Outcome {
    try {
      for (const node of this.#nodes) node.start();
      this.#clients.start();
      this.#nemesis.start();
      this.#operator.start();
      this.#clusterOperator.start();
      this.#safetyPhase();
      this.#livenessPhase();
      this.#undecided = !this.#clients.history.check();
    } catch (error) {
      if (this.#world.violation === null && !(error instanceof Violation)) throw error;
      this.#world.violation ??= error as Violation;
    }
    return this.#outcome();
  }

  #safetyPhase(): void {
    const world = this.#world;
    const { steps } = this.#plan;
    while (world.steps < steps) world.next();
  }

  #livenessPhase(): void {
    const world = this.#world;
    const longest = Math.max(...[...this.#observer.groups.values()].map((group) => group.commitIndex));
    const limitUs = livenessLimitUs(this.#plan, longest);
    const beganUs = world.nowUs;
    world.faultsOn = false;
    this.#clients.stopped = true;
    this.#nemesis.stop();
    this.#operator.settle();
    this.#clusterRest.settle();
    this.#until(
      beganUs + limitUs,
      () => this.#clients.idle,
      () => notServed(this.#clients),
    );
    this.#clients.readAndWriteEverything();
    this.#until(
      beganUs + limitUs,
      () => this.#clients.idle,
      () => notServed(this.#clients),
    );
    const whyNot = () => notHealed(this.#observer, this.#nodes, this.#operator, this.#clusterRest);
    this.#until(beganUs + limitUs, () => whyNot() === null, whyNot);
    this.#healedWithin = (world.nowUs - beganUs) / limitUs;
  }

  #until(deadlineUs: number, reached: () => boolean, why: () => Violation | null): void {
    while (!reached()) {
      for (let i = 0; i < 20; i++) this.#world.next();
      const { nowUs, steps } = this.#world;
      if (nowUs > deadlineUs || steps > this.#plan.steps + HEALING_STEPS) {
        throw why() ?? new Error('healed too late to say what was missing');
      }
    }
  }

  #outcome(): Outcome {
    const world = this.#world;
    const groups = [...this.#observer.groups.values()];
    const violation = world.violation;
    return {
      plan: this.#plan,
      violation,
      steps: world.steps,
      virtualMs: world.nowUs / 1000,
      traceHash: world.trace.hash.toString(),
      operations: this.#clients.history.operations.length,
      faults: this.#nemesis.faults,
      elections: groups.reduce((sum, group) => sum + group.leaders.size, 0),
      committed: groups.reduce((sum, group) => sum + group.commitIndex, 0),
      snapshots: this.#observer.snapshots,
      changes: this.#observer.changes,
      clusterChanges: this.#clusterOperator.taken,
      healedWithin: this.#healedWithin,
      undecided: this.#undecided,
      lastEvents: (limit) => world.trace.lines(violation?.group ?? 0, limit),
    };
  }
}

/** Runs one seed from beginning to end. */
export function simulate(options: RunOptions): Outcome {
  return new Simulation(options).run();
}
