import type { Faults } from '../rpc/cluster.ts';
import { DrillError } from './errors.ts';
import type { LeaderHit } from './measures.ts';
import type { Scenario } from './report.ts';
import type { Leader } from './watch.ts';

/** What a scenario can do to the nodes. */
export interface NodeControls {
  kill(node: number): Promise<void>;
  pause(node: number): Promise<void>;
  /** In order, and back again: resolves when the node serves and every partition is led. */
  restart(node: number): Promise<void>;
  setFaults(node: number, faults: Faults): Promise<void>;
}

/** The cluster as a scenario finds it. */
export interface Situation {
  readonly nodes: readonly number[];
  readonly leaders: ReadonlyMap<number, Leader>;
  /** The nodes that vote, by partition. */
  readonly voters: ReadonlyMap<number, readonly number[]>;
}

export interface FaultPlan {
  /** "kill n1". */
  readonly title: string;
  readonly victims: readonly number[];
  /** Whether it needs nodes that take network faults. */
  readonly cutsLinks: boolean;
  /** Whether it is over when `inject` resolves. */
  readonly passes: boolean;
  /** Calls `step` right before each thing it does, with the nodes whose leaders go with it. */
  inject(controls: NodeControls, step: (text: string, hit: readonly LeaderHit[]) => void): Promise<void>;
}

export const NO_FAULTS: Faults = { links: [], diskDelayMs: 0, logLimitBytes: 0, stateLimitBytes: 0 };

/** The leaders that go when these nodes do. */
export function hitsOf(situation: Situation, nodes: readonly number[], atMs: number): LeaderHit[] {
  return [...situation.leaders]
    .filter(([, leader]) => nodes.includes(leader.node))
    .map(([partition, leader]) => ({ partition, leader: leader.node, term: leader.term, atMs }));
}

/** The node that leads the most partitions; of several the first. */
export function busiestLeader(situation: Situation): number {
  const led = (node: number) => [...situation.leaders.values()].filter((leader) => leader.node === node).length;
  const [busiest] = situation.nodes.toSorted((a, b) => led(b) - led(a) || a - b);
  if (busiest === undefined) throw new DrillError('refused', 'The cluster has no nodes.', 'Choose another cluster.');
  return busiest;
}

/** Nodes that are a majority of all: without their links no partition of three copies keeps its quorum. */
export function majorityOf(nodes: readonly number[]): number[] {
  return nodes.slice(0, Math.floor(nodes.length / 2) + 1);
}

/** What each node is told when these are cut off from everybody: their links go on both ends. */
export function cutFaults(nodes: readonly number[], isolated: readonly number[]): Map<number, Faults> {
  return new Map(
    nodes.map((node) => {
      const away = nodes.filter((other) => other !== node && (isolated.includes(node) || isolated.includes(other)));
      return [node, { ...NO_FAULTS, links: away.map((toNodeId) => ({ toNodeId, cut: true, delayMs: 0, drop: 0 })) }];
    }),
  );
}

/** `look` tells the situation anew, since a rolling restart moves leaders as it goes. */
export function planFault(scenario: Scenario, look: () => Situation): FaultPlan {
  const situation = look();
  const { nodes } = situation;
  const now = () => Date.now();
  switch (scenario) {
    case 'kill-leader':
    case 'pause-leader': {
      const victim = busiestLeader(situation);
      const isKill = scenario === 'kill-leader';
      return {
        title: `${isKill ? 'kill' : 'pause'} n${victim}`,
        victims: [victim],
        cutsLinks: false,
        passes: false,
        inject: async (controls, step) => {
          step(`n${victim} ${isKill ? 'killed (SIGKILL)' : 'paused (SIGSTOP)'}`, hitsOf(look(), [victim], now()));
          await (isKill ? controls.kill(victim) : controls.pause(victim));
        },
      };
    }
    case 'isolate-leader':
    case 'cut-majority': {
      const isolated = scenario === 'isolate-leader' ? [busiestLeader(situation)] : majorityOf(nodes);
      const names = isolated.map((node) => `n${node}`).join(', ');
      return {
        title: scenario === 'isolate-leader' ? `isolate ${names}` : `cut off ${names}`,
        victims: isolated,
        cutsLinks: true,
        passes: false,
        inject: async (controls, step) => {
          const present = look();
          const cut = leadersWithoutQuorum(present, isolated);
          step(
            `every link of ${names} cut`,
            hitsOf(present, nodes, now()).filter((hit) => cut.includes(hit.partition)),
          );
          const faults = cutFaults(nodes, isolated);
          await Promise.all(nodes.map((node) => controls.setFaults(node, faults.get(node)!)));
        },
      };
    }
    case 'rolling-restart':
      return {
        title: `restart ${nodes.map((node) => `n${node}`).join(', ')}`,
        victims: nodes,
        cutsLinks: false,
        passes: true,
        inject: async (controls, step) => {
          for (const node of nodes) {
            step(`n${node} restarted in order`, hitsOf(look(), [node], now()));
            await controls.restart(node);
          }
        },
      };
  }
}

/** Partitions whose leader cannot reach a majority of its voters when these nodes have no links. */
export function leadersWithoutQuorum(situation: Situation, isolated: readonly number[]): number[] {
  return [...situation.leaders]
    .filter(([partition, leader]) => {
      const voters = situation.voters.get(partition) ?? [];
      const reached = isolated.includes(leader.node) ? 1 : voters.filter((voter) => !isolated.includes(voter)).length;
      return reached * 2 <= voters.length;
    })
    .map(([partition]) => partition);
}
