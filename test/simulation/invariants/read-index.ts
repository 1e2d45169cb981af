import type { LogIndex, NodeId } from '../../../engine/raft/types.ts';
import type { GroupGhost } from '../ghost.ts';
import { Violation } from '../violation.ts';

const NAME = 'Read Index Never Old (Raft dissertation, section 6.4)';

/**
 * A linearizable or follower read sees everything that was committed anywhere before it
 * was asked (each time, when it is asked again), which holds all that was acknowledged before and all that earlier reads saw.
 */
export function checkReadIndex(group: GroupGhost, node: NodeId, committedBefore: LogIndex, seen: LogIndex): void {
  if (seen >= committedBefore) return;
  throw new Violation(
    NAME,
    group.id,
    node,
    `node ${node} answers a read from what was applied up to entry ${seen}, and entry ${committedBefore} was committed ` +
      'before the read began',
  );
}
