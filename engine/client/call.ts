import type {
  GetOperation,
  HistoryOperation,
  KvRequest,
  KvResponse,
  OpenSessionOperation,
  ScanOperation,
  TransactOperation,
  WriteOperation,
} from '../rpc/kv.ts';
import { KvStatus, ReadMode } from '../rpc/kv.ts';
import { isWriteRequest, requestBytes } from '../rpc/kv-request.ts';
import {
  AccessError,
  ClosedError,
  ConflictError,
  DeadlineExceededError,
  InternalError,
  InvalidArgumentError,
  NoLeaderError,
  SessionExpiredError,
  UnavailableError,
  UnknownOutcomeError,
  type AccessRefusal,
  type Outcome,
  type PrkDbError,
} from './errors.ts';
import type { TimedAttempt } from './attempt-timer.ts';
import type { LinkRequest, NodeLink } from './node-link.ts';
import type { Member } from './roster.ts';
import type { WriteSession } from './write-sessions.ts';

/** What a call needs of its client. */
export interface CallContext {
  readonly epoch: number;
  /** The node to ask next, and whether it is one that this call has not tried in this round. */
  choose(partition: number, anyReplica: boolean, tried: ReadonlySet<NodeLink>): NodeLink | undefined;
  learnLeader(partition: number, leader: number, address: string): void;
  /** The leader we knew did not answer or denies it. */
  doubtLeader(partition: number, link: NodeLink): void;
  /** Refreshes the routing table in the background, once for all who ask. */
  refresh(): void;
  /** `timedOut` of the calls is to be called when an attempt is due. */
  expectBy(dueMs: number): void;
  finished(call: Call): void;
}

export interface CallOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** What has a place in a session, which is filled in before it is sent. */
export type SequencedOperation = { readonly write: WriteOperation } | { readonly transact: TransactOperation };

export type Operation =
  | SequencedOperation
  | { readonly get: GetOperation }
  | { readonly scan: ScanOperation }
  | { readonly openSession: OpenSessionOperation }
  | { readonly history: HistoryOperation };

/** A request that carries this; the rest is filled in with each attempt. */
export function requestOf(operation: Operation): KvRequest {
  if ('write' in operation) return { id: 0, epoch: 0, timeoutMs: 0, forwarded: false, write: operation.write };
  return { id: 0, epoch: 0, timeoutMs: 0, forwarded: false, ...operation };
}

const NONE_TRIED: ReadonlySet<NodeLink> = new Set();

/** A silent node is given up after a third of the time, so that two others can be asked. */
const ATTEMPT_SHARE = 3;
const MIN_ATTEMPT_MS = 100;
const MAX_READ_ATTEMPT_MS = 1000;
/** A leader with much to do shall not get every write twice. */
const MAX_WRITE_ATTEMPT_MS = 2000;
const SUSPECT_PENALTY_MS = 1000;
/**
 * A repeat needs this share of the time to be answered in. With less, a write that nobody
 * could do would be sent once more, for nothing but to end as unknown.
 */
const LAST_REPEAT_SHARE = 0.1;
const LAST_REPEAT_MAX_MS = 250;
const BACKOFF_BASE_MS = 15;
const BACKOFF_MAX_MS = 400;

/**
 * One operation from its first attempt to its answer. A read can be repeated, and so can a
 * write, since its session applies it once and answers each attempt alike. What was sent and
 * never answered until the time is over is reported as unknown.
 */
export class Call implements LinkRequest, TimedAttempt, Member {
  readonly request: KvRequest;
  readonly sizeBytes: number;
  readonly partition: number;
  sent = false;
  /** When the attempt that is on its way is given up; Infinity while there is none. */
  dueMs = Infinity;
  place = -1;
  readonly #context: CallContext;
  readonly #isWrite: boolean;
  /** It writes, or makes ready to. */
  readonly #forWrite: boolean;
  readonly #anyReplica: boolean;
  readonly #timeoutMs: number;
  readonly #deadlineMs: number;
  readonly #signal: AbortSignal | undefined;
  #onAbort: (() => void) | undefined;
  readonly #resolve: (response: KvResponse) => void;
  readonly #rejectPromise: (error: Error) => void;
  #backoffTimer: NodeJS.Timeout | undefined;
  #link: NodeLink | undefined;
  #tried: Set<NodeLink> | undefined;
  #rounds = 0;
  #redirects = 0;
  #retries = 0;
  #sawNoLeader = false;
  /** An attempt to write left and was not answered: whatever comes after, it may have been done. */
  #maybeDone = false;
  readonly #session: WriteSession | undefined;
  #lastReason = 'no node could be asked';
  /** Whether the last attempt ended in silence rather than in a refusal. */
  #lastWasSilent = false;
  #done = false;

