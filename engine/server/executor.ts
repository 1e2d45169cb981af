import type { GroupId } from '../config/ids.ts';
import { partitionOfKey } from '../config/seahash.ts';
import {
  emptyResponse,
  KvStatus,
  ReadMode,
  WriteKind,
  type KvRequest,
  type KvResponse,
  type TransactOperation,
  type WriteOperation,
} from '../rpc/kv.ts';
import { isWriteRequest } from '../rpc/kv-request.ts';
import type { Failure, Group, KvRowMeta, Mutation, MutationResult, StateMachine, Store } from '../store/index.ts';
import { answerBytes } from './answer-bytes.ts';
import type { AnswerGate } from './answer-gate.ts';
import { LookPace } from './look-pace.ts';
import { toEntry, toRevision, toWriteResult } from './responses.ts';
import { requestProblem } from './validate.ts';

const DEFAULT_TIMEOUT_MS = 5_000;
const MAX_TIMEOUT_MS = 60_000;
/** A page of a scan stops before its values exceed this. */
export const MAX_SCAN_BYTES = 4 * 1024 * 1024;

type Respond = (response: KvResponse) => void;

const consistencyOf = {
  [ReadMode.Linearizable]: 'linearizable',
  [ReadMode.Stale]: 'stale',
  [ReadMode.Follower]: 'follower',
} as const;

const NO_BYTES = new Uint8Array(0);

const OPEN_SESSION: Mutation = {
  kind: 'session',
  key: NO_BYTES,
  value: NO_BYTES,
  expectedRevision: null,
  clientId: 0,
  sequence: 0,
};

const writeKinds = {
  [WriteKind.Put]: 'put',
  [WriteKind.Delete]: 'delete',
  [WriteKind.Check]: 'check',
} as const;

/** Reads what a request asks for into its answer. Returns the rows that the answer shows. */
type Look = (state: StateMachine, group: GroupId, result: KvResponse) => readonly KvRowMeta[];

/** Carries out requests on this node's own replicas. Every request is answered exactly once. */
export class Executor {
  readonly #store: Store;
  readonly #nowMs: () => number;
  readonly #addressOf: (nodeId: number) => string;
  readonly #wallMs: () => number;
  readonly #pace = new LookPace();

  constructor(store: Store, nowMs: () => number, addressOf: (nodeId: number) => string, wallMs = Date.now) {
    this.#wallMs = wallMs;
    this.#store = store;
    this.#nowMs = nowMs;
    this.#addressOf = addressOf;
  }

