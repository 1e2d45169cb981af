import type { LogIndex } from '../../../engine/raft/types.ts';
import type { ReplicaGhost } from '../ghost.ts';
import type { AppliedEntry } from '../state-machine.ts';
import { Violation } from '../violation.ts';

const NAME = 'State Machine Safety (Raft paper, figure 3 and section 5.4.3)';

/**
 * All replicas agree on what is committed at an index. Called when a replica's commit
 * index has grown to `index`; equality below follows by Log Matching.
 */
export function checkCommittedEntry(replica: ReplicaGhost, index: LogIndex): void {
  const { group, node } = replica;
  const committed = group.committed[index - 1];
  const term = replica.termAt(index);
  if (committed === undefined || committed.term === term) return;
  throw new Violation(
    NAME,
    group.id,
    node,
    `node ${node} takes entry ${index} of term ${term} for committed; the one of term ${committed.term} was committed`,
  );
}

/** No replica applies another entry at an index than any other, and all come to the same content. */
export function checkApplied(replica: ReplicaGhost, { entry, contentHash }: AppliedEntry): void {
  const { group, node } = replica;
  const committed = group.committed[entry.index - 1];
  if (committed !== undefined && committed.term !== entry.term) {
    throw new Violation(
      NAME,
      group.id,
      node,
      `node ${node} applies entry ${entry.index} of term ${entry.term}; the one of term ${committed.term} was committed`,
    );
  }
  const expected = group.contentHashes[entry.index - 1];
  if (expected === undefined) {
    group.contentHashes[entry.index - 1] = contentHash;
  } else if (expected !== contentHash) {
    throw new Violation(
      NAME,
      group.id,
      node,
      `after entry ${entry.index} the content of node ${node} differs from that of the node which applied it first`,
    );
  }
}