  constructor(
    context: CallContext,
    partition: number,
    request: KvRequest,
    options: CallOptions,
    resolve: (response: KvResponse) => void,
    reject: (error: Error) => void,
    session?: WriteSession,
  ) {
    this.#session = session;
    this.#context = context;
    this.partition = partition;
    this.request = request;
    this.#forWrite = isWriteRequest(request);
    this.#isWrite = this.#forWrite && !request.openSession;
    this.#anyReplica = !this.#forWrite && readModeOf(request) !== ReadMode.Linearizable;
    this.sizeBytes = requestBytes(request);
    this.#timeoutMs = options.timeoutMs;
    this.#deadlineMs = Date.now() + options.timeoutMs;
    this.#signal = options.signal;
    this.#resolve = resolve;
    this.#rejectPromise = reject;
  }

  /** How often an attempt was repeated, for whoever counts. */
  get retries(): number {
    return this.#retries;
  }

  start(): void {
    const signal = this.#signal;
    if (signal !== undefined) {
      if (signal.aborted) {
        this.#reject(signal.reason as Error);
        return;
      }
      this.#onAbort = () => this.#reject(signal.reason as Error);
      signal.addEventListener('abort', this.#onAbort, { once: true });
    }
    this.#attempt();
  }

  close(): void {
    this.#reject(new ClosedError(this.#maybeDone || (this.#isWrite && this.sent) ? 'unknown' : 'none'));
  }

  onResponse(response: KvResponse): void {
    const link = this.#link;
    if (this.#done || link === undefined) return;
    this.#detach();
    this.#lastWasSilent = false;
    if (response.leaderId !== 0) {
      this.#context.learnLeader(this.partition, response.leaderId, response.leaderAddress);
    }
    switch (response.status) {
      case KvStatus.Ok:
        if (response.epoch > this.#context.epoch) this.#context.refresh();
        if (this.#finish()) this.#resolve(response);
        return;
      case KvStatus.Conflict:
        this.#reject(
          new ConflictError(response.message || conflictMessage(response), response.entry, response.conflictAt),
        );
        return;
      case KvStatus.InvalidArgument:
        this.#reject(new InvalidArgumentError(response.message || 'The node refused the request as invalid.'));
        return;
      case KvStatus.PermissionDenied:
        this.#reject(new AccessError({ code: 'PERMISSION_DENIED', message: response.message }));
        return;
      case KvStatus.NotLeader:
        this.#sawNoLeader = true;
        this.#lastReason = 'the node asked is not the leader';
        if (response.leaderId === 0) {
          this.#context.doubtLeader(this.partition, link);
          this.#context.refresh();
        }
        // A hint is followed at once, but two nodes that point at each other are not raced between.
        if (response.leaderId !== 0 && this.#redirects++ < 2) this.#again();
        else this.#again(true);
        return;
      case KvStatus.NoLeader:
        this.#sawNoLeader = true;
        this.#lastReason = 'no leader is known';
        this.#context.doubtLeader(this.partition, link);
        this.#context.refresh();
        this.#again(true);
        return;
      case KvStatus.StaleEpoch:
        this.#lastReason = 'the routing table was out of date';
        this.#context.refresh();
        this.#again(true);
        return;
      case KvStatus.Overloaded:
        this.#lastReason = 'the node has as much in flight as it accepts';
        this.#again(true);
        return;
      case KvStatus.Unavailable:
        this.#lastReason = response.message || 'the node is stopping or its disk failed';
        this.#context.doubtLeader(this.partition, link);
        this.#again();
        return;
      case KvStatus.DeadlineExceeded:
      case KvStatus.UnknownOutcome:
        this.#lastReason = response.message || 'the node gave up waiting';
        this.#lastWasSilent = true;
        if (this.#isWrite) this.#maybeDone = true;
        this.#again(true);
        return;
      case KvStatus.SessionExpired:
        this.#reject(sessionExpired(this.partition, response.message, this.#maybeDone ? 'unknown' : 'none'));
        return;
      case KvStatus.Internal:
      default: {
        const message = response.message || `the node answered with status ${String(response.status)}`;
        if (this.#isWrite) {
          this.#lastReason = message;
          this.#rejectUnknown();
        } else this.#reject(new InternalError(`The node failed: ${message}. See its log.`));
      }
    }
  }

  onLinkFailure(reason: string, refusal?: AccessRefusal): void {
    const link = this.#link;
    if (this.#done || link === undefined) return;
    const sent = this.sent;
    this.#detach();
    if (refusal !== undefined) {
      this.#reject(new AccessError(refusal));
      return;
    }
    this.#lastWasSilent = false;
    this.#lastReason = `${link.address}: ${reason}`;
    this.#context.doubtLeader(this.partition, link);
    this.#context.refresh();
    if (sent && this.#isWrite) this.#maybeDone = true;
    this.#again();
  }

  #attempt(): void {
    const nowMs = Date.now();
    const leftMs = this.#deadlineMs - nowMs;
    const neededMs = this.#retries === 0 ? 0 : Math.min(LAST_REPEAT_MAX_MS, this.#timeoutMs * LAST_REPEAT_SHARE);
    if (leftMs <= neededMs) {
      this.#expire();
      return;
    }
    const link = this.#context.choose(this.partition, this.#anyReplica, this.#tried ?? NONE_TRIED);
    if (link === undefined) {
      this.#again(true);
      return;
    }
    (this.#tried ??= new Set()).add(link);
    this.#link = link;
    const maxAttemptMs = this.#isWrite ? MAX_WRITE_ATTEMPT_MS : MAX_READ_ATTEMPT_MS;
    const attemptMs = Math.min(maxAttemptMs, Math.max(MIN_ATTEMPT_MS, Math.ceil(this.#timeoutMs / ATTEMPT_SHARE)));
    this.request.epoch = this.#context.epoch;
    const sequenced = this.request.write ?? this.request.transact;
    if (sequenced && this.#session !== undefined) sequenced.acknowledged = this.#session.acknowledged;
    // A node that is slow may still do the write after it was given up here: that answers the next attempt.
    this.request.timeoutMs = this.#isWrite ? leftMs : Math.min(leftMs, attemptMs);
    this.dueMs = nowMs + Math.min(leftMs, attemptMs);
    this.#context.expectBy(this.dueMs);
    link.send(this);
  }

  /** The attempt on its way has had its time. */
  timedOut(): void {
    const link = this.#link;
    if (this.#done || link === undefined) return;
    const sent = this.sent;
    link.forget(this);
    link.suspect(SUSPECT_PENALTY_MS);
    this.#detach();
    this.#lastWasSilent = true;
    this.#lastReason = `${link.address}: no answer`;
    this.#context.refresh();
    if (this.#isWrite && sent) this.#maybeDone = true;
    this.#again();
  }

  /** Tries the next node at once while there is one, else waits: later rounds wait longer. */
  #again(wait = false): void {
    this.#retries++;
    const tried = this.#tried ?? NONE_TRIED;
    const untried = !wait && this.#context.choose(this.partition, this.#anyReplica, tried);
    if (untried && !tried.has(untried)) {
      this.#attempt();
      return;
    }
    const leftMs = this.#deadlineMs - Date.now();
    this.#tried = undefined;
    const ceilingMs = Math.min(BACKOFF_MAX_MS, BACKOFF_BASE_MS * 2 ** this.#rounds++);
    const delayMs = ceilingMs / 2 + Math.random() * (ceilingMs / 2);
    this.#backoffTimer = setTimeout(() => this.#attempt(), Math.max(0, Math.min(delayMs, leftMs)));
  }

  #expire(): void {
    if (this.#maybeDone) return this.#rejectUnknown();
    const within = `within ${this.#timeoutMs} ms`;
    const undone = this.#forWrite ? ' Nothing was written.' : '';
    const p = this.partition;
    if (this.#sawNoLeader) {
      this.#reject(
        new NoLeaderError(
          p,
          `Partition ${p} had no leader ${within} (${this.#lastReason}).${undone} ` +
            'A majority of its replicas must be up and able to reach each other: start or heal nodes and try again' +
            (this.#forWrite ? '.' : ', or read stale.'),
        ),
      );
    } else if (this.#lastWasSilent) {
      this.#reject(
        new DeadlineExceededError(
          `Partition ${p} did not answer ${within} (${this.#lastReason}).${undone} Try again, or allow more time.`,
          'none',
        ),
      );
    } else {
      this.#reject(
        new UnavailableError(
          `No node took the request for partition ${p} ${within} (${this.#lastReason}).${undone} ` +
            'Check that the cluster runs and try again.',
        ),
      );
    }
  }

  #rejectUnknown(): void {
    const expired = Date.now() >= this.#deadlineMs;
    const message =
      `The write to partition ${this.partition} was sent and not confirmed (${this.#lastReason}): ` +
      'it may or may not happen. Read the key, or write again if that does no harm.';
    this.#reject(expired ? new DeadlineExceededError(message, 'unknown') : new UnknownOutcomeError(message));
  }

  #detach(): void {
    this.dueMs = Infinity;
    if (this.#backoffTimer !== undefined) clearTimeout(this.#backoffTimer);
    this.#backoffTimer = undefined;
    this.#link = undefined;
  }

  #reject(error: PrkDbError | Error): void {
    if (this.#finish()) this.#rejectPromise(error);
  }

  /** True the first time: then the caller settles the promise. */
  #finish(): boolean {
    if (this.#done) return false;
    this.#done = true;
    this.#link?.forget(this);
    this.#detach();
    if (this.#onAbort !== undefined) this.#signal?.removeEventListener('abort', this.#onAbort);
    this.#session?.finish((this.request.write ?? this.request.transact)?.sequence ?? 0);
    this.#context.finished(this);
    return true;
  }
}

function readModeOf({ get, scan, history }: KvRequest): ReadMode {
  return (get ?? scan ?? history)?.readMode ?? ReadMode.Linearizable;
}

function sessionExpired(partition: number, reason: string, outcome: Outcome): SessionExpiredError {
  const so =
    outcome === 'none'
      ? 'Nothing was written; write again.'
      : 'An earlier attempt was not answered, so the write may have happened: read the key before you write again.';
  return new SessionExpiredError(
    `Partition ${partition} does not know this client any more (${reason}). ${so}`,
    outcome,
  );
}

function conflictMessage(response: KvResponse): string {
  return response.entry === null
    ? 'The key is not there, and the write expected it to be. Read it again and decide.'
    : `The key is at revision ${response.entry.revision}, not at the expected one. Read it again and decide.`;
}