  /** What reads find waits for `gate`. */
  execute(request: KvRequest, gate: AnswerGate, respond: Respond): void {
    const { epoch, partitions } = this.#store.routing;
    const problem = requestProblem(request, partitions.length);
    if (problem !== null) {
      return respond({ ...emptyResponse(request.id, 0, epoch), status: KvStatus.InvalidArgument, message: problem });
    }
    const deadlineMs = this.#nowMs() + timeoutOf(request);
    const { get, write, scan, openSession, transact, history } = request;
    if (write) return this.#write(request, mutationOf(write), deadlineMs, gate, respond);
    if (transact) return this.#write(request, transactionOf(transact), deadlineMs, gate, respond);
    if (openSession) {
      if (!this.#isStale(request, openSession.partition, respond)) {
        this.#write(request, OPEN_SESSION, deadlineMs, gate, respond);
      }
    } else if (get) {
      this.#read(request, get.readMode, deadlineMs, gate, respond, (state, group, result) => {
        const row = state.get(group, get.key);
        result.entry = row === undefined ? null : toEntry(row);
        result.found = row !== undefined;
        return row === undefined ? [] : [row];
      });
    } else if (history) {
      this.#read(request, history.readMode, deadlineMs, gate, respond, (state, group, result) => {
        const revisions = state.history(group, history.key);
        result.revisions = revisions.slice(0, history.limit === 0 ? revisions.length : history.limit).map(toRevision);
        const row = state.get(group, history.key);
        return row === undefined ? [] : [row];
      });
    } else if (scan && !this.#isStale(request, scan.partition, respond)) {
      this.#read(request, scan.readMode, deadlineMs, gate, respond, (state, group, result) => {
        const { prefix, after, limit, keysOnly } = scan;
        const { rows, more } = state.scan(group, { prefix, after, limit, keysOnly, maxBytes: MAX_SCAN_BYTES });
        result.entries = rows.map(toEntry);
        result.more = more;
        return rows;
      });
    }
  }

  /** The partition that a request belongs to, by this node's routing table. */
  partitionOf({ get, write, scan, openSession, transact, history }: KvRequest): number {
    const named = scan ?? openSession;
    if (named) return named.partition;
    const key = (get ?? write ?? history ?? transact?.writes[0])?.key;
    return key === undefined ? 0 : partitionOfKey(key, this.#store.routing.partitions.length);
  }

  /** `look` fills in the answer and returns the keys that it shows. */
  #read(request: KvRequest, mode: ReadMode, deadlineMs: number, gate: AnswerGate, respond: Respond, look: Look): void {
    const partition = this.partitionOf(request);
    this.#store.read(partition, consistencyOf[mode], deadlineMs, (answer) => {
      if (!answer.ok) return respond(this.#failed(request, partition, answer));
      if (gate.hasRoom && !this.#pace.isSpent) {
        return this.#look(request, partition, mode, deadlineMs, answer.stalenessMs, gate, respond, look);
      }
      this.#lookLater(request, partition, mode, deadlineMs, answer.stalenessMs, gate, respond, look);
    });
  }

  /**
   * Looks when there is room for what is found. The state has only become fresher by then, as long
   * as it is that of the same replica.
   */
  #lookLater(
    request: KvRequest,
    partition: number,
    mode: ReadMode,
    deadlineMs: number,
    stalenessMs: number,
    gate: AnswerGate,
    respond: Respond,
    look: Look,
  ): void {
    const group = this.#store.groups.get(partition + 1);
    const sinceMs = this.#nowMs();
    const attempt = (): void => {
      const nowMs = this.#nowMs();
      const failure = this.#cannotLook(group, gate.isClosed || nowMs >= deadlineMs);
      if (failure !== null) return respond(this.#failed(request, partition, failure));
      if (!gate.hasRoom) return gate.whenRoom(attempt);
      if (this.#pace.isSpent) return this.#pace.later(attempt);
      this.#look(request, partition, mode, deadlineMs, stalenessMs + nowMs - sinceMs, gate, respond, look);
    };
    attempt();
  }

  /** Why a read that was let wait cannot be answered any more, or null. */
  #cannotLook(group: Group | undefined, isOver: boolean): Failure | null {
    if (isOver) return { ok: false, reason: 'deadline' };
    const problem = this.#store.problem;
    if (problem !== null) return { ok: false, reason: 'unavailable', detail: problem };
    return group === undefined || group.closed ? { ok: false, reason: 'notReplica' } : null;
  }

  #look(
    request: KvRequest,
    partition: number,
    mode: ReadMode,
    deadlineMs: number,
    stalenessMs: number,
    gate: AnswerGate,
    respond: Respond,
    look: Look,
  ): void {
    const result = emptyResponse(request.id, partition, this.#store.routing.epoch);
    const looked = this.#store.consult((state) => look(state, partition + 1, result));
    if (!looked.ok) return respond(this.#failed(request, partition, looked));
    this.#pace.spend(answerBytes(result));
    const due = mode === ReadMode.Stale ? undefined : looked.value.find((row) => this.#isDue(row));
    if (due === undefined) {
      result.stalenessMs = Math.round(stalenessMs);
      result.leaderId = this.#leaderOf(partition);
      return respond(result);
    }
    // Its time has come, and the log does not say so yet. Hidden here it could show again
    // elsewhere, so the log is told first; a write of the key would do the same.
    const tell: Mutation = { ...OPEN_SESSION, kind: 'check', key: due.key };
    this.#store.write(partition, tell, deadlineMs, (told) => {
      if (!told.ok) return respond(this.#failed(request, partition, told));
      this.#read(request, mode, deadlineMs, gate, respond, look);
    });
  }

  #isDue({ expiresAtMs }: KvRowMeta): boolean {
    return expiresAtMs > 0 && expiresAtMs <= this.#wallMs();
  }

  #write(request: KvRequest, mutation: Mutation, deadlineMs: number, gate: AnswerGate, respond: Respond): void {
    const partition = this.partitionOf(request);
    this.#store.write(partition, mutation, deadlineMs, (answer) => {
      if (!answer.ok) return respond(this.#failed(request, partition, answer));
      const result = emptyResponse(request.id, partition, this.#store.routing.epoch);
      result.leaderId = this.#store.nodeId;
      fillIn(result, answer.result);
      if (answer.result.kind === 'conflict') this.#addValue(partition, result, deadlineMs, gate, respond);
      else respond(result);
    });
  }

  /** A conflict shows the value too, once there is room for it, if that is still the one which was found. */
  #addValue(partition: number, result: KvResponse, deadlineMs: number, gate: AnswerGate, respond: Respond): void {
    const { entry } = result;
    if (entry === null || entry.valueSizeBytes === 0) return respond(result);
    const group = this.#store.groups.get(partition + 1);
    const attempt = (): void => {
      if (this.#cannotLook(group, gate.isClosed || this.#nowMs() >= deadlineMs) !== null) return respond(result);
      if (!gate.hasRoom) return gate.whenRoom(attempt);
      if (this.#pace.isSpent) return this.#pace.later(attempt);
      const looked = this.#store.consult((state) => state.get(partition + 1, entry.key));
      if (looked.ok && looked.value?.revision === entry.revision) result.entry = toEntry(looked.value);
      this.#pace.spend(answerBytes(result));
      respond(result);
    };
    attempt();
  }

  /** A partition number means something only as long as the same keys are in it: answers that, where it is not so. */
  #isStale(request: KvRequest, partition: number, respond: Respond): boolean {
    const { epoch, layoutEpoch } = this.#store.routing;
    if (request.epoch === 0 || (request.epoch >= layoutEpoch && request.epoch <= epoch)) return false;
    respond({
      ...emptyResponse(request.id, partition, epoch),
      status: KvStatus.StaleEpoch,
      message: 'The partitions have changed; fetch Metadata and try again.',
    });
    return true;
  }

  #leaderOf(partition: number): number {
    return this.#store.groups.get(partition + 1)?.core.leader ?? 0;
  }

  #failed(request: KvRequest, partition: number, failure: Failure): KvResponse {
    const result = emptyResponse(request.id, partition, this.#store.routing.epoch);
    switch (failure.reason) {
      case 'notLeader':
        result.status = KvStatus.NotLeader;
        result.leaderId = failure.leader;
        result.leaderAddress = this.#addressOf(failure.leader);
        result.message = `Node ${this.#store.nodeId} does not lead partition ${partition}; node ${failure.leader} does.`;
        break;
      case 'notReplica':
        result.status = KvStatus.NotLeader;
        result.message = `Node ${this.#store.nodeId} has no replica of partition ${partition}.`;
        break;
      case 'noLeader':
        result.status = KvStatus.NoLeader;
        result.message = `Partition ${partition} has no leader now. Are most of its replicas up? Stale reads still work.`;
        break;
      case 'overloaded':
        result.status = KvStatus.Overloaded;
        result.message = `Node ${this.#store.nodeId} has too many writes waiting; try again shortly.`;
        break;
      case 'deadline':
        result.status = KvStatus.DeadlineExceeded;
        result.message = isWriteRequest(request)
          ? 'The time ran out before a quorum confirmed the write. It may or may not happen.'
          : 'The time ran out before a quorum confirmed the read.';
        break;
      case 'unavailable':
        result.status = KvStatus.Unavailable;
        result.message = failure.detail;
        break;
    }
    return result;
  }
}

