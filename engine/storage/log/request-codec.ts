import type { Entry } from '../../raft/types.ts';
import { entrySize, writeEntry } from '../codec/entries.ts';
import type { LogCut, LogWrite } from '../types.ts';
import type { GroupRequest, RowRequest, WriteRequest } from './protocol.ts';
import { ROW_TARGET_BYTES } from './rows.ts';

/*
 * A request on its way to the writer is flat: it is read where it was written, and no object has
 * to be cloned for another thread. All numbers are doubles in words of eight bytes:
 *
 *   request: id, sizeLimitBytes, number of groups, groups
 *   group:   group, flags, cut index, cut term, term, votedFor, commitIndex, number of rows, rows
 *   row:     firstIndex, lastIndex, lastTerm, length in bytes, entries (codec/entries.ts), padding to a word
 */

const WORD_BYTES = 8;
const REQUEST_WORDS = 3;
const GROUP_WORDS = 8;
const ROW_WORDS = 4;

const HAS_RESET = 1;
const HAS_CUT = 2;
const CUTS_ALL = 4;
const HAS_HARD_STATE = 8;

/** The same memory as numbers and as bytes. */
export interface Words {
  readonly numbers: Float64Array;
  readonly bytes: Uint8Array;
}

/** All of a buffer from a byte on that a word may begin at. */
export function wordsOf(buffer: ArrayBufferLike, offsetBytes = 0): Words {
  return { numbers: new Float64Array(buffer, offsetBytes), bytes: new Uint8Array(buffer, offsetBytes) };
}

/** Words that the request takes at the most. */
export function requestWords(batch: readonly LogWrite[]): number {
  let words = REQUEST_WORDS;
  for (const { entries } of batch) {
    let sizeBytes = 0;
    for (const entry of entries) sizeBytes += entrySize(entry);
    // Every row but the last is full, and each may need a padding.
    const rows = Math.floor(sizeBytes / ROW_TARGET_BYTES) + 1;
    words += GROUP_WORDS + Math.ceil(sizeBytes / WORD_BYTES) + rows * (ROW_WORDS + 1);
  }
  return words;
}

/** Writes a request from word `at` on and returns the word after it. */
export function encodeRequest(
  { numbers, bytes }: Words,
  at: number,
  id: number,
  batch: readonly LogWrite[],
  sizeLimitBytes: number,
): number {
  numbers[at] = id;
  numbers[at + 1] = sizeLimitBytes;
  numbers[at + 2] = batch.length;
  let next = at + REQUEST_WORDS;
  for (const { group, reset = false, cut, hardState, entries } of batch) {
    const header = next;
    numbers[header] = group;
    numbers[header + 1] =
      (reset ? HAS_RESET : 0) |
      (cut === null ? 0 : HAS_CUT | (cut.all ? CUTS_ALL : 0)) |
      (hardState === null ? 0 : HAS_HARD_STATE);
    numbers[header + 2] = cut?.index ?? 0;
    numbers[header + 3] = cut?.term ?? 0;
    numbers[header + 4] = hardState?.term ?? 0;
    numbers[header + 5] = hardState?.votedFor ?? 0;
    numbers[header + 6] = hardState?.commitIndex ?? 0;
    next += GROUP_WORDS;
    let rows = 0;
    for (let i = 0; i < entries.length; rows++) {
      const first = entries[i] as Entry;
      let last = first;
      const start = (next + ROW_WORDS) * WORD_BYTES;
      let end = start;
      while (i < entries.length && end - start < ROW_TARGET_BYTES) {
        last = entries[i++] as Entry;
        end = writeEntry(bytes, end, last);
      }
      numbers[next] = first.index;
      numbers[next + 1] = last.index;
      numbers[next + 2] = last.term;
      numbers[next + 3] = end - start;
      next = Math.ceil(end / WORD_BYTES);
    }
    numbers[header + 7] = rows;
  }
  return next;
}

/** Reads the request at word `at`; its rows stay where they are. */
export function decodeRequest({ numbers, bytes }: Words, at: number): WriteRequest {
  const number = (word: number): number => numbers[word] as number;
  const groups: GroupRequest[] = [];
  let next = at + REQUEST_WORDS;
  for (let left = number(at + 2); left > 0; left--) {
    const header = next;
    const flags = number(header + 1);
    next += GROUP_WORDS;
    const rows: RowRequest[] = [];
    for (let rowsLeft = number(header + 7); rowsLeft > 0; rowsLeft--) {
      const start = (next + ROW_WORDS) * WORD_BYTES;
      const end = start + number(next + 3);
      rows.push({
        firstIndex: number(next),
        lastIndex: number(next + 1),
        lastTerm: number(next + 2),
        start,
        end,
      });
      next = Math.ceil(end / WORD_BYTES);
    }
    const cut: LogCut | null =
      (flags & HAS_CUT) === 0
        ? null
        : { index: number(header + 2), term: number(header + 3), all: (flags & CUTS_ALL) !== 0 };
    const hardState =
      (flags & HAS_HARD_STATE) === 0
        ? null
        : { term: number(header + 4), votedFor: number(header + 5), commitIndex: number(header + 6) };
    groups.push({ group: number(header), reset: (flags & HAS_RESET) !== 0, cut, hardState, rows });
  }
  return { id: number(at), groups, bytes, sizeLimitBytes: number(at + 1) };
}
