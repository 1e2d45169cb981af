import { setTimeout as sleep } from 'node:timers/promises';
import { PrkDbError } from '../../engine/client/errors.ts';
import type { Random } from '../simulation/random.ts';
import type { World } from './world.ts';

const MIN_GAP_MS = 100;
const MAX_GAP_MS = 3_000;
const TIMEOUT_MS = 2_000;

/** Moves leaders by command, until it is stopped: of any group, to any voter, whatever else goes on. */
export async function moveLeaders(world: World, random: Random, stopped: AbortSignal): Promise<void> {
  while (!stopped.aborted) {
    await sleep(random.logBetween(MIN_GAP_MS, MAX_GAP_MS));
    const node = random.shuffled(world.nodes.filter((each) => !each.down))[0];
    if (node === undefined) continue;
    try {
      const { groups } = await node.status();
      const led = random.shuffled(groups.filter((group) => group.role === 'leader'))[0];
      const to = random.shuffled((led?.voters ?? []).filter((id) => id !== node.id))[0];
      if (led === undefined || to === undefined) continue;
      await node.admin.transferLeadership({ partition: led.partition, toNodeId: to }, { timeoutMs: TIMEOUT_MS });
      world.count('leaders moved by command');
    } catch (error) {
      // It was in trouble, or refused: its follower is not in step, or it does not lead any more.
      if (!(error instanceof PrkDbError)) throw error;
      world.count('moves of leaders refused');
    }
  }
}
