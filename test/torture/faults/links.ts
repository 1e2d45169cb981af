import type { LinkTrouble } from '../fault-table.ts';
import type { World } from '../world.ts';

/** Two ids that differ. */
function pair(world: World): [number, number] {
  const [a, b] = world.random.shuffled(world.nodes);
  return [a!.id, b!.id];
}

function between(sideA: readonly number[], sideB: readonly number[]): LinkTrouble[] {
  return sideA.flatMap((a) =>
    sideB.flatMap((b) => [
      { from: a, to: b, cut: true },
      { from: b, to: a, cut: true },
    ]),
  );
}

async function suffer(world: World, what: string, troubles: readonly LinkTrouble[], maxMs: number): Promise<void> {
  world.tell(what);
  const end = world.faults.addLinks(troubles);
  await world.pause(300, maxMs);
  end();
  world.tell(`no longer: ${what}`);
}

export async function cutOneWay(world: World): Promise<void> {
  const [from, to] = pair(world);
  world.count('cuts');
  await suffer(world, `cut from node ${from} to node ${to}`, [{ from, to, cut: true }], 5000);
}

export async function cutBothWays(world: World): Promise<void> {
  const [a, b] = pair(world);
  world.count('cuts');
  await suffer(world, `cut between node ${a} and node ${b}`, between([a], [b]), 5000);
}

/** Two sides that hear nothing of each other; one of them may be a single node. */
export async function partition(world: World): Promise<void> {
  const ids = world.random.shuffled(world.nodes.map((node) => node.id));
  const size = world.random.between(1, Math.floor(ids.length / 2));
  const [one, other] = [ids.slice(0, size), ids.slice(size)];
  world.count('cuts');
  await suffer(world, `cut nodes ${one.join(', ')} off from ${other.join(', ')}`, between(one, other), 6000);
}

/** One node hears all and is heard by none. */
export async function mute(world: World): Promise<void> {
  const { id } = world.random.pick(world.nodes);
  const troubles = world.nodes.filter((n) => n.id !== id).map((n) => ({ from: id, to: n.id, cut: true }));
  world.count('cuts');
  await suffer(world, `node ${id} is not heard`, troubles, 5000);
}

export async function delay(world: World): Promise<void> {
  const delayMs = world.random.logBetween(5, 500);
  const [a, b] = pair(world);
  const troubles = [{ from: a, to: b, delayMs }];
  if (world.random.chance(0.5)) troubles.push({ from: b, to: a, delayMs });
  world.count('delayed links');
  await suffer(world, `delay node ${a} to node ${b} by ${delayMs} ms`, troubles, 5000);
}

export async function drop(world: World): Promise<void> {
  const share = world.random.between(5, 60) / 100;
  const { id } = world.random.pick(world.nodes);
  const troubles = world.nodes
    .filter((n) => n.id !== id)
    .flatMap((n) => [
      { from: id, to: n.id, drop: share },
      { from: n.id, to: id, drop: share },
    ]);
  world.count('lossy links');
  await suffer(world, `drop ${Math.round(share * 100)} % of frames to and from node ${id}`, troubles, 5000);
}
