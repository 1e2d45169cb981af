import * as grpc from '@grpc/grpc-js';
import {
  KvStatus,
  WriteKind,
  type KvRequest,
  type KvResponse,
  type ReadMode,
  type WatchEvent,
  type WatchRequest,
} from '../rpc/kv.ts';
import { leadersKnown, type Store } from '../store/index.ts';
import { tokenOf } from './access.ts';
import { answerBytes } from './answer-bytes.ts';
import { OPEN_GATE } from './answer-gate.ts';
import { CallGate } from './call-gate.ts';
import type { Metadata } from './metadata.ts';
import type { OperationMetrics } from './metrics.ts';
import type { RequestBudgets } from './request-budget.ts';
import type { Router } from './router.ts';
import type { Watches } from './watch.ts';
import { callAndWait } from './waiting-call.ts';

const NO_BYTES = new Uint8Array(0);
const DEFAULT_TIMEOUT_MS = 5_000;
const MAX_BATCH_PAIRS = 10_000;
/** Pairs of one batch in flight at a time. */
const BATCH_WINDOW = 512;

interface Pair {
  key: Uint8Array;
  value: Uint8Array;
  ttlMs?: number;
}

const statusOf: Partial<Record<KvStatus, grpc.status>> = {
  [KvStatus.InvalidArgument]: grpc.status.INVALID_ARGUMENT,
  [KvStatus.NotLeader]: grpc.status.UNAVAILABLE,
  [KvStatus.NoLeader]: grpc.status.UNAVAILABLE,
  [KvStatus.Conflict]: grpc.status.ABORTED,
  [KvStatus.Overloaded]: grpc.status.RESOURCE_EXHAUSTED,
  [KvStatus.DeadlineExceeded]: grpc.status.DEADLINE_EXCEEDED,
  [KvStatus.UnknownOutcome]: grpc.status.UNKNOWN,
  [KvStatus.StaleEpoch]: grpc.status.UNAVAILABLE,
  [KvStatus.Unavailable]: grpc.status.UNAVAILABLE,
  [KvStatus.PermissionDenied]: grpc.status.PERMISSION_DENIED,
};

function timeLeftMs(call: grpc.ServerUnaryCall<unknown, unknown>): number {
  const deadline = call.getDeadline();
  const endMs = typeof deadline === 'number' ? deadline : deadline.getTime();
  if (!Number.isFinite(endMs)) return DEFAULT_TIMEOUT_MS;
  return Math.max(1, Math.min(endMs - Date.now(), 60_000));
}

interface CallFacts {
  readonly call: grpc.ServerUnaryCall<unknown, unknown>;
  readonly timeoutMs: number;
  readonly token: string | null;
}

/** Wraps a handler, which may return a promise; what it throws becomes the call's status. */
function unary<Req, Res>(
  handle: (request: Req, from: CallFacts) => Promise<Res> | Res,
): grpc.handleUnaryCall<Req, Res> {
  return (call, callback) => {
    const answer = (result: Res): void => callback(null, result);
    const fail = (error: unknown): void =>
      callback(error instanceof CallError ? error : new CallError(grpc.status.INTERNAL, String(error)));
    try {
      const result = handle(call.request, { call, timeoutMs: timeLeftMs(call), token: tokenOf(call) });
      if (result instanceof Promise) result.then(answer, fail);
      else answer(result);
    } catch (error) {
      fail(error);
    }
  };
}

class CallError extends Error {
  readonly code: grpc.status;
  readonly details: string;

  constructor(code: grpc.status, details: string) {
    super(details);
    this.code = code;
    this.details = details;
  }
}

/** Throws the gRPC status of an answer that is not OK. */
function checked(answer: KvResponse): KvResponse {
  if (answer.status === KvStatus.Ok) return answer;
  throw new CallError(statusOf[answer.status] ?? grpc.status.INTERNAL, answer.message);
}

