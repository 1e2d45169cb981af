import type { ClusterView, NodeView } from '../../../electron/contract/model.ts';
import type { Settings } from '../../app/settings.ts';
import { lossOf, lossSentence } from './loss.ts';
import { isWayBack, type NodeAction } from './node-action-rules.ts';

/** What a fault does to the process or its links, before what that means for the cluster. */
export function faultMeans(action: NodeAction, node: NodeView): string {
  const pid = node.pid === null ? '' : `, PID ${node.pid}`;
  if (action === 'kill') return `Sends SIGKILL to ${node.name}${pid}. Its data stays on disk.`;
  if (action === 'pause')
    return `Freezes ${node.name}${pid}: it keeps its memory and its connections, and says nothing.`;
  if (action === 'isolate') {
    return `Cuts every link between ${node.name} and the others, both ways. Its process runs on and clients still reach it.`;
  }
  return `Asks ${node.name}${pid} to stop in order, then starts it on its data.`;
}

/** What a user who wants to be asked is asked; null where the action runs at once. Ways back never ask. */
export function faultQuestion(
  when: Settings['askBeforeFaults'],
  action: NodeAction,
  node: NodeView,
  view: ClusterView,
): string | null {
  if (when === 'never' || isWayBack(action)) return null;
  const loss = lossOf(view, node);
  if (when === 'quorum' && loss.stops.length === 0) return null;
  return `${faultMeans(action, node)} ${lossSentence(view, node, loss)}`;
}
