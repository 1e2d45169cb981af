import path from 'node:path';
import lockfile from 'proper-lockfile';
import type { ClusterRecord } from '../supervisor/index.ts';
import { DrillError } from './errors.ts';

/** A holder that was killed is recognised after this: it no longer renews its lock. */
const STALE_MS = 6000;
const RENEW_MS = 1500;

/**
 * Runs `drill` while no other runs on this cluster, in whichever process: each would measure
 * the other's fault. Rejects with DrillError 'refused' at once when one does.
 */
export async function oneAtATime<T>(record: ClusterRecord, drill: () => Promise<T>): Promise<T> {
  const lockPath = path.join(record.dataDir, 'drill.lock');
  let release: () => Promise<void>;
  try {
    release = await lockfile.lock(lockPath, {
      lockfilePath: lockPath,
      realpath: false,
      stale: STALE_MS,
      update: RENEW_MS,
      onCompromised: () => undefined,
    });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error;
    throw new DrillError(
      'refused',
      `A drill is already running on ${record.name}, begun by the app or another command.`,
      'Wait for it to end, or cancel it.',
      { cause: error },
    );
  }
  try {
    return await drill();
  } finally {
    // Fails only when the lock was lost meanwhile (this machine slept): then it is not ours to release.
    await release().catch(() => undefined);
  }
}
