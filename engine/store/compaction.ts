import type { Compaction } from '../config/node-config.ts';
import type { LogIndex, RaftStatus } from '../raft/types.ts';
import type { Group } from './group.ts';
import type { Health } from './health.ts';
import type { StoreOptions } from './types.ts';

/** A follower that is being served from the log may keep this many times the limits from being cut. */
const PATIENCE = 4;

/** The bytes of applied entries are noted in steps of about this size. */
const MARK_BYTES = 64 * 1024;

interface Mark {
  readonly index: LogIndex;
  /** Bytes of all entries up to `index`, from an arbitrary beginning. */
  readonly bytes: number;
}

/** How large the applied part of one group's log is, in entries and about in bytes. */
export class LogSize {
  #marks: Mark[] = [];
  #bytes = 0;

  applied(index: LogIndex, sizeBytes: number): void {
    this.#bytes += sizeBytes;
    const last = this.#marks.at(-1);
    if (last === undefined || this.#bytes - last.bytes >= MARK_BYTES) this.#marks.push({ index, bytes: this.#bytes });
  }

  /**
   * The last index that may go so that the limits hold again, or 0 when nothing needs to.
   * `factor` multiplies the limits that make a cut due.
   */
  cutIndex(limits: Compaction, snapshotIndex: LogIndex, appliedIndex: LogIndex, factor: number): LogIndex {
    const first = this.#marks[0];
    const bytes = first === undefined ? 0 : this.#bytes - first.bytes;
    const tooMany = appliedIndex - snapshotIndex > limits.maxEntries * factor;
    if (!tooMany && bytes <= limits.maxBytes * factor) return 0;
    const byCount = appliedIndex - limits.keepEntries;
    // The newest mark that leaves enough bytes after it.
    const byBytes = this.#marks.findLast((mark) => this.#bytes - mark.bytes >= limits.keepBytes)?.index ?? 0;
    return Math.max(tooMany ? byCount : 0, bytes > limits.maxBytes * factor ? byBytes : 0);
  }

  cut(index: LogIndex): void {
    this.#marks = this.#marks.filter((mark) => mark.index >= index);
  }
}

/**
 * Where a group's log should be cut now, or 0: never past what the state machine would
 * keep in a power failure (`durableIndex`, which is told what is wanted), and on a leader not past what a follower at work still needs,
 * unless that has grown too much.
 */
export function dueCut(
  limits: Compaction,
  size: LogSize,
  status: () => RaftStatus,
  group: { readonly snapshotIndex: LogIndex; readonly appliedIndex: LogIndex },
  durableIndex: (wanted: LogIndex) => LogIndex,
): LogIndex {
  const { snapshotIndex, appliedIndex } = group;
  const wanted = size.cutIndex(limits, snapshotIndex, appliedIndex, 1);
  if (wanted <= snapshotIndex) return 0;
  let index = Math.min(wanted, durableIndex(wanted));
  if (size.cutIndex(limits, snapshotIndex, appliedIndex, PATIENCE) === 0) {
    for (const { state, matchIndex, recentlyActive } of status().progress) {
      if (state === 'replicate' && recentlyActive) index = Math.min(index, matchIndex);
    }
  }
  return index > snapshotIndex ? index : 0;
}

/** What no follower at work needs any more, and the state machine holds durably, goes. Throws what storage throws. */
export function compactLog(
  group: Group,
  { log, state, compaction, clock }: Pick<StoreOptions, 'log' | 'state' | 'compaction' | 'clock'>,
  health: Health,
): void {
  const { core, id, logSize } = group;
  const index = dueCut(
    compaction,
    logSize,
    () => core.status(),
    core,
    (wanted) => {
      const durable = state.durableIndex(id);
      if (durable < wanted) state.makeDurable(id, wanted);
      return durable;
    },
  );
  if (index === 0) return;
  const point = core.compact(index);
  if (point === null) return;
  logSize.cut(point.index);
  const ticket = health.diskAsked(clock.monotonicMs());
  log.write([{ group: id, cut: { ...point, all: false }, hardState: null, entries: [] }], (error) => {
    if (health.isStopped) return;
    if (error !== null) return health.fail(`The Raft log cannot be cut: ${error.message}`);
    health.diskAnswered(ticket);
  });
}
