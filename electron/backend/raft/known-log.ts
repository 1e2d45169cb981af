import { fitRuns, runsOf } from '../../contract/log-runs.ts';
import type { LogRun, RaftWord } from '../../contract/model.ts';
import type { LogTail } from '../../../engine/rpc/cluster.ts';

const FIRST_RETRY_MS = 300;
const MAX_RETRY_MS = 10_000;
/** Elections so far apart in one log are told by the older entries' snapshot. */
const MAX_RUNS = 64;

/**
 * The terms of one replica's log, kept from read to read. What follows from its words needs
 * no reading: behind an entry of the replica's own term there can only be more of it, and
 * nothing of such a log is replaced in that term. What was committed when it was read is
 * final. All else may have become another leader's meanwhile, so it is read again.
 */
export class KnownLog {
  #runs: LogRun[] = [];
  #term = 0;
  /** Up to here nothing that is known can change any more. */
  #finalTo = 0;
  #retryMs = FIRST_RETRY_MS;
  #dueMs = 0;

  get runs(): readonly LogRun[] {
    return this.#runs;
  }

  /** A later word of the replica. */
  fit(word: RaftWord): void {
    if (word.term !== this.#term) {
      this.#term = word.term;
      this.#retryMs = FIRST_RETRY_MS;
      this.#dueMs = 0;
    }
    // A log that ends before what was final is another one: the disk was wiped.
    if (word.lastLogIndex < this.#finalTo) this.#forget();
    this.#set(fitRuns(this.#runs, word), word);
  }

  /** What was read; of what was known below, that which is final stays. */
  take(tail: LogTail): void {
    const read = runsOf(tail.entries);
    const first = read[0];
    if (first === undefined || tail.status === null) return;
    const finalTo = Math.min(first.fromIndex - 1, this.#finalTo);
    const below = this.#runs
      .filter((run) => run.fromIndex <= finalTo)
      .map((run) => ({ ...run, toIndex: Math.min(run.toIndex, finalTo) }));
    const last = below.at(-1);
    if (last !== undefined && last.term === first.term && last.toIndex === first.fromIndex - 1) {
      read[0] = { ...first, fromIndex: last.fromIndex };
      below.pop();
    }
    const end = read.at(-1)?.toIndex ?? 0;
    this.#set(fitRuns([...below, ...read], tail.status), tail.status);
    this.#finalTo = Math.max(this.#finalTo, Math.min(end, tail.status.commitIndex));
  }

  /** Whether to read the log now; asks less and less often while reading tells nothing new. */
  mustRead(word: RaftWord, nowMs: number): boolean {
    if (word.lastLogIndex < word.firstLogIndex || nowMs < this.#dueMs) return false;
    const last = this.#runs.at(-1);
    const isWhole = last !== undefined && last.toIndex >= word.lastLogIndex;
    if (isWhole && (last.term === word.term || last.toIndex <= this.#finalTo)) return false;
    this.#dueMs = nowMs + this.#retryMs;
    this.#retryMs = Math.min(MAX_RETRY_MS, this.#retryMs * 2);
    return true;
  }

  #set(runs: LogRun[], word: { readonly term: number; readonly commitIndex: number }): void {
    this.#runs = runs.slice(-MAX_RUNS);
    const last = this.#runs.at(-1);
    if (last === undefined || last.term !== word.term) return;
    this.#finalTo = Math.max(this.#finalTo, Math.min(last.toIndex, word.commitIndex));
  }

  #forget(): void {
    this.#runs = [];
    this.#finalTo = 0;
    this.#dueMs = 0;
  }
}
