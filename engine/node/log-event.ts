import type { Logger } from 'pino';
import type { ClusterEvent, ClusterEventKind } from '../rpc/cluster.ts';

const loud: ReadonlySet<ClusterEventKind> = new Set([
  'storageFailed',
  'leaderLost',
  'steppedDown',
  'peerSuspect',
  'accessRefused',
  'peerRefused',
  'nodeRemoved',
]);
const quiet: ReadonlySet<ClusterEventKind> = new Set(['voteGranted', 'voteRejected', 'roleChanged', 'leaderKnown']);

/** Writes an event into the node's log: failures as warnings, the steps of an election only for debugging. */
export function logEvent(log: Logger, event: ClusterEvent): void {
  const level = loud.has(event.kind) ? 'warn' : quiet.has(event.kind) ? 'debug' : 'info';
  log[level](
    {
      event: event.kind,
      ...(event.partition === undefined ? {} : { partition: event.partition }),
      ...(event.term === 0 ? {} : { term: event.term }),
      ...(event.peer === 0 ? {} : { peer: `n${event.peer}` }),
      ...(event.voters.length === 0 ? {} : { voters: event.voters.map((v) => `n${v}`) }),
      ...(event.durationMs === 0 ? {} : { durationMs: event.durationMs }),
      ...(event.detail === '' ? {} : { detail: event.detail }),
    },
    event.kind,
  );
}
