import type { StoreTiming } from '../../../engine/store/types.ts';
import type { ReplicaGhost } from '../ghost.ts';
import { Violation } from '../violation.ts';

const NAME = 'No Leader With A Hung Disk (hashicorp/raft#503)';

/** Ticks after which a leader whose disk answers nothing must have given up. */
export function hungDiskTicks({ electionTicksMax, heartbeatTicks }: StoreTiming): number {
  return electionTicksMax + 2 * heartbeatTicks + 2;
}

/** Called after a tick of the node, its `tick`th. */
export function checkHungDisk(replica: ReplicaGhost, tick: number, limitTicks: number): void {
  const since = replica.pendingWriteTicks[0];
  if (since === undefined || tick - since <= limitTicks || replica.core?.role !== 'leader') return;
  throw new Violation(
    NAME,
    replica.group.id,
    replica.node,
    `node ${replica.node} still leads term ${replica.term}, ${tick - since} ticks after it asked its disk for a sync`,
  );
}
