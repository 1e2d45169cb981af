import type { ClusterSummary } from '../../../electron/contract/model.ts';

/** Why a screen has nothing to show of this cluster, in words; null where it has. `path` as in the list of screens. */
export function cannotShow(summary: ClusterSummary, path: string): string | null {
  const { name, kind, remote } = summary;
  if (remote === null) return null;
  switch (path) {
    case 'raft':
      if (remote.capabilities.includes('raftState')) return null;
      return kind === 'etcd'
        ? 'etcd does not show its log, votes and timers from outside. Members, leader, term and indexes are on the overview.'
        : `The nodes of ${name} do not show their log, votes and timers. What they tell is on the overview.`;
    case 'drills':
      return `Drills break things on purpose, so they run on local clusters only. ${name} runs elsewhere.`;
    case 'logs':
      return `The nodes of ${name} run elsewhere, and their logs are there.`;
    default:
      return null;
  }
}
