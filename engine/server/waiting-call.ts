import { KvStatus, type KvRequest, type KvResponse } from '../rpc/kv.ts';
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
export function callAndWait(router: Router, request: KvRequest, token: string | null): Promise<KvResponse> {
  const endMs = performance.now() + request.timeoutMs;
  return new Promise((resolve) => {
    const attempt = (retryMs: number): void => {
      const leftMs = Math.max(1, Math.round(endMs - performance.now()));
      router.handle({ ...request, timeoutMs: leftMs }, token, (result) => {
        if (!retriable.has(result.status) || performance.now() + retryMs >= endMs) return resolve(result);
        setTimeout(attempt, retryMs, Math.min(MAX_RETRY_MS, retryMs * 2));
      });
    };
    attempt(FIRST_RETRY_MS);
  });
}
