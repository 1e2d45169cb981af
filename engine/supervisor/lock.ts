import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import lockfile from 'proper-lockfile';
import { SupervisorError } from './errors.ts';

/** A holder that was killed is recognised after this: it no longer renews its lock. */
const STALE_MS = 6000;
const RENEW_MS = 1500;
/** Longer than STALE_MS and than any change takes. */
const GIVE_UP_MS = 20_000;
const RETRY_MS = 25;

/** Waiters of this process stand in line here, so that the file is contended between processes only. */
const lines = new Map<string, Promise<unknown>>();

/** Runs `change` while no other process, and nobody else in this one, holds the lock. */
export async function withLock<T>(lockPath: string, change: () => Promise<T>): Promise<T> {
  const before = lines.get(lockPath) ?? Promise.resolve();
  const mine = before.then(() => locked(lockPath, change));
  const settled = mine.catch(() => undefined);
  lines.set(lockPath, settled);
  try {
    return await mine;
  } finally {
    if (lines.get(lockPath) === settled) lines.delete(lockPath);
  }
}

async function locked<T>(lockPath: string, change: () => Promise<T>): Promise<T> {
  await mkdir(path.dirname(lockPath), { recursive: true });
  const release = await acquire(lockPath);
  try {
    return await change();
  } finally {
    // Fails only when the lock was lost meanwhile (this machine slept): then it is not ours to release.
    await release().catch(() => undefined);
  }
}

async function acquire(lockPath: string): Promise<() => Promise<void>> {
  const giveUpAtMs = Date.now() + GIVE_UP_MS;
  for (;;) {
    try {
      return await lockfile.lock(lockPath, {
        lockfilePath: lockPath,
        realpath: false,
        stale: STALE_MS,
        update: RENEW_MS,
        onCompromised: () => undefined,
      });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error;
      if (Date.now() > giveUpAtMs) {
        throw new SupervisorError(
          'busy',
          'Another process has been changing this cluster for a while.',
          'Wait for it to finish and try again.',
          { cause: error },
        );
      }
    }
    await sleep(RETRY_MS);
  }
}
