import type { MutationResult } from '../../../engine/storage/types.ts';
import type { WriteAnswer } from '../../../engine/store/types.ts';
import type { GroupGhost } from '../ghost.ts';
import type { NodeId } from '../../../engine/raft/types.ts';
import { Violation } from '../violation.ts';

const NAME = 'Honest Answers (a write answered as done was done, one refused was not; section 8)';

/** What became of one attempt to write, as far as anyone knows. */
export interface Attempt {
  readonly sequence: number;
  readonly group: GroupGhost;
  appliedIndex: number;
  result: MutationResult | null;
  /** It was answered with a failure that promises that nothing happened. */
  refused: boolean;
  answered: boolean;
}

function sameResult(a: MutationResult, b: MutationResult): boolean {
  if (a.kind === 'put') return b.kind === 'put' && a.row.revision === b.row.revision && a.row.version === b.row.version;
  if (a.kind === 'deleted') return b.kind === 'deleted' && a.found === b.found && a.revision === b.revision;
  return b.kind === 'conflict' && a.current?.revision === b.current?.revision;
}

/** Called when the attempt is applied anywhere for the first time. */
export function checkAppliedAttempt(attempt: Attempt, node: NodeId, index: number, result: MutationResult): void {
  const { group, sequence } = attempt;
  if (attempt.refused) {
    throw new Violation(NAME, group.id, node, `write ${sequence} is applied as entry ${index} after it was refused`);
  }
  if (attempt.appliedIndex !== 0) {
    const message = `write ${sequence} is applied as entry ${index} and was applied as entry ${attempt.appliedIndex}`;
    throw new Violation(NAME, group.id, node, message);
  }
  attempt.appliedIndex = index;
  attempt.result = result;
}

/** Called when a node answers. */
export function checkAnswer(attempt: Attempt, node: NodeId, answer: WriteAnswer): void {
  const { group, sequence, appliedIndex, result } = attempt;
  if (attempt.answered) throw new Violation(NAME, group.id, node, `node ${node} answers write ${sequence} twice`);
  attempt.answered = true;
  if (!answer.ok) {
    if (answer.reason === 'deadline') return;
    if (appliedIndex !== 0) {
      const message = `node ${node} refuses write ${sequence} (${answer.reason}), which was applied as entry ${appliedIndex}`;
      throw new Violation(NAME, group.id, node, message);
    }
    attempt.refused = true;
    return;
  }
  if (appliedIndex === 0 || appliedIndex !== answer.index || result === null || !sameResult(result, answer.result)) {
    const was = appliedIndex === 0 ? 'was applied nowhere' : `was applied as entry ${appliedIndex}`;
    throw new Violation(
      NAME,
      group.id,
      node,
      `node ${node} answers write ${sequence} as done by entry ${answer.index} (${answer.result.kind}); it ${was}` +
        (result === null ? '' : ` (${result.kind})`),
    );
  }
}
