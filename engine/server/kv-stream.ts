import * as grpc from '@grpc/grpc-js';
import {
  emptyResponse,
  KvStatus,
  WriteKind,
  type KvRequest,
  type KvRequests,
  type KvResponse,
  type KvResponses,
} from '../rpc/kv.ts';
import { isWriteRequest, requestBytes } from '../rpc/kv-request.ts';
import type { AnswerGate } from './answer-gate.ts';
import { answerBytes } from './answer-bytes.ts';
import type { OperationMetrics } from './metrics.ts';
import type { RequestBudget } from './request-budget.ts';
import type { Router } from './router.ts';

/** Requests of one stream that begin in one turn of the event loop: other callers come in between. */
const MAX_STARTS_PER_TURN = 256;
/** Answers in one message: enough to share its cost, bounded by the message limit through the scan's own bound. */
const MAX_RESPONSES_PER_MESSAGE = 512;
const MAX_MESSAGE_VALUE_BYTES = 4 * 1024 * 1024;
/** What may lie in gRPC's hands for a caller that does not read. */
const MAX_UNREAD_BYTES = 4 * 1024 * 1024;
/** A caller that leaves so many answers lying loses the stream. */
const MAX_WAITING_ANSWERS = 65_536;

/** What the caller of a stream may do. */
export interface StreamRights {
  /** As the caller gave it; goes along with what is forwarded. */
  readonly token: string | null;
  /** Why a write is refused, or null. */
  readonly refusesWrite: () => string | null;
}

type KvStream = grpc.ServerDuplexStream<KvRequests, KvResponses>;

/**
 * One stream of one caller: many calls in flight, answered as they are done, those of one
 * turn in one message. Reads begin, and are looked up, only while the caller takes what they find.
 */
export class KvStreamSession implements AnswerGate {
  readonly #call: KvStream;
  readonly #router: Router;
  readonly #metrics: OperationMetrics;
  readonly #budget: RequestBudget;
  readonly #rights: StreamRights;
  readonly #onClosed: () => void;
  #open = true;
  #waiting: KvResponse[] = [];
  #unreadBytes = 0;
  /** Of this stream in the budget's window: waiting or unread. */
  #windowBytes = 0;
  #flushScheduled = false;
  /** Taken into the budget and not begun. */
  #backlog: KvRequest[] = [];
  #startsLeft = MAX_STARTS_PER_TURN;
  #turnScheduled = false;
  #waitsForRoom = false;

