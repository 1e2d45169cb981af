import type { TlsProblem, TlsProblemKind } from '../net/tls-problem.ts';
import type { KvEntry } from '../rpc/kv.ts';

export type PrkDbErrorCode =
  | 'INVALID_KEY'
  | 'INVALID_VALUE'
  | 'INVALID_ARGUMENT'
  | 'NO_LEADER'
  | 'DEADLINE_EXCEEDED'
  | 'UNKNOWN_OUTCOME'
  | 'SESSION_EXPIRED'
  | 'COMPACTED'
  | 'CONFLICT'
  | 'UNAVAILABLE'
  | 'CONNECTION'
  | 'TLS'
  | 'UNAUTHENTICATED'
  | 'PERMISSION_DENIED'
  | 'INTERNAL'
  | 'CLOSED';

/** Whether a failed write may still happen. 'none': it did not and will not. */
export type Outcome = 'none' | 'unknown';

/** The base of every error that the client rejects with (an abort rejects with the signal's own reason). */
export class PrkDbError extends Error {
  readonly code: PrkDbErrorCode;
  constructor(code: PrkDbErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = new.target.name;
    this.code = code;
  }
}

/** The key is empty, too long or not bytes. Nothing was sent. */
export class InvalidKeyError extends PrkDbError {
  constructor(message: string) {
    super('INVALID_KEY', message);
  }
}

/** The value is too long or not bytes. Nothing was sent. */
export class InvalidValueError extends PrkDbError {
  constructor(message: string) {
    super('INVALID_VALUE', message);
  }
}

/** Another argument is not acceptable: a cursor, a limit, an endpoint. */
export class InvalidArgumentError extends PrkDbError {
  constructor(message: string) {
    super('INVALID_ARGUMENT', message);
  }
}

/** The partition had no leader until the deadline: most of its replicas are down or cannot reach each other. Nothing was done. */
export class NoLeaderError extends PrkDbError {
  readonly partition: number;
  constructor(partition: number, message: string) {
    super('NO_LEADER', message);
    this.partition = partition;
  }
}

/** The time ran out. For a write `outcome` says whether it may still happen. */
export class DeadlineExceededError extends PrkDbError {
  readonly outcome: Outcome;
  constructor(message: string, outcome: Outcome) {
    super('DEADLINE_EXCEEDED', message);
    this.outcome = outcome;
  }
}

/** The write was sent and not answered until its time was nearly over: it may or may not happen, at any later time. */
export class UnknownOutcomeError extends PrkDbError {
  readonly outcome: Outcome = 'unknown';
  constructor(message: string) {
    super('UNKNOWN_OUTCOME', message);
  }
}

/**
 * The partition forgot this client while the write was under way: it was idle for too long,
 * or there were too many others. The write was not sent again. With the outcome 'none' it
 * was not applied, else nobody can say.
 */
export class SessionExpiredError extends PrkDbError {
  readonly outcome: Outcome;
  constructor(message: string, outcome: Outcome) {
    super('SESSION_EXPIRED', message);
    this.outcome = outcome;
  }
}

/**
 * Changes of a partition that the watch has not seen are not held any more. Scan the prefix
 * again, then watch from `position`: it has every change after `revision` in that partition.
 */
export class WatchCompactedError extends PrkDbError {
  readonly partition: number;
  readonly revision: number;
  readonly position: string;
  constructor(partition: number, revision: number, position: string) {
    super(
      'COMPACTED',
      `Changes of partition ${partition} up to revision ${revision} are not held any more. ` +
        'Scan again, and watch from the position that this error names.',
    );
    this.partition = partition;
    this.revision = revision;
    this.position = position;
  }
}

/**
 * An expected revision did not hold, and nothing was written. `current` is what is there,
 * null when the key is not; `at` is the place of the write in its transaction.
 */
export class ConflictError extends PrkDbError {
  readonly current: KvEntry | null;
  readonly at: number;
  constructor(message: string, current: KvEntry | null, at = 0) {
    super('CONFLICT', message);
    this.current = current;
    this.at = at;
  }
}

/** No node took the request until the deadline: down, refusing or overloaded. Nothing was done. */
export class UnavailableError extends PrkDbError {
  constructor(message: string) {
    super('UNAVAILABLE', message);
  }
}

/** No endpoint answered as a PrkDB node; `attempts` says for each one why. */
export class ConnectionError extends PrkDbError {
  readonly attempts: readonly { readonly endpoint: string; readonly reason: string }[];
  constructor(attempts: readonly { readonly endpoint: string; readonly reason: string }[]) {
    const list = attempts.map((a) => `${a.endpoint}: ${a.reason}`).join('; ');
    super(
      'CONNECTION',
      `No PrkDB node answered (${list}). Check that the cluster runs and that the endpoints are right.`,
    );
    this.attempts = attempts;
  }
}

/** No connection because of TLS: `kind` says why, the message what to do. Nothing was done. */
export class TlsError extends PrkDbError {
  readonly kind: TlsProblemKind;
  readonly endpoint: string;
  constructor(endpoint: string, problem: TlsProblem) {
    super('TLS', `There is no connection to the node at ${endpoint}: ${problem.words}.`);
    this.kind = problem.kind;
    this.endpoint = endpoint;
  }
}

/** Why a cluster does not let a call in. */
export interface AccessRefusal {
  /** UNAUTHENTICATED: without a token, or with none of this cluster. PERMISSION_DENIED: with one that does not allow it. */
  readonly code: 'UNAUTHENTICATED' | 'PERMISSION_DENIED';
  readonly message: string;
}

/** The token, or its lack, does not allow the call. Nothing was done. */
export class AccessError extends PrkDbError {
  constructor({ code, message }: AccessRefusal) {
    super(code, message);
  }
}

/** Another node has to be asked; nothing was done. `leader` is where it is dialed. */
export class ElsewhereError extends PrkDbError {
  readonly leader: string;
  constructor(message: string, leader: string) {
    super('UNAVAILABLE', message);
    this.leader = leader;
  }
}

/** The node failed in a way it does not explain; its log says more. */
export class InternalError extends PrkDbError {
  constructor(message: string) {
    super('INTERNAL', message);
  }
}

/** The client was closed before the call was answered. `outcome` is 'unknown' for a write that had been sent. */
export class ClosedError extends PrkDbError {
  readonly outcome: Outcome;
  constructor(outcome: Outcome = 'none') {
    super(
      'CLOSED',
      outcome === 'none'
        ? 'The client is closed. Connect a new one.'
        : 'The client was closed while the write was in flight: read the key to learn whether it happened.',
    );
    this.outcome = outcome;
  }
}
