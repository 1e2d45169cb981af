import { KvStatus, type KvRequest, type KvResponse } from '../rpc/kv.ts';
import type { AnswerGate } from './answer-gate.ts';
import type { Router } from './router.ts';

const FIRST_RETRY_MS = 20;
const MAX_RETRY_MS = 200;

/** These say that nothing was done, and that it may work in a moment. */
const retriable: ReadonlySet<KvStatus> = new Set([
  KvStatus.NotLeader,
  KvStatus.NoLeader,
  KvStatus.Overloaded,
  KvStatus.StaleEpoch,
]);

/**
 * One request on behalf of a caller that cannot follow leaders itself: waits for a leader
 * until the time is up, instead of answering "no leader" during an election.
 */
export function callAndWait(
  router: Router,
  request: KvRequest,
  token: string | null,
  gate: AnswerGate,
  respond: (answer: KvResponse) => void,
): void {
  const endMs = performance.now() + request.timeoutMs;
  const attempt = (current: KvRequest, retryMs: number): void => {
    router.handle(current, token, gate, (result) => {
      if (!retriable.has(result.status) || performance.now() + retryMs >= endMs) return respond(result);
      setTimeout(() => {
        const leftMs = Math.max(1, Math.round(endMs - performance.now()));
        attempt({ ...request, timeoutMs: leftMs }, Math.min(MAX_RETRY_MS, retryMs * 2));
      }, retryMs);
    });
  };
  attempt(request, FIRST_RETRY_MS);
}
