import type { ClusterView, NodeState, NodeView, Sample, StoryEvent } from '../../electron/contract/model.ts';
import { FixtureCluster } from './fixture-cluster.ts';

export const NOW_MS = new Date(2026, 5, 21, 12, 4, 31).getTime();

/**
 * A cluster at rest whose nodes have these states; partitions are judged accordingly:
 * without a leader where there is no quorum, and led by a live replica elsewhere.
 */
export function viewOf(
  states: readonly NodeState[],
  options: { partitions?: number; copies?: number } = {},
): ClusterView {
  const { partitions = 8, copies = states.length } = options;
  const fixture = new FixtureCluster('dev-3', { nodes: states.length, partitions, running: true, nowMs: NOW_MS });
  const view = fixture.view();
  const nodes = view.nodes.map((node, i): NodeView => ({ ...node, state: states[i] ?? 'live' }));
  const live = nodes.filter((node) => node.state === 'live').map((node) => node.id);
  const judged = view.partitions.map((partition, p) => {
    const replicas = Array.from({ length: copies }, (_, i) => ((p + i) % states.length) + 1).sort((a, b) => a - b);
    const up = replicas.filter((id) => live.includes(id));
    const hasQuorum = up.length > copies / 2;
    const leader = hasQuorum ? (up[p % up.length] ?? 0) : 0;
    return { ...partition, replicas, replicasDown: copies - up.length, hasQuorum, leader };
  });
  const stopped = states.every((state) => state === 'stopped');
  const noQuorum = judged.some((partition) => !partition.hasQuorum);
  const whole = live.length === states.length;
  const state = stopped ? 'stopped' : noQuorum ? 'noQuorum' : whole ? 'running' : 'degraded';
  return {
    ...view,
    timeMs: NOW_MS,
    summary: { ...view.summary, state, nodesUp: live.length },
    nodes,
    partitions: judged,
  };
}

export function sampleOf(timeMs: number, over: Partial<Sample> = {}): Sample {
  return {
    timeMs,
    writesPerSecond: 100,
    readsPerSecond: 50,
    writeP50Ms: 1,
    writeP99Ms: 3,
    committed: 1000,
    applied: 990,
    terms: [1],
    leaders: [1],
    ...over,
  };
}

export function eventOf(timeMs: number, kind: StoryEvent['kind'], over: Partial<StoryEvent> = {}): StoryEvent {
  return {
    id: `${kind}-${timeMs}`,
    timeMs,
    kind,
    parts: [{ text: kind, strong: false }],
    node: null,
    partition: null,
    term: null,
    storyId: null,
    offsetMs: null,
    ...over,
  };
}
