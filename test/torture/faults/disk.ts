import { setTimeout as sleep } from 'node:timers/promises';
import type { NodeStatus } from '../../../engine/rpc/cluster.ts';
import type { TortureNode } from '../node.ts';
import type { World } from '../world.ts';

const FULL_NOTICED_MS = 8_000;
const WATCH_MS = 700;

export async function slowDisk(world: World, node: TortureNode): Promise<void> {
  const delayMs = world.random.logBetween(10, 400);
  world.tell(`each sync of node ${node.id} takes ${delayMs} ms more`);
  const end = world.faults.addDisk({ node: node.id, delayMs });
  world.count('slow disks');
  await world.pause(300, 3000);
  end();
  world.tell(`the disk of node ${node.id} is as fast as before`);
}

export async function hungDisk(world: World, node: TortureNode): Promise<void> {
  world.tell(`the disk of node ${node.id} hangs`);
  const end = world.faults.addDisk({ node: node.id, delayMs: 60_000 });
  world.count('hung disks');
  await world.pause(1000, 6000);
  end();
  world.tell(`the disk of node ${node.id} answers again`);
}

/**
 * A disk without room for one more page. The node must say so, lead nothing and live on;
 * only a restart brings it back.
 */
export async function fullDisk(world: World, node: TortureNode): Promise<void> {
  const which = world.random.chance(0.5) ? 'log' : 'state machine';
  world.tell(`the disk of the ${which} of node ${node.id} is full`);
  const end = world.faults.addDisk({
    node: node.id,
    ...(which === 'log' ? { logLimitBytes: 1 } : { stateLimitBytes: 1 }),
  });
  world.count('full disks');
  const failed = await failedStatus(world, node);
  if (failed === null) world.tell(`node ${node.id} had nothing to write to its full disk`);
  else await watchFailed(world, node, failed);
  end();
  await node.kill();
  await node.start();
  world.tell(`node ${node.id} serves again, with room on its disk`);
}

/** The first status that tells of the disk, or null when the node needed no room for long. */
async function failedStatus(world: World, node: TortureNode): Promise<NodeStatus | null> {
  const endMs = performance.now() + FULL_NOTICED_MS;
  while (performance.now() < endMs && node.process.running) {
    const status = await node.status().catch(() => null);
    if (status !== null && status.storageError !== '') return status;
    await sleep(100);
  }
  if (!node.process.running) world.violation(`node ${node.id} ended when its disk was full`);
  return null;
}

async function watchFailed(world: World, node: TortureNode, failed: NodeStatus): Promise<void> {
  world.tell(`node ${node.id} says: ${failed.storageError}`);
  world.count('full disks that were told');
  if (!/disk is full/.test(failed.storageError)) {
    world.violation(`node ${node.id} does not say that its disk is full, but: ${failed.storageError}`);
  }
  await sleep(WATCH_MS);
  const later = await node.status().catch(() => null);
  if (!node.process.running) return world.violation(`node ${node.id} ended when its disk was full`);
  if (later === null) return;
  const led = later.groups.filter((g) => g.role !== 'follower' && g.role !== 'learner');
  if (led.length > 0) world.violation(`node ${node.id} is ${led[0]!.role} of group ${led[0]!.group} with a full disk`);
  const persisted = new Map(failed.groups.map((g) => [g.group, g.persistedIndex]));
  const moved = later.groups.some((g) => g.persistedIndex > (persisted.get(g.group) ?? 0));
  if (moved) world.violation(`node ${node.id} confirms entries after its disk was full`);
}
