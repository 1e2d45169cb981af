import type { Command, Mutation } from '../codec/command.ts';
import { Gone, type KvChange, type KvRow, type KvRowMeta, type MutationResult, type PlainResult } from '../types.ts';
import { answerAgain, storedAnswer } from './answer.ts';
import type { SessionTable } from './sessions.ts';

/** What a group remembers of keys that are gone, and does about time. Part of the state machine. */
export interface TimeLimits {
  /** The history of a key that is gone stays so long. */
  readonly goneKeepMs: number;
  /** At most so many keys that are gone; then a sixteenth of them goes, the oldest first. */
  readonly maxGone: number;
  /** Keys that one command lets expire, besides those that it touches. */
  readonly maxExpiries: number;
}

export const TIME_LIMITS: TimeLimits = { goneKeepMs: 60 * 60_000, maxGone: 10_000, maxExpiries: 256 };

/** The keys of one partition, as the state machine's logic sees them. */
export interface KvTable {
  /** A row without its value, which may be costly to read; also of a key that is gone. */
  meta(key: Uint8Array): KvRowMeta | undefined;
  /** The row of a key that is there. */
  get(key: Uint8Array): KvRow | undefined;
  /** The row that this replaces, if there is one, goes into the history of the key. */
  put(row: KvChange): void;
  /** Removes the row of a key that is gone. */
  forget(key: Uint8Array): void;
  /** Keys whose rows are due at `timeMs`, by due time and then revision: of those that are gone, or of the others. */
  due(ofGone: boolean, timeMs: number, limit: number): readonly Uint8Array[];
  /** No row is due before this time. */
  readonly nextDueMs: number;
  findNextDue(): void;
  readonly goneCount: number;
  /** Counts a change and returns its number: from 1, without gaps, over the partition's life. */
  nextRevision(): number;
  /** The later of `timeMs` and every time given before: leaders' clocks disagree, times never fall. */
  advanceTime(timeMs: number): number;
  /** The clients that want each of their writes applied once. */
  readonly sessions: SessionTable;
}

const NOTHING: Uint8Array = new Uint8Array(0);

/** One command on its way into a table. */
class Applier {
  readonly #table: KvTable;
  readonly #limits: TimeLimits;
  readonly #timeMs: number;

  constructor(table: KvTable, limits: TimeLimits, timeMs: number) {
    this.#table = table;
    this.#limits = limits;
    this.#timeMs = timeMs;
  }

