import type { MutationResult } from '../../../engine/storage/types.ts';
import type { WriteAnswer } from '../../../engine/store/types.ts';
import { EntryType, type NodeId } from '../../../engine/raft/types.ts';
import { decodeCommand } from '../../../engine/storage/codec.ts';
import type { GroupGhost, KnownEntry } from '../ghost.ts';
import { Violation } from '../violation.ts';

const NAME = 'Honest Answers (a write answered as done was done, one refused was not; section 8)';

/** What became of one attempt to write, as far as anyone knows. */
export interface Attempt {
  /** Its mutations carry it as their client. */
  readonly number: number;
  readonly group: GroupGhost;
  appliedIndex: number;
  result: MutationResult | null;
  /** It was answered with a failure that promises that nothing happened. */
  refused: boolean;
  answered: boolean;
  /** It was not answered at once, so that it may have reached a log. */
  waited: boolean;
}

export function sameResult(a: MutationResult, b: MutationResult): boolean {
  if (a.kind === 'put') return b.kind === 'put' && a.row.revision === b.row.revision && a.row.version === b.row.version;
  if (a.kind === 'deleted') return b.kind === 'deleted' && a.found === b.found && a.revision === b.revision;
  if (a.kind === 'conflict')
    return b.kind === 'conflict' && a.at === b.at && a.current?.revision === b.current?.revision;
  if (a.kind === 'transaction') return b.kind === 'transaction' && sameResults(a.results, b.results);
  if (a.kind === 'session') return b.kind === 'session' && a.id === b.id;
  if (a.kind === 'refused') return b.kind === 'refused' && a.reason === b.reason;
  return a.kind === b.kind;
}

function sameResults(a: readonly MutationResult[], b: readonly MutationResult[]): boolean {
  return a.length === b.length && a.every((result, i) => sameResult(result, b[i]!));
}

/** Called when the attempt is applied anywhere for the first time. */
export function checkAppliedAttempt(attempt: Attempt, node: NodeId, index: number, result: MutationResult): void {
  const { group, number } = attempt;
  if (attempt.refused) {
    throw new Violation(NAME, group.id, node, `attempt ${number} is applied as entry ${index} after it was refused`);
  }
  if (attempt.appliedIndex !== 0) {
    const message = `attempt ${number} is applied as entry ${index} and was applied as entry ${attempt.appliedIndex}`;
    throw new Violation(NAME, group.id, node, message);
  }
  attempt.appliedIndex = index;
  attempt.result = result;
}

function mentions({ entry }: KnownEntry, number: number): boolean {
  if (entry.type !== EntryType.Normal || entry.data.length === 0) return false;
  return decodeCommand(entry.data).mutations.some((mutation) => mutation.clientId === number);
}

/**
 * A write that is in any log, with nothing committed at its place, can still happen:
 * whoever has it may be the next leader.
 */
function checkCannotHappen({ group, number }: Attempt, node: NodeId): void {
  const committed = Math.max(group.commitIndex, group.replicas.get(node)?.core?.commitIndex ?? 0);
  for (let index = committed + 1; index < group.known.length; index++) {
    for (const known of group.known[index] ?? []) {
      if (!mentions(known, number)) continue;
      const { term } = known.entry;
      for (const replica of group.replicas.values()) {
        if (replica.termAt(index) !== term && replica.durableTermAt(index) !== term) continue;
        const message = `node ${node} refuses attempt ${number}, and node ${replica.node} has it in its log as entry ${index}`;
        throw new Violation(NAME, group.id, node, message);
      }
    }
  }
}

/** Called when a node answers. */
export function checkAnswer(attempt: Attempt, node: NodeId, answer: WriteAnswer): void {
  const { group, number, appliedIndex, result } = attempt;
  if (attempt.answered) throw new Violation(NAME, group.id, node, `node ${node} answers attempt ${number} twice`);
  attempt.answered = true;
  if (!answer.ok) {
    if (answer.reason === 'deadline') return;
    if (appliedIndex !== 0) {
      const message = `node ${node} refuses attempt ${number} (${answer.reason}), which was applied as entry ${appliedIndex}`;
      throw new Violation(NAME, group.id, node, message);
    }
    attempt.refused = true;
    if (attempt.waited) checkCannotHappen(attempt, node);
    return;
  }
  if (appliedIndex === 0 || appliedIndex !== answer.index || result === null || !sameResult(result, answer.result)) {
    const was = appliedIndex === 0 ? 'was applied nowhere' : `was applied as entry ${appliedIndex}`;
    throw new Violation(
      NAME,
      group.id,
      node,
      `node ${node} answers attempt ${number} as done by entry ${answer.index} (${answer.result.kind}); it ${was}` +
        (result === null ? '' : ` (${result.kind})`),
    );
  }
}
