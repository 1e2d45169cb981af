import type { Command, Mutation } from '../codec/command.ts';
import type { KvRow, KvRowMeta, MutationResult } from '../types.ts';
import { answerAgain, storedAnswer } from './answer.ts';
import type { SessionTable } from './sessions.ts';

/** The keys of one partition, as the state machine's logic sees them. */
export interface KvTable {
  /** A row without its value, which may be costly to read. */
  meta(key: Uint8Array): KvRowMeta | undefined;
  get(key: Uint8Array): KvRow | undefined;
  put(row: KvRow): void;
  /** Called for keys that are there. */
  delete(key: Uint8Array): void;
  /** Counts a change and returns its number: from 1, without gaps, over the partition's life. */
  nextRevision(): number;
  /** The later of `timeMs` and every time given before: leaders' clocks disagree, times never fall. */
  advanceTime(timeMs: number): number;
  /** The clients that want each of their writes applied once. */
  readonly sessions: SessionTable;
}

function holds(expectedRevision: number | null, current: KvRowMeta | undefined): boolean {
  return expectedRevision === null || expectedRevision === (current?.revision ?? 0);
}

function metaOf(row: KvRow): KvRowMeta {
  const { key, valueSizeBytes, revision, version, createdAtMs, updatedAtMs } = row;
  return { key, valueSizeBytes, revision, version, createdAtMs, updatedAtMs };
}

function applyMutation(table: KvTable, mutation: Mutation, timeMs: number): MutationResult {
  const { key, value } = mutation;
  const current = table.meta(key);
  if (!holds(mutation.expectedRevision, current)) {
    return { kind: 'conflict', current: table.get(key) ?? null };
  }
  if (mutation.kind === 'delete') {
    if (current === undefined) return { kind: 'deleted', found: false, revision: 0 };
    table.delete(key);
    return { kind: 'deleted', found: true, revision: table.nextRevision() };
  }
  const row: KvRow = {
    key,
    value,
    valueSizeBytes: value.length,
    revision: table.nextRevision(),
    version: (current?.version ?? 0) + 1,
    createdAtMs: current?.createdAtMs ?? timeMs,
    updatedAtMs: timeMs,
  };
  table.put(row);
  return { kind: 'put', row: metaOf(row) };
}

/** A write of a session is applied the first time that it comes, and answered alike every time. */
function applyOnce(table: KvTable, mutation: Mutation, session: number, timeMs: number): MutationResult {
  const { sessions } = table;
  const verdict = sessions.use(session, mutation.sequence, mutation.acknowledged ?? 0);
  if (verdict === null) {
    const result = applyMutation(table, mutation, timeMs);
    sessions.answered(session, mutation.sequence, storedAnswer(result));
    return result;
  }
  if ('refusal' in verdict) return { kind: 'refused', reason: verdict.refusal };
  return answerAgain(verdict.answer, mutation, (key) => table.get(key));
}

/**
 * The state machine: deterministic, so that replicas that apply the same commands hold the
 * same rows. Each mutation succeeds or conflicts on its own. Only a change (a put, or a
 * delete of a key that is there) takes a revision; a delete that finds nothing answers 0.
 */
export function applyCommand(table: KvTable, command: Command): MutationResult[] {
  const timeMs = table.advanceTime(command.timeMs);
  table.sessions.advance(timeMs);
  return command.mutations.map((mutation) => {
    if (mutation.kind === 'session') return { kind: 'session', id: table.sessions.open() };
    const session = mutation.session ?? 0;
    return session === 0 ? applyMutation(table, mutation, timeMs) : applyOnce(table, mutation, session, timeMs);
  });
}
