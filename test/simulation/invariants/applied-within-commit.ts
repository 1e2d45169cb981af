import type { LogIndex } from '../../../engine/raft/types.ts';
import type { ReplicaGhost } from '../ghost.ts';
import type { AppliedEntry } from '../state-machine.ts';
import { Violation } from '../violation.ts';

const NAME = 'Applied Never Past Commit (Raft paper, figure 2, "if commitIndex > lastApplied")';

/** Only what is committed is applied, and only what the own disk has. Called for each entry applied. */
export function checkAppliedWithinCommit(replica: ReplicaGhost, { entry }: AppliedEntry): void {
  const { node, group, core } = replica;
  const commitIndex = core?.commitIndex ?? 0;
  if (entry.index > commitIndex) {
    throw new Violation(
      NAME,
      group.id,
      node,
      `node ${node} applies entry ${entry.index}, and its commit index is ${commitIndex}`,
    );
  }
  if (replica.durableTermAt(entry.index) !== entry.term) {
    throw new Violation(
      NAME,
      group.id,
      node,
      `node ${node} applies entry ${entry.index} of term ${entry.term}, which is not on its disk`,
    );
  }
}

/** The core agrees with its state machine on what is applied. Called after each step. */
export function checkAppliedIndex(replica: ReplicaGhost, appliedIndex: LogIndex, stateMachineIndex: LogIndex): void {
  if (appliedIndex === stateMachineIndex) return;
  throw new Violation(
    NAME,
    replica.group.id,
    replica.node,
    `node ${replica.node} counts ${appliedIndex} entries as applied, and its state machine ${stateMachineIndex}`,
  );
}
