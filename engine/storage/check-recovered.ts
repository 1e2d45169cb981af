import type { GroupId } from '../config/ids.ts';
import { StorageError } from './errors.ts';
import { LOG_ADVICE } from './log/open-database.ts';
import type { LogStorage, ReplicaDrops, StateMachine } from './types.ts';

/** The log and the state machine of a data directory do not belong together. */
export class StorageMismatchError extends StorageError {
  override readonly name = 'StorageMismatchError';
}

/**
 * Refuses to start on a log that lacks what was already applied: entries are applied only
 * after they are synced, so such a log was lost, and a node without it could vote for a
 * leader that lacks acknowledged writes. A state machine older than the beginning of the
 * log cannot be rebuilt from it and is refused too.
 */
export function checkRecovered(
  log: Pick<LogStorage, 'recovered'>,
  state: Pick<StateMachine, 'appliedIndex' | 'restoredPoint'> & Pick<ReplicaDrops, 'dropsBegun'>,
  groups: Iterable<GroupId>,
): void {
  const begun = state.dropsBegun();
  for (const group of groups) {
    // Half gone, and to go altogether: the store does that.
    if (begun.includes(group)) continue;
    const appliedIndex = state.appliedIndex(group);
    const recovered = log.recovered(group);
    // A snapshot was installed and the process ended before the log was cut to it; the store does that.
    if ((state.restoredPoint(group)?.index ?? 0) > (recovered?.snapshotIndex ?? 0)) continue;
    const lastIndex = recovered?.lastIndex ?? 0;
    if (appliedIndex > lastIndex) {
      throw new StorageMismatchError(
        `The log of this node has lost entries: group ${group} has applied entry ${appliedIndex}, but its log ends ` +
          `with ${lastIndex}. ${LOG_ADVICE}`,
      );
    }
    const snapshotIndex = recovered?.snapshotIndex ?? 0;
    if (appliedIndex < snapshotIndex) {
      throw new StorageMismatchError(
        `The data of group ${group} ends with entry ${appliedIndex}, but the log begins after ${snapshotIndex}. ` +
          LOG_ADVICE,
      );
    }
  }
}
