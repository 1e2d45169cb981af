import type { LogWrite } from '../../../engine/storage/types.ts';
import type { ReplicaGhost } from '../ghost.ts';
import { Violation } from '../violation.ts';

const NAME = 'Leader Append-Only (Raft paper, figure 3 and section 5.3)';

/**
 * A leader only adds to its log. Called before the write is noted; `role` and `term` are
 * those after the step before, so that what a leader replaced before its election is let be.
 */
export function checkLeaderAppendOnly(replica: ReplicaGhost, write: LogWrite): void {
  const first = write.entries[0];
  if (first === undefined || replica.role !== 'leader' || replica.core?.role !== 'leader') return;
  if (replica.core.term !== replica.term || first.index > replica.submitted.length) return;
  throw new Violation(
    NAME,
    replica.group.id,
    replica.node,
    `the leader of term ${replica.term} replaces its own entry ${first.index}; its log ends at ${replica.submitted.length}`,
  );
}
