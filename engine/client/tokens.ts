import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterClient } from './cluster-client.ts';
import type { ConnectionOptions } from './credentials.ts';
import { ElsewhereError, PrkDbError, UnavailableError } from './errors.ts';

const POLL_MS = 100;
const ATTEMPT_MS = 2_000;

/**
 * Runs `change` on the node that leads the system group: follows whoever names it, and asks
 * again while there is an election. Rejects with the last node's PrkDbError after `timeoutMs`.
 */
export async function atSystemLeader<T>(
  endpoints: readonly string[],
  connection: ConnectionOptions,
  timeoutMs: number,
  change: (client: ClusterClient) => Promise<T>,
): Promise<T> {
  const endMs = Date.now() + timeoutMs;
  for (let turn = 0; ; turn++) {
    let endpoint = endpoints[turn % endpoints.length]!;
    for (let hop = 0; ; hop++) {
      const client = new ClusterClient(endpoint, connection);
      try {
        return await change(client);
      } catch (error) {
        if (error instanceof ElsewhereError && hop < 2) {
          endpoint = error.leader;
          continue;
        }
        const isPassing = error instanceof ElsewhereError || error instanceof UnavailableError;
        if (!isPassing || Date.now() + POLL_MS > endMs) throw error;
        break;
      } finally {
        client.close();
      }
    }
    await sleep(POLL_MS);
  }
}

/** Waits until these nodes let a token in, for a while. Resolves with those that do not yet. */
export async function waitForToken(
  endpoints: readonly string[],
  connection: ConnectionOptions,
  timeoutMs: number,
): Promise<string[]> {
  const endMs = Date.now() + timeoutMs;
  const knows = async (endpoint: string): Promise<boolean> => {
    const client = new ClusterClient(endpoint, connection);
    try {
      while (Date.now() < endMs) {
        try {
          await client.status({ timeoutMs: ATTEMPT_MS });
          return true;
        } catch (error) {
          if (!(error instanceof PrkDbError)) throw error;
          await sleep(POLL_MS);
        }
      }
      return false;
    } finally {
      client.close();
    }
  };
  const known = await Promise.all(endpoints.map(knows));
  return endpoints.filter((_, i) => known[i] !== true);
}
