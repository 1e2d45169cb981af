import type { LogIndex } from '../../../engine/raft/types.ts';
import type { ReplicaGhost } from '../ghost.ts';
import { Violation } from '../violation.ts';

const NAME = 'Commit Never Falls (Raft paper, figure 2, "increases monotonically")';

/** Called when a replica's commit index is not what it was after the step before. */
export function checkCommitNeverFalls(replica: ReplicaGhost, index: LogIndex): void {
  if (index >= replica.commitIndex) return;
  throw new Violation(
    NAME,
    replica.group.id,
    replica.node,
    `the commit index of node ${replica.node} fell from ${replica.commitIndex} to ${index}`,
  );
}
