import type { Store } from '../../../engine/store/store.ts';
import type { ReplicaGhost } from '../ghost.ts';
import { Violation } from '../violation.ts';

const NAME = 'A Watch Misses Nothing (each revision once, in order, on every replica)';

/** Whoever reads a replica's changes on from any revision that it holds sees each later one. Called after each step. */
export function checkWatch({ group, node }: ReplicaGhost, store: Store): void {
  const ring = store.groups.get(group.id)?.changes;
  if (ring === undefined) return;
  const revision = store.state.revision(group.id);
  const newest = ring.floor === ring.revision ? ring.floor : ring.after(ring.revision - 1, 2)[0]?.revision;
  if (ring.revision === revision && newest === revision) return;
  throw new Violation(
    NAME,
    group.id,
    node,
    `the changes on node ${node} are told up to ${ring.revision} (the newest says ${newest}); its state is at ${revision}`,
  );
}
