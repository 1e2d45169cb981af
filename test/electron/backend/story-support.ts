import type { StoryEvent } from '../../../electron/contract/model.ts';
import type { ClusterEvent, ClusterEventKind, GroupStatus, NodeStatus } from '../../../engine/rpc/cluster.ts';
import type { ProcessEvent } from '../../../engine/supervisor/types.ts';
import { genesisPlacement } from '../../../electron/backend/clusters/placement.ts';
import { timeOf, type StoryInput } from '../../../electron/backend/story/input.ts';
import { StoryTeller } from '../../../electron/backend/story/teller.ts';

/** Some day at 12:04:31. */
export const T0 = 1_790_000_000_000;

export function event(at: number, node: number, kind: ClusterEventKind, facts: Partial<ClusterEvent> = {}): StoryInput {
  return {
    type: 'event',
    event: {
      sequence: 1,
      timeMs: T0 + at,
      nodeId: node,
      group: (facts.partition ?? -1) + 1,
      kind,
      term: 0,
      peer: 0,
      voters: [],
      detail: '',
      durationMs: 0,
      index: 0,
      ...facts,
    },
  };
}

export function won(at: number, node: number, partition: number, term: number, voters: number[] = []): StoryInput {
  return event(at, node, 'electionWon', { partition, term, voters, durationMs: 300 });
}

export function proc(
  at: number,
  nodeId: number,
  kind: ProcessEvent['kind'],
  by: ProcessEvent['by'] = 'app',
  detail = '',
): StoryInput {
  return { type: 'process', event: { timeMs: T0 + at, cluster: 'dev', nodeId, kind, by, detail } };
}

export function status(
  at: number,
  nodeId: number,
  groups: readonly Partial<GroupStatus>[],
  startedAt = -60_000,
): StoryInput {
  const report: NodeStatus = {
    nodeId,
    clusterId: 'c',
    clusterName: 'dev',
    version: '0',
    pid: nodeId,
    address: '',
    metricsUrl: '',
    startedAtMs: T0 + startedAt,
    timeMs: T0 + at,
    epoch: 1,
    groups: groups.map((group) => ({
      group: (group.partition ?? -1) + 1,
      role: 'follower',
      term: 1,
      votedFor: 0,
      leader: 1,
      commitIndex: 0,
      lastLogIndex: 0,
      appliedIndex: 0,
      firstLogIndex: 1,
      persistedIndex: 0,
      voters: [],
      learners: [],
      progress: [],
      pendingProposals: 0,
      electionTimeoutLeftMs: 0,
      keyCount: 0,
      ...group,
    })),
    peers: [],
    counters: null,
    faults: null,
    storageError: '',
    faultsEnabled: true,
    timing: null,
    logLevel: 'info',
  };
  return { type: 'status', timeMs: T0 + at, status: report };
}

/** A cluster of `nodes` nodes that has been up for a minute; leaders[p] leads partition p. */
export function runningTeller(options: {
  nodes: number;
  leaders: readonly number[];
  terms?: readonly number[];
}): StoryTeller {
  const nodes = Array.from({ length: options.nodes }, (_, i) => i + 1);
  const teller = new StoryTeller({
    nodes,
    replicas: genesisPlacement(nodes, options.leaders.length, options.nodes),
    conditions: nodes.map((node) => ({ node, condition: { kind: 'up', sinceMs: T0 - 60_000 } })),
  });
  for (const node of nodes) {
    const groups = options.leaders.map((leader, partition) => ({
      partition,
      role: leader === node ? ('leader' as const) : ('follower' as const),
      leader,
      term: options.terms?.[partition] ?? 1,
      commitIndex: 100,
      lastLogIndex: 100,
      appliedIndex: 100,
    }));
    teller.push(status(-1_000, node, groups));
  }
  teller.advance(T0 - 500);
  return teller;
}

/** Delivers the inputs in the order given, each `lateMs` after it happened, and lets time pass. */
export function tell(
  teller: StoryTeller,
  inputs: readonly StoryInput[],
  lateMs: (index: number) => number = () => 5,
): StoryEvent[] {
  const told: StoryEvent[] = [];
  const arrivals = inputs
    .map((input, index) => ({ input, atMs: timeOf(input) + lateMs(index) }))
    .sort((a, b) => a.atMs - b.atMs);
  const endMs = Math.max(T0, ...arrivals.map((arrival) => arrival.atMs)) + 2_000;
  let next = 0;
  for (let nowMs = T0 - 400; nowMs <= endMs; nowMs += 10) {
    while (next < arrivals.length && arrivals[next]!.atMs <= nowMs) teller.push(arrivals[next++]!.input);
    if (nowMs % 100 === 0) told.push(...teller.advance(nowMs));
  }
  return told.sort((a, b) => a.timeMs - b.timeMs);
}

export function text(event: StoryEvent): string {
  return event.parts.map((part) => part.text).join('');
}

/** "+412 elected: n2 wins …" for each. */
export function lines(events: readonly StoryEvent[]): string[] {
  return events.map((e) => `${e.offsetMs === null ? '-' : `+${e.offsetMs}`} ${e.kind}: ${text(e)}`);
}
