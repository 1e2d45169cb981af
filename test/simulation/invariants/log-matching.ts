import type { Entry, Term } from '../../../engine/raft/types.ts';
import type { LogWrite } from '../../../engine/storage/types.ts';
import type { ReplicaGhost } from '../ghost.ts';
import { Violation } from '../violation.ts';

const NAME = 'Log Matching (Raft paper, figure 3 and section 5.3)';

function equalData(a: Uint8Array, b: Uint8Array): boolean {
  if (a === b) return true;
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

function check(replica: ReplicaGhost, entry: Entry, previousTerm: Term): void {
  const { group } = replica;
  const known = (group.known[entry.index] ??= []);
  const same = known.find((k) => k.entry.term === entry.term);
  if (same === undefined) {
    known.push({ entry, previousTerm });
    return;
  }
  if (same.previousTerm !== previousTerm) {
    throw new Violation(
      NAME,
      group.id,
      replica.node,
      `entry ${entry.index} of term ${entry.term} follows one of term ${previousTerm} on node ${replica.node}, ` +
        `and one of term ${same.previousTerm} elsewhere`,
    );
  }
  if (!equalData(same.entry.data, entry.data)) {
    throw new Violation(
      NAME,
      group.id,
      replica.node,
      `entry ${entry.index} of term ${entry.term} holds other data on node ${replica.node} than elsewhere`,
    );
  }
}

/**
 * Two logs with an entry of the same index and term are equal up to it. Every entry is
 * compared, with the term of the one before it, to the first of its index and term
 * that was seen anywhere; equality of everything before follows by induction. Also
 * notes the write in `submitted`.
 */
export function checkLogMatching(replica: ReplicaGhost, write: LogWrite): void {
  const { submitted } = replica;
  const first = write.entries[0];
  if (first === undefined) return;
  if (first.index > submitted.length + 1) {
    throw new Violation(
      NAME,
      replica.group.id,
      replica.node,
      `entry ${first.index} leaves a hole in a log that ends at ${submitted.length}`,
    );
  }
  if (first.index <= submitted.length) submitted.length = first.index - 1;
  let previousTerm = replica.termAt(first.index - 1);
  for (const entry of write.entries) {
    check(replica, entry, previousTerm);
    submitted.push(entry);
    previousTerm = entry.term;
  }
}
