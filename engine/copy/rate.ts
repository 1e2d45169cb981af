import { setTimeout as sleep } from 'node:timers/promises';

/** Gives each caller its place in time, so that no more than so many begin a second. Null: no limit. */
export function pacer(perSecond: number | null, signal: AbortSignal): () => Promise<void> {
  if (perSecond === null) return () => Promise.resolve();
  const gapMs = 1000 / perSecond;
  let nextMs = performance.now();
  return async () => {
    const nowMs = performance.now();
    // What was not used is gone: a pause is not followed by a burst.
    const mineMs = Math.max(nextMs, nowMs);
    nextMs = mineMs + gapMs;
    // The end is noticed by the caller.
    if (mineMs > nowMs) await sleep(mineMs - nowMs, undefined, { signal }).catch(() => undefined);
  };
}
