import type { GroupGhost, ReplicaGhost } from '../ghost.ts';
import type { LogIndex, Term } from '../../../engine/raft/types.ts';
import { Violation } from '../violation.ts';

const NAME = 'Leader Completeness (Raft paper, figure 3 and section 5.4)';

function committedBefore(group: GroupGhost, term: Term): LogIndex {
  for (let i = group.committedInTerm.length - 1; i >= 0; i--) {
    const { term: committedIn, index } = group.committedInTerm[i]!;
    if (committedIn < term) return index;
  }
  return 0;
}

/**
 * What was committed in a term is in the log of every leader of a later term. Called
 * when a replica has become leader. The newest such entry is looked at; those before it
 * are equal by Log Matching.
 */
export function checkLeaderCompleteness(replica: ReplicaGhost): void {
  const { group, node, term } = replica;
  const index = committedBefore(group, term);
  if (index === 0) return;
  const expected = group.committed[index - 1]!;
  const found = replica.termAt(index);
  if (found === expected.term) return;
  const has = found < 0 ? 'has no such entry' : `has one of term ${found} there`;
  throw new Violation(
    NAME,
    group.id,
    node,
    `entry ${index} of term ${expected.term} is committed, but node ${node}, elected in term ${term}, ${has}`,
  );
}
