import type { TortureNode } from '../node.ts';
import type { World } from '../world.ts';

/** SIGKILL, some time down, and up again. */
export async function kill(world: World, node: TortureNode): Promise<void> {
  world.tell(`kill node ${node.id}`);
  await node.kill();
  world.count('kills');
  await world.pause(10, 2000);
  await node.start();
  world.tell(`node ${node.id} serves again`);
}

/** SIGTERM, and up again. */
export async function restart(world: World, node: TortureNode): Promise<void> {
  world.tell(`stop node ${node.id} in order`);
  await node.stop();
  world.count('restarts');
  await world.pause(20, 500);
  await node.start();
  world.tell(`node ${node.id} serves again`);
}

/** SIGSTOP, and SIGCONT later: its clock goes on while it stands still. */
export async function freeze(world: World, node: TortureNode): Promise<void> {
  world.tell(`freeze node ${node.id}`);
  node.freeze();
  world.count('freezes');
  await world.pause(100, 4000);
  node.thaw();
  world.tell(`thaw node ${node.id}`);
}

/** These at once, as when the power fails (what the kernel had is kept, as SIGKILL keeps it). */
export async function killAll(world: World, nodes: readonly TortureNode[]): Promise<void> {
  world.tell('kill all nodes at once');
  await Promise.all(nodes.map((node) => node.kill()));
  for (const _ of nodes) world.count('kills');
  world.count('kills of all at once');
  await Promise.all(nodes.map((node) => node.start()));
  world.tell('all nodes serve again');
}