  /** What is due goes, as much of it as one command may take. */
  expireDue(): void {
    const table = this.#table;
    if (this.#timeMs < table.nextDueMs) return;
    for (const key of table.due(false, this.#timeMs, this.#limits.maxExpiries)) this.#bury(key, Gone.Expired);
    for (const key of table.due(true, this.#timeMs, this.#limits.maxExpiries)) table.forget(key);
    table.findNextDue();
  }

  /** No more keys that are gone than there may be. */
  boundGone(): void {
    const { maxGone } = this.#limits;
    const excess = this.#table.goneCount - maxGone;
    if (excess <= 0) return;
    for (const key of this.#table.due(true, Infinity, excess + (maxGone >> 4))) this.#table.forget(key);
  }

  mutate(mutation: Mutation): MutationResult {
    if (mutation.kind === 'session') return { kind: 'session', id: this.#table.sessions.open() };
    const session = mutation.session ?? 0;
    return session === 0 ? this.#apply(mutation) : this.#applyOnce(mutation, session);
  }

  /** A write of a session is applied the first time that it comes, and answered alike every time. */
  #applyOnce(mutation: Mutation, session: number): MutationResult {
    const { sessions } = this.#table;
    const verdict = sessions.use(session, mutation.sequence, mutation.acknowledged ?? 0);
    if (verdict === null) {
      const result = this.#apply(mutation);
      sessions.answered(session, mutation.sequence, storedAnswer(result));
      return result;
    }
    if ('refusal' in verdict) return { kind: 'refused', reason: verdict.refusal };
    return answerAgain(verdict.answer, mutation);
  }

  #apply(mutation: Mutation): MutationResult {
    if (mutation.kind !== 'transaction') return this.#applyOne(mutation);
    const parts = mutation.parts ?? [];
    // All conditions are about the state before the transaction.
    for (const [at, part] of parts.entries()) {
      const current = this.#current(part.key);
      if (!holds(part.expectedRevision, current)) {
        return { kind: 'conflict', at, current: current === undefined ? null : metaOf(current) };
      }
    }
    return { kind: 'transaction', results: parts.map((part) => this.#change(part)) };
  }

  #applyOne(mutation: Mutation): MutationResult {
    const current = this.#current(mutation.key);
    if (!holds(mutation.expectedRevision, current)) {
      return { kind: 'conflict', at: 0, current: current === undefined ? null : metaOf(current) };
    }
    return this.#change(mutation);
  }

  /** The key's row where it is there now: one that is due is not any more. */
  #current(key: Uint8Array): KvRowMeta | undefined {
    const meta = this.#table.meta(key);
    if (meta === undefined || meta.gone !== Gone.No) return undefined;
    if (meta.expiresAtMs === 0 || meta.expiresAtMs > this.#timeMs) return meta;
    this.#bury(key, Gone.Expired);
    return undefined;
  }

  #change({ kind, key, value, ttlMs = 0 }: Mutation): PlainResult {
    const timeMs = this.#timeMs;
    const current = this.#current(key);
    if (kind === 'check') return { kind: 'checked' };
    if (kind === 'delete') {
      if (current === undefined) return { kind: 'deleted', found: false, revision: 0 };
      return { kind: 'deleted', found: true, revision: this.#bury(key, Gone.Deleted) };
    }
    const row: KvChange = {
      key,
      value,
      valueSizeBytes: value.length,
      revision: this.#table.nextRevision(),
      version: (current?.version ?? 0) + 1,
      createdAtMs: current?.createdAtMs ?? timeMs,
      updatedAtMs: timeMs,
      expiresAtMs: ttlMs === 0 ? 0 : timeMs + ttlMs,
      gone: Gone.No,
    };
    this.#table.put(row);
    return { kind: 'put', row: metaOf(row) };
  }

  /** Puts a row in the place of the key that says since when and why it is gone. Returns its revision. */
  #bury(key: Uint8Array, gone: Gone): number {
    const revision = this.#table.nextRevision();
    this.#table.put({
      key,
      value: NOTHING,
      valueSizeBytes: 0,
      revision,
      version: 0,
      createdAtMs: 0,
      updatedAtMs: this.#timeMs,
      expiresAtMs: this.#timeMs + this.#limits.goneKeepMs,
      gone,
    });
    return revision;
  }
}

function holds(expectedRevision: number | null, current: KvRowMeta | undefined): boolean {
  return expectedRevision === null || expectedRevision === (current?.revision ?? 0);
}

function metaOf(row: KvRowMeta): KvRowMeta {
  const { key, valueSizeBytes, revision, version, createdAtMs, updatedAtMs, expiresAtMs, gone } = row;
  return { key, valueSizeBytes, revision, version, createdAtMs, updatedAtMs, expiresAtMs, gone };
}

/**
 * The state machine: deterministic, so that replicas that apply the same commands hold the
 * same rows. Each mutation succeeds or conflicts on its own, a transaction as a whole. Only
 * a change (a put, a delete of a key that is there, an expiry) takes a revision; a delete
 * that finds nothing answers 0. Time is what commands carry: first what is due goes.
 */
export function applyCommand(table: KvTable, command: Command, limits: TimeLimits = TIME_LIMITS): MutationResult[] {
  const timeMs = table.advanceTime(command.timeMs);
  table.sessions.advance(timeMs);
  const applier = new Applier(table, limits, timeMs);
  applier.expireDue();
  const results = command.mutations.map((mutation) => applier.mutate(mutation));
  applier.boundGone();
  return results;
}
