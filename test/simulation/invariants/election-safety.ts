import type { ReplicaGhost } from '../ghost.ts';
import { Violation } from '../violation.ts';

const NAME = 'Election Safety (Raft paper, figure 3 and section 5.2)';

/** At most one leader in a term. Called when a replica has become leader. */
export function checkElectionSafety(replica: ReplicaGhost): void {
  const { group, node, term } = replica;
  const leader = group.leaders.get(term);
  if (leader === undefined) {
    group.leaders.set(term, node);
  } else if (leader !== node) {
    throw new Violation(NAME, group.id, node, `node ${node} leads term ${term}, which node ${leader} was elected in`);
  }
}
