import { groupOfPartition, partitionOfGroup, SYSTEM_GROUP, type GroupId } from '../config/ids.ts';
import type { GroupStatus, LogEntry, LogRequest } from '../rpc/cluster.ts';

const DEFAULT_ENTRIES = 32;
const MAX_ENTRIES = 256;
/** Data read from disk for one answer, although only its size is told; larger entries make a shorter answer. */
const MAX_READ_BYTES = 2 * 1024 * 1024;

/** A request that no retry will make good; the message says what is wrong with it. */
export class LogRequestError extends Error {
  override readonly name = 'LogRequestError';
}

/** Reads one persisted entry of a group's log. */
export type ReadEntry = (
  group: GroupId,
  index: number,
) => { readonly term: number; readonly isConfChange: boolean; readonly sizeBytes: number };

/**
 * The ends of this node's logs, for those who look at them. What is committed never changes,
 * so each such entry is read from disk once; the entries after it are read every time.
 */
export class LogTails {
  readonly #nodeId: number;
  readonly #read: ReadEntry;
  readonly #committed = new Map<GroupId, Map<number, LogEntry>>();

  constructor(nodeId: number, read: ReadEntry) {
    this.#nodeId = nodeId;
    this.#read = read;
  }

  /**
   * The newest persisted entries of the group that `statuses` tells of, oldest first. Throws a
   * LogRequestError when the node has no such group or the limit is out of range, and what
   * storage throws when the log cannot be read.
   */
  tail(request: LogRequest, statuses: readonly GroupStatus[]): { status: GroupStatus; entries: LogEntry[] } {
    const group = request.partition === undefined ? SYSTEM_GROUP : groupOfPartition(request.partition);
    const status = statuses.find((candidate) => candidate.group === group);
    if (status === undefined) {
      const held = statuses.flatMap((s) => partitionOfGroup(s.group) ?? []);
      throw new LogRequestError(
        `n${this.#nodeId} holds no replica of partition ${request.partition}; it holds ${held.join(', ')}.`,
      );
    }
    const limit = request.limit === 0 ? DEFAULT_ENTRIES : request.limit;
    if (limit > MAX_ENTRIES) throw new LogRequestError(`At most ${MAX_ENTRIES} entries are sent at once.`);
    const lowest = Math.max(status.firstLogIndex, request.fromIndex, status.persistedIndex - limit + 1);
    return { status, entries: this.#newestFirst(status, lowest).toReversed() };
  }

  #newestFirst(status: GroupStatus, lowest: number): LogEntry[] {
    const known = this.#committed.get(status.group) ?? new Map<number, LogEntry>();
    this.#committed.set(status.group, known);
    const entries: LogEntry[] = [];
    let readBytes = 0;
    for (let index = status.persistedIndex; index >= lowest && readBytes <= MAX_READ_BYTES; index--) {
      let entry = known.get(index);
      if (entry === undefined) {
        const { term, isConfChange, sizeBytes } = this.#read(status.group, index);
        entry = { index, term, type: isConfChange ? 'confChange' : 'normal', sizeBytes };
        readBytes += sizeBytes;
        if (index <= status.commitIndex) known.set(index, entry);
      }
      entries.push(entry);
    }
    for (const index of known.keys()) if (index <= status.persistedIndex - MAX_ENTRIES) known.delete(index);
    return entries;
  }
}
