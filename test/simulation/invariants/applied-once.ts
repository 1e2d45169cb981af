import type { Mutation } from '../../../engine/storage/codec.ts';
import type { SessionLimits } from '../../../engine/storage/state/sessions.ts';
import type { MutationResult } from '../../../engine/storage/types.ts';
import type { NodeId } from '../../../engine/raft/types.ts';
import type { GroupGhost } from '../ghost.ts';
import type { AppliedEntry } from '../state-machine.ts';
import { Violation } from '../violation.ts';
import { sameResult } from './honest-answers.ts';

const NAME = 'Applied at Most Once (Raft dissertation, section 6.3)';

/**
 * However often a write of a session is in the log, it changes something once and comes to
 * the same each time; a transaction changes all that it says or nothing; a session is
 * forgotten only for a reason. Called with each entry that
 * is applied anywhere for the first time.
 */
export function checkAppliedOnce(group: GroupGhost, node: NodeId, applied: AppliedEntry, limits: SessionLimits): void {
  const { entry, command, results, revision, expired } = applied;
  if (command === null) return;
  const fail = (message: string): never => {
    throw new Violation(NAME, group.id, node, message);
  };
  // Leaders' clocks disagree: the time of a command may be before that of an earlier one.
  group.timeMs = Math.max(group.timeMs, command.timeMs);
  for (const [i, mutation] of command.mutations.entries()) {
    const result = results[i]!;
    if (result.kind === 'session') {
      if (group.sessionsUsedMs.has(result.id)) fail(`entry ${entry.index} opens session ${result.id} once more`);
      group.sessionsUsedMs.set(result.id, group.timeMs);
    } else if (noteWrite(group, entry.index, mutation, result, fail)) {
      const changes = changesOf(result);
      // What was due has gone before: nothing comes between the changes of a transaction.
      if (changes.some((revision, at) => revision !== changes[0]! + at)) {
        fail(`entry ${entry.index} has a transaction whose changes are revisions ${changes.join(', ')}`);
      }
      group.revision += changes.length;
    }
    noteUse(group, mutation, result, limits, fail);
  }
  group.revision += expired.length;
  if (revision !== group.revision) {
    fail(
      `after entry ${entry.index} the rows have changed ${revision} times; ${group.revision} writes and expiries changed them`,
    );
  }
}

/** The revisions that the rows came to. */
function changesOf(result: MutationResult): number[] {
  if (result.kind === 'put') return [result.row.revision];
  if (result.kind === 'deleted') return result.found ? [result.revision] : [];
  return result.kind === 'transaction' ? result.results.flatMap(changesOf) : [];
}

/** True when the write is applied for the first time. */
function noteWrite(
  { sessionWrites }: GroupGhost,
  index: number,
  { session = 0, sequence }: Mutation,
  result: MutationResult,
  fail: (message: string) => never,
): boolean {
  if (session === 0) return true;
  if (result.kind === 'refused') return false;
  const name = `${session}:${sequence}`;
  const first = sessionWrites.get(name);
  if (first === undefined) {
    sessionWrites.set(name, { index, result });
    return true;
  }
  if (!sameResult(first.result, result)) {
    fail(
      `write ${sequence} of session ${session} comes to something else as entry ${index} than as entry ${first.index}`,
    );
  }
  return false;
}

function noteUse(
  { sessionsUsedMs, timeMs }: GroupGhost,
  { session = 0 }: Mutation,
  result: MutationResult,
  { idleMs, maxSessions }: SessionLimits,
  fail: (message: string) => never,
): void {
  const usedMs = sessionsUsedMs.get(session);
  if (usedMs === undefined) return;
  if (result.kind !== 'refused' || result.reason !== 'noSession') {
    sessionsUsedMs.delete(session);
    sessionsUsedMs.set(session, timeMs);
    return;
  }
  const later = [...sessionsUsedMs.keys()].toReversed().indexOf(session);
  if (timeMs - usedMs < idleMs && later < maxSessions) fail(`session ${session} is forgotten although it is in use`);
}