/** How long a request waits, ms. */
export function timeoutOf({ timeoutMs }: KvRequest): number {
  return Math.min(timeoutMs || DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS);
}

function mutationOf(write: WriteOperation): Mutation {
  const { key, value, clientId, sequence, session, acknowledged, ttlMs } = write;
  return {
    kind: writeKinds[write.kind],
    key,
    value,
    expectedRevision: write.hasExpectedRevision ? write.expectedRevision : null,
    clientId,
    sequence,
    session,
    acknowledged,
    ttlMs,
  };
}

function transactionOf({ writes, session, sequence, acknowledged }: TransactOperation): Mutation {
  const parts = writes.map((write) => ({ ...mutationOf(write), session: 0, sequence: 0, acknowledged: 0 }));
  const { clientId } = parts[0]!;
  return { ...OPEN_SESSION, kind: 'transaction', clientId, session, sequence, acknowledged, parts };
}

function fillIn(result: KvResponse, outcome: MutationResult): void {
  switch (outcome.kind) {
    case 'put':
      result.entry = toEntry(outcome.row);
      result.found = true;
      return;
    case 'deleted':
      result.found = outcome.found;
      return;
    case 'checked':
      return;
    case 'transaction':
      result.results = outcome.results.map(toWriteResult);
      return;
    case 'conflict':
      result.status = KvStatus.Conflict;
      result.conflictAt = outcome.at;
      result.message = 'The key has changed since; read it again.';
      result.entry = outcome.current === null ? null : toEntry(outcome.current);
      return;
    case 'session':
      result.session = outcome.id;
      return;
    case 'refused':
      if (outcome.reason === 'tooManyOpen') {
        result.status = KvStatus.Overloaded;
        result.message = 'The session has too many writes ahead of the first that is not acknowledged.';
      } else {
        result.status = KvStatus.SessionExpired;
        result.message =
          outcome.reason === 'noSession'
            ? 'The session has expired, or was opened with another partition.'
            : 'The session has acknowledged this write, so its answer is forgotten.';
      }
  }
}
