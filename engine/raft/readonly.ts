import { NONE } from './types.ts';
import type { LogIndex, NodeId } from './types.ts';

/** A read that waits at the leader. `from` is NONE for one of the leader's own callers. */
export interface ReadRequest {
  readonly from: NodeId;
  readonly requestId: number;
}

interface ReadRound {
  readonly number: number;
  /** The commit index when the round began: what each of its reads has to see. */
  readonly index: LogIndex;
  readonly requests: readonly ReadRequest[];
}

/**
 * A leader's reads (ReadIndex: Raft dissertation, section 6.4). All that wait when a
 * round begins share it. Rounds are numbered by a counter of this leadership, never by
 * what callers sent: a caller that retries must not have its old confirmations counted
 * for a new read (etcd#20418).
 */
export class ReadRounds {
  #waiting: ReadRequest[] = [];
  #rounds: ReadRound[] = [];
  /** The newest round begun; 0 before the first. */
  current = 0;

  get hasWaiting(): boolean {
    return this.#waiting.length > 0;
  }

  add(from: NodeId, requestId: number): void {
    this.#waiting.push({ from, requestId });
  }

  /** Begins a round for everything that waits. */
  begin(commitIndex: LogIndex): void {
    this.current++;
    this.#rounds.push({ number: this.current, index: commitIndex, requests: this.#waiting });
    this.#waiting = [];
  }

  /** Takes out the rounds up to `confirmed`, oldest first. */
  takeConfirmed(confirmed: number): readonly ReadRound[] {
    let count = 0;
    while (count < this.#rounds.length && this.#rounds[count]!.number <= confirmed) count++;
    return this.#rounds.splice(0, count);
  }

  /** Takes out every read that was not confirmed. */
  takeAll(): readonly ReadRequest[] {
    const all = [...this.#rounds.flatMap((round) => round.requests), ...this.#waiting];
    this.#rounds = [];
    this.#waiting = [];
    return all;
  }
}

/** A follower's reads that its leader was asked about, in the order they were sent. */
export class ForwardedReads {
  readonly #sentAtTick = new Map<number, number>();

  get size(): number {
    return this.#sentAtTick.size;
  }

  add(requestId: number, nowTick: number): void {
    this.#sentAtTick.set(requestId, nowTick);
  }

  /** Whether this read was still waiting. An answer that comes twice counts once. */
  settle(requestId: number): boolean {
    return this.#sentAtTick.delete(requestId);
  }

  /** A read that has waited for `ticks` or more; undefined when there is none. */
  overdue(ticks: number, nowTick: number): number | undefined {
    for (const [requestId, sentAt] of this.#sentAtTick) return nowTick - sentAt >= ticks ? requestId : undefined;
    return undefined;
  }

  takeAll(): readonly number[] {
    const all = [...this.#sentAtTick.keys()];
    this.#sentAtTick.clear();
    return all;
  }
}

export function isLocal(request: ReadRequest): boolean {
  return request.from === NONE;
}
