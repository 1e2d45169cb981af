import type * as grpc from '@grpc/grpc-js';
import type { AnswerGate } from './answer-gate.ts';
import type { RequestBudget, RequestBudgets } from './request-budget.ts';

/** Less is not worth to be counted. */
const MIN_HELD_BYTES = 16 * 1024;
/** gRPC tells the end of almost every call; an answer that nobody has taken by then is no longer waited for. */
const MAX_HELD_MS = 60_000;

/** The gate of a plain call, which shares the room of its connection. To be closed with what it answers. */
export class CallGate implements AnswerGate {
  readonly #call: grpc.ServerUnaryCall<unknown, unknown>;
  readonly #budgets: RequestBudgets;
  readonly #connection: string;
  readonly #budget: RequestBudget;

  constructor(call: grpc.ServerUnaryCall<unknown, unknown>, budgets: RequestBudgets) {
    this.#call = call;
    this.#budgets = budgets;
    this.#connection = call.getPeer();
    this.#budget = budgets.open(this.#connection);
  }

  get isClosed(): boolean {
    return this.#call.cancelled;
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

  /** An answer of this size is on its way to the caller, which takes it by the end of the call. */
  close(answerBytes: number): void {
    if (answerBytes < MIN_HELD_BYTES || this.#call.cancelled) return this.#budgets.close(this.#connection);
    this.#budget.answerWaits(answerBytes);
    let isHeld = true;
    const taken = (): void => {
      if (!isHeld) return;
      isHeld = false;
      clearTimeout(timer);
      this.#budget.answerTaken(answerBytes);
      this.#budgets.close(this.#connection);
    };
    const timer = setTimeout(taken, MAX_HELD_MS);
    timer.unref();
    // Also where it ends as it should.
    this.#call.on('cancelled', taken);
  }
}
