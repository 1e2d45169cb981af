import type { LogPoint } from '../../../engine/raft/types.ts';
import type { ReplicaGhost } from '../ghost.ts';
import { Violation } from '../violation.ts';

const NAME = 'A Snapshot Is What Was Committed (Raft paper, section 7)';

/**
 * A replica whose state was replaced holds what everyone held after that entry, and loses
 * nothing that it had for committed. Called when a snapshot is installed.
 */
export function checkSnapshot(replica: ReplicaGhost, { index, term }: LogPoint, contentHash: number): void {
  const { group, node } = replica;
  const fail = (message: string): never => {
    throw new Violation(NAME, group.id, node, message);
  };
  const committed = group.committed[index - 1];
  if (committed === undefined) fail(`node ${node} takes in a snapshot up to ${index}, and that is not committed`);
  else if (committed.term !== term) {
    fail(
      `node ${node} takes in a snapshot up to ${index} of term ${term}; the entry committed is of term ${committed.term}`,
    );
  }
  if (group.contentHashes[index - 1] !== contentHash) {
    fail(`the snapshot up to ${index} that node ${node} takes in differs from what was applied up to there`);
  }
  if (index < replica.commitIndex) {
    fail(`node ${node} goes back to ${index} by a snapshot; its commit index was ${replica.commitIndex}`);
  }
}
