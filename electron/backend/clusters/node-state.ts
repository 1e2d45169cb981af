import type { NodeState } from '../../contract/model.ts';
import type { NodeStatus } from '../../../engine/rpc/cluster.ts';
import type { NodeProcess } from '../../../engine/supervisor/types.ts';

/** A node that reports every 200 ms and was not heard for this long is not answering. */
export const SILENT_AFTER_MS = 1_500;

/** What is known of one node: from the supervisor, and from the node itself. */
export interface NodeFacts {
  readonly process: NodeProcess;
  /** Its last word since the process started; null before the first. */
  readonly status: NodeStatus | null;
  readonly heardAtMs: number | null;
}

/**
 * The state of every node, in the order given:
 * - stopped, dead, paused: what the supervisor knows of the process;
 * - partitioned: the process is fine and faults cut every link to the others;
 * - suspect: more than half of the peers that could hear it miss its heartbeats, or its
 *   own stream is silent. One that misses everybody has mostly been asleep itself;
 * - live: everything else.
 */
export function judgeNodes(nodes: readonly NodeFacts[], nowMs: number): NodeState[] {
  const running = nodes.filter((node) => node.process.state === 'running');
  const fresh = running.filter((node) => isFresh(node, nowMs));
  const partitioned = new Set(running.filter((node) => isCutOff(node, nodes)).map((node) => node.process.nodeId));

  return nodes.map((node) => {
    if (node.process.state !== 'running') return node.process.state;
    if (partitioned.has(node.process.nodeId)) return 'partitioned';
    if (!isFresh(node, nowMs)) return 'suspect';
    return isMissed(node, fresh, partitioned) ? 'suspect' : 'live';
  });
}

/** Whether the node itself spoke a moment ago. */
export function isFresh(node: NodeFacts, nowMs: number): boolean {
  return node.status !== null && node.heardAtMs !== null && nowMs - node.heardAtMs < SILENT_AFTER_MS;
}

/** Whether a fault cuts the link between two nodes, in either direction. */
export function isLinkCut(a: NodeFacts, b: NodeFacts): boolean {
  return cuts(a, b.process.nodeId) || cuts(b, a.process.nodeId);
}

function cuts(from: NodeFacts, toNodeId: number): boolean {
  // Faults live in the process: they ended with it.
  if (from.process.state !== 'running' && from.process.state !== 'paused') return false;
  return from.status?.faults?.links.some((link) => link.toNodeId === toNodeId && link.cut) ?? false;
}

function isCutOff(node: NodeFacts, nodes: readonly NodeFacts[]): boolean {
  const others = nodes.filter((other) => other !== node);
  return others.length > 0 && others.every((other) => isLinkCut(node, other));
}

function isMissed(node: NodeFacts, fresh: readonly NodeFacts[], partitioned: ReadonlySet<number>): boolean {
  let asked = 0;
  let missing = 0;
  for (const peer of fresh) {
    if (peer === node || partitioned.has(peer.process.nodeId) || isLinkCut(peer, node)) continue;
    const word = peer.status?.peers.find((p) => p.nodeId === node.process.nodeId);
    if (word === undefined) continue;
    asked += 1;
    if (word.state === 'suspect') missing += 1;
  }
  return missing * 2 > asked;
}