function putRequest(pair: Pair, timeoutMs: number): KvRequest {
  return {
    id: 0,
    epoch: 0,
    timeoutMs,
    forwarded: false,
    write: {
      kind: WriteKind.Put,
      key: pair.key,
      value: pair.value,
      hasExpectedRevision: false,
      expectedRevision: 0,
      clientId: 0,
      sequence: 0,
      session: 0,
      acknowledged: 0,
      ttlMs: pair.ttlMs ?? 0,
    },
  };
}

/** `raft.PrkDbService`, as PrkDB's published protocol has it: plain calls that any node answers. */
export function prkDbService(
  store: Store,
  router: Router,
  metadata: Metadata,
  metrics: OperationMetrics,
  watches: Watches,
  budgets: RequestBudgets,
): grpc.UntypedServiceImplementation {
  const write = (operation: string, request: KvRequest, from: CallFacts): Promise<KvResponse> =>
    new Promise((resolve) => {
      const startedMs = performance.now();
      callAndWait(router, request, from.token, OPEN_GATE, (answer) => {
        metrics.ended(operation, startedMs, answer.status);
        resolve(answer);
      });
    });
  const read = (operation: string, request: KvRequest, from: CallFacts): Promise<KvResponse> =>
    new Promise((resolve) => {
      const startedMs = performance.now();
      const gate = new CallGate(from.call, budgets);
      callAndWait(router, request, from.token, gate, (answer) => {
        // At once, so that the next read that is looked up knows of it.
        gate.close(answerBytes(answer));
        metrics.ended(operation, startedMs, answer.status);
        resolve(answer);
      });
    });
  return {
    Put: unary(async (pair: Pair, from) => {
      const answer = checked(await write('put', putRequest(pair, from.timeoutMs), from));
      return { success: true, partition: answer.partition, revision: answer.entry?.revision ?? 0 };
    }),
    Get: unary(async (request: { key: Uint8Array; readMode: ReadMode }, from) => {
      const get = { key: request.key, readMode: request.readMode };
      const { timeoutMs } = from;
      const answer = checked(await read('get', { id: 0, epoch: 0, timeoutMs, forwarded: false, get }, from));
      const { entry } = answer;
      return { success: true, value: entry?.value ?? NO_BYTES, found: entry !== null, revision: entry?.revision ?? 0 };
    }),
    Delete: unary(async (request: { key: Uint8Array }, from) => {
      const put = putRequest({ key: request.key, value: NO_BYTES }, from.timeoutMs);
      const operation = { ...put.write!, kind: WriteKind.Delete };
      const answer = checked(await write('delete', { ...put, write: operation }, from));
      return { success: true, found: answer.found };
    }),
    BatchPut: unary(async (request: { pairs: Pair[] }, from) => {
      if (request.pairs.length > MAX_BATCH_PAIRS) {
        const detail = `A batch has at most ${MAX_BATCH_PAIRS} pairs, this one has ${request.pairs.length}; send several.`;
        throw new CallError(grpc.status.INVALID_ARGUMENT, detail);
      }
      const errors: string[] = [];
      let done = 0;
      for (let first = 0; first < request.pairs.length; first += BATCH_WINDOW) {
        const window = request.pairs.slice(first, first + BATCH_WINDOW);
        const answers = await Promise.all(window.map((pair) => write('put', putRequest(pair, from.timeoutMs), from)));
        answers.forEach((answer, i) => {
          if (answer.status === KvStatus.Ok) done++;
          else errors.push(`pair ${first + i}: ${answer.message}`);
        });
      }
      return { successfulCount: done, failedCount: errors.length, errors };
    }),
    Health: unary(() => {
      const { known, of } = leadersKnown(store);
      return {
        healthy: store.storageFailure === null && known === of,
        numPartitions: store.routing.partitions.length,
        leadersReady: known,
      };
    }),
    Metadata: unary(() => metadata.current()),
    Watch: (call: grpc.ServerWritableStream<WatchRequest, WatchEvent>) => watches.serve(call),
  };
}
