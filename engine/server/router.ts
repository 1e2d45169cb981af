import { MAX_VALUE_BYTES } from '../config/limits.ts';
import { emptyResponse, KvStatus, type KvRequest, type KvResponse } from '../rpc/kv.ts';
import { isWriteRequest } from '../rpc/kv-request.ts';
import type { Store } from '../store/index.ts';
import type { AnswerGate } from './answer-gate.ts';
import { MAX_SCAN_BYTES, timeoutOf, type Executor } from './executor.ts';

type Respond = (response: KvResponse) => void;

/** Sends a request to another node of the cluster with the caller's token; answers exactly once, also when it cannot. */
export type Forward = (nodeId: number, request: KvRequest, token: string | null, respond: Respond) => void;

/** A leader learned from an answer is believed this long. */
const HINT_TTL_MS = 5_000;

/**
 * Any node takes any request: what it cannot answer itself goes to the partition's
 * leader, or to a replica that knows it. A forwarded request is never forwarded again.
 */
export class Router {
  readonly #store: Store;
  readonly #executor: Executor;
  readonly #forward: Forward;
  readonly #nowMs: () => number;
  /** Leaders of partitions that this node has no replica of. */
  readonly #hints = new Map<number, { leader: number; atMs: number }>();
  #rotation = 0;

  constructor(store: Store, executor: Executor, forward: Forward, nowMs: () => number) {
    this.#store = store;
    this.#executor = executor;
    this.#forward = forward;
    this.#nowMs = nowMs;
  }

  /** `token` is the caller's, null for a caller without. What reads find waits for `gate`. */
  handle(request: KvRequest, token: string | null, gate: AnswerGate, respond: Respond): void {
    this.#executor.execute(request, gate, (local) => {
      if (local.status !== KvStatus.NotLeader || request.forwarded) return respond(local);
      const partition = this.#executor.partitionOf(request);
      const target = local.leaderId || this.leaderHint(partition) || this.#anyReplica(partition);
      if (target === 0) return respond(local);
      this.#forwardWithRoom(target, partition, request, token, gate, (remote) => {
        const better = remote.leaderId;
        const redirected = remote.status === KvStatus.NotLeader && better !== 0 && better !== target;
        if (!redirected || better === this.#store.nodeId) return respond(remote);
        this.#forwardWithRoom(better, partition, request, token, gate, respond);
      });
    });
  }

  /** The leader of a partition as far as this node knows, or 0. */
  leaderHint(partition: number): number {
    const group = this.#store.groups.get(partition + 1);
    if (group !== undefined) return group.core.leader;
    const hint = this.#hints.get(partition);
    if (hint === undefined || this.#nowMs() - hint.atMs > HINT_TTL_MS) return 0;
    return hint.leader;
  }

  /** Remembers a leader that another node named. */
  learnLeader(partition: number, leader: number): void {
    if (leader !== 0) this.#hints.set(partition, { leader, atMs: this.#nowMs() });
    else this.#hints.delete(partition);
  }

  /** An answer with a value comes whole, whatever there is room for by then: it needs room for the largest before it is asked for. */
  #forwardWithRoom(
    target: number,
    partition: number,
    request: KvRequest,
    token: string | null,
    gate: AnswerGate,
    respond: Respond,
  ): void {
    if (!mayShowValue(request)) return this.#forwardTo(target, partition, request, token, respond);
    const sizeBytes = request.scan ? MAX_SCAN_BYTES : MAX_VALUE_BYTES;
    const endMs = this.#nowMs() + timeoutOf(request);
    const attempt = (): void => {
      if (gate.isClosed || this.#nowMs() >= endMs) {
        const message = 'The answers before this one were not taken in time.';
        return respond({ ...emptyResponse(request.id, partition, 0), status: KvStatus.Overloaded, message });
      }
      if (!gate.reserve(sizeBytes)) return gate.whenRoom(attempt);
      this.#forwardTo(target, partition, request, token, (remote) => {
        gate.release(sizeBytes);
        respond(remote);
      });
    };
    attempt();
  }

  #forwardTo(target: number, partition: number, request: KvRequest, token: string | null, respond: Respond): void {
    this.#forward(target, { ...request, forwarded: true }, token, (remote) => {
      this.learnLeader(partition, remote.leaderId);
      respond({ ...remote, id: request.id });
    });
  }

  /** A replica to ask when no leader is known; a different one each time, healthy ones first. */
  #anyReplica(partition: number): number {
    const replicas = (this.#store.routing.partitions[partition]?.replicas ?? []).filter(
      (r) => r !== this.#store.nodeId,
    );
    const healthy = replicas.filter((r) => !this.#store.isSuspect(r));
    const choice = healthy.length > 0 ? healthy : replicas;
    return choice[this.#rotation++ % Math.max(1, choice.length)] ?? 0;
  }
}

/** A read does, and a write whose condition does not hold. */
function mayShowValue(request: KvRequest): boolean {
  if (!isWriteRequest(request)) return true;
  const writes = request.transact?.writes ?? (request.write ? [request.write] : []);
  return writes.some((write) => write.hasExpectedRevision);
}
