import type { ClusterEvent } from '../../../engine/rpc/cluster.ts';
import type { StoreTiming } from '../../../engine/store/types.ts';
import type { ReplicaGhost } from '../ghost.ts';
import { Violation } from '../violation.ts';

const NAME = 'A Transfer Of Leadership Ends (Raft dissertation, section 3.10)';

/** Ticks after which a leader must have given up handing over: it refuses every write meanwhile. */
export function transferTicks({ electionTicksMax, heartbeatTicks }: StoreTiming): number {
  return electionTicksMax + 2 * heartbeatTicks + 2;
}

/** Called with what a replica tells of itself, at the `tick`th tick of its node. */
export function noteTransfer(replica: ReplicaGhost, kind: ClusterEvent['kind'], tick: number): void {
  if (kind === 'transferStarted') replica.transferSinceTick = tick;
  else if (kind === 'transferFailed' || kind === 'steppedDown') replica.transferSinceTick = null;
}

/** Called after a tick of its node, the `tick`th. */
export function checkTransferEnds(replica: ReplicaGhost, tick: number, limitTicks: number): void {
  const { node, group, core, term, transferSinceTick } = replica;
  if (transferSinceTick === null || core?.role !== 'leader' || tick - transferSinceTick <= limitTicks) return;
  const since = tick - transferSinceTick;
  throw new Violation(NAME, group.id, node, `node ${node} has been handing over term ${term} for ${since} ticks`);
}
