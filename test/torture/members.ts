import { setTimeout as sleep } from 'node:timers/promises';
import type { ClusterClient } from '../../engine/client/cluster-client.ts';
import { PrkDbError } from '../../engine/client/errors.ts';
import type { MembersResponse } from '../../engine/rpc/cluster.ts';
import type { World } from './world.ts';

const POLL_MS = 200;
const ASK_TIMEOUT_MS = 6_000;

/**
 * What one of the nodes answers, asked in turn until it is what `accept` takes. Faults may keep
 * the nodes from answering and deciding; they end. Throws with the last refusal after that long.
 */
export async function askAny<T>(
  world: World,
  what: string,
  ask: (client: ClusterClient, timeoutMs: number) => Promise<T>,
  accept: (answer: T) => boolean,
  withinMs: number,
): Promise<T> {
  const endMs = performance.now() + withinMs;
  let why = 'nobody was there';
  do {
    for (const node of world.nodes.filter((each) => !each.down)) {
      try {
        const answer = await ask(node.admin, ASK_TIMEOUT_MS);
        if (accept(answer)) return answer;
        why = 'the answer was not it';
      } catch (error) {
        if (!(error instanceof PrkDbError)) throw error;
        why = error.message;
      }
    }
    await sleep(POLL_MS);
  } while (performance.now() < endMs);
  throw new Error(`${what}: not within ${withinMs} ms (${why})`);
}

/** Waits until the members are the nodes that are to stay, each with its share, and nothing moves. */
export async function membersAtRest(world: World, withinMs: number): Promise<MembersResponse> {
  let seen = '';
  const isAtRest = (answer: MembersResponse): boolean => {
    const { members, moves, balance, fromLeader } = answer;
    const states = members.map(({ id, state }) => `n${id} ${state}`).join(', ');
    seen = `${fromLeader ? 'by its leader' : 'by a follower'} ${states}; ${balance}; ${JSON.stringify(moves)}`;
    const staying = world.nodes.filter((node) => !node.leaving);
    const ids = staying.map((node) => node.id).toSorted((a, b) => a - b);
    return (
      fromLeader &&
      balance === 'settled' &&
      moves.length === 0 &&
      members.every((m) => m.state === 'active') &&
      members.map((m) => m.id).join() === ids.join()
    );
  };
  try {
    return await askAny(world, 'members at rest', (c, timeoutMs) => c.members({}, { timeoutMs }), isAtRest, withinMs);
  } catch (error) {
    throw new Error(`${(error as Error).message}: ${seen}`, { cause: error });
  }
}
