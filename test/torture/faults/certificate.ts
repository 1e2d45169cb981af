import type { TortureNode } from '../node.ts';
import type { World } from '../world.ts';

/** Longer than a node takes to see that its files have changed. */
const SEEN_MIN_MS = 1_200;
const SEEN_MAX_MS = 3_000;

/** A node gets a new certificate and key while it serves: nobody may notice. */
export async function renewCertificate(world: World, node: TortureNode): Promise<void> {
  world.tell(`node ${node.id} gets a new certificate`);
  await world.renew?.(node);
  world.count('renewed certificates');
  await world.pause(SEEN_MIN_MS, SEEN_MAX_MS);
}