  constructor(
    call: KvStream,
    router: Router,
    metrics: OperationMetrics,
    budget: RequestBudget,
    rights: StreamRights,
    onClosed: () => void,
  ) {
    this.#call = call;
    this.#router = router;
    this.#metrics = metrics;
    this.#budget = budget;
    this.#rights = rights;
    this.#onClosed = onClosed;
    call.on('data', (message: KvRequests) => this.#take(message.requests));
    call.on('end', () => {
      this.#close();
      call.end();
    });
    for (const end of ['cancelled', 'error', 'close']) call.on(end, () => this.#close());
  }

  #take(requests: readonly KvRequest[]): void {
    // Once for all of a message: nothing changes while it is looked through.
    const noWrites = requests.some(isWriteRequest) ? this.#rights.refusesWrite() : null;
    for (const request of requests) {
      if (!this.#open) return;
      const refusal = this.#budget.take(requestBytes(request), request.forwarded);
      if (refusal !== null) {
        this.#answer({ ...emptyResponse(request.id, 0, 0), status: KvStatus.Overloaded, message: refusal });
      } else if (noWrites !== null && isWriteRequest(request)) this.#refuseWrite(request, noWrites);
      else if (this.#backlog.length === 0 && this.#mayStart(request)) this.#start(request);
      else this.#backlog.push(request);
    }
    this.#scheduleTurn();
  }

  #refuseWrite(request: KvRequest, message: string): void {
    this.#budget.give(requestBytes(request));
    this.#answer({ ...emptyResponse(request.id, 0, 0), status: KvStatus.PermissionDenied, message });
  }

  #mayStart(request: KvRequest): boolean {
    return this.#startsLeft > 0 && (isWriteRequest(request) || this.#budget.hasRoom);
  }

  #start(request: KvRequest): void {
    this.#startsLeft--;
    const startedMs = performance.now();
    this.#router.handle(request, this.#rights.token, this, (result) => {
      this.#budget.give(requestBytes(request));
      // A forwarded request is counted by the node that the client called.
      if (!request.forwarded) this.#metrics.ended(operationName(request), startedMs, result.status);
      this.#answer(result);
    });
  }

  get isClosed(): boolean {
    return !this.#open;
  }

  get hasRoom(): boolean {
    return this.#budget.hasRoom;
  }

  whenRoom(retry: () => void): void {
    this.#budget.whenRoom(retry);
  }

  reserve(sizeBytes: number): boolean {
    return this.#budget.reserve(sizeBytes);
  }

  release(sizeBytes: number): void {
    this.#budget.release(sizeBytes);
  }

  #scheduleTurn(): void {
    if (this.#turnScheduled || !this.#open) return;
    this.#turnScheduled = true;
    setImmediate(() => this.#turn());
  }

  /** Begins what may begin now; what has to wait for the caller is looked at again when it has taken answers. */
  #turn(): void {
    this.#turnScheduled = false;
    this.#startsLeft = MAX_STARTS_PER_TURN;
    const backlog = this.#backlog;
    this.#backlog = [];
    let at = 0;
    for (; this.#open && at < backlog.length && this.#mayStart(backlog[at]!); at++) this.#start(backlog[at]!);
    const rest = at === 0 ? backlog : backlog.slice(at);
    if (!this.#open) {
      for (const request of rest) this.#budget.give(requestBytes(request));
      return;
    }
    this.#backlog = rest;
    if (rest.length === 0) return;
    if (this.#startsLeft === 0) this.#scheduleTurn();
    else this.#waitForRoom();
  }

  #waitForRoom(): void {
    if (this.#waitsForRoom) return;
    this.#waitsForRoom = true;
    this.#budget.whenRoom(() => {
      this.#waitsForRoom = false;
      this.#scheduleTurn();
    });
  }

  #answer(result: KvResponse): void {
    if (!this.#open) return;
    this.#waiting.push(result);
    const sizeBytes = answerBytes(result);
    this.#windowBytes += sizeBytes;
    this.#budget.answerWaits(sizeBytes);
    if (this.#waiting.length > MAX_WAITING_ANSWERS) {
      const details = `${MAX_WAITING_ANSWERS} answers wait on this stream and are not read. Read them, or send less.`;
      this.#call.emit('error', { code: grpc.status.RESOURCE_EXHAUSTED, details });
      this.#close();
      return;
    }
    if (this.#flushScheduled) return;
    this.#flushScheduled = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#flushScheduled = false;
    while (this.#open && this.#unreadBytes < MAX_UNREAD_BYTES && this.#waiting.length > 0) {
      const { responses, sizeBytes } = takeMessage(this.#waiting);
      this.#waiting = this.#waiting.slice(responses.length);
      this.#unreadBytes += sizeBytes;
      this.#call.write({ responses }, () => this.#taken(sizeBytes));
    }
  }

  /** The connection has taken a message. */
  #taken(sizeBytes: number): void {
    if (!this.#open) return;
    this.#unreadBytes -= sizeBytes;
    this.#windowBytes -= sizeBytes;
    this.#budget.answerTaken(sizeBytes);
    if (this.#waiting.length > 0) this.#flush();
  }

  #close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#budget.answerTaken(this.#windowBytes);
    for (const request of this.#backlog) this.#budget.give(requestBytes(request));
    this.#waiting = [];
    this.#backlog = [];
    this.#onClosed();
  }
}

function operationName(request: KvRequest): string {
  if (request.get) return 'get';
  if (request.scan) return 'scan';
  if (request.openSession) return 'openSession';
  if (request.transact) return 'transact';
  if (request.history) return 'history';
  return request.write?.kind === WriteKind.Delete ? 'delete' : 'put';
}

/** The first answers that fit one message; at least one. */
function takeMessage(waiting: readonly KvResponse[]): { responses: KvResponse[]; sizeBytes: number } {
  let sizeBytes = 0;
  let count = 0;
  for (const result of waiting) {
    const bytes = answerBytes(result);
    if (count > 0 && (count >= MAX_RESPONSES_PER_MESSAGE || sizeBytes + bytes > MAX_MESSAGE_VALUE_BYTES)) break;
    sizeBytes += bytes;
    count++;
  }
  return { responses: waiting.slice(0, count), sizeBytes };
}
