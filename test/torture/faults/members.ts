import { rmSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterClient } from '../../../engine/client/cluster-client.ts';
import { PrkDbError } from '../../../engine/client/errors.ts';
import type { TortureNode } from '../node.ts';
import type { World } from '../world.ts';

const POLL_MS = 200;
/** Other faults may keep the others from deciding; they end. */
const DECIDED_WITHIN_MS = 120_000;

/**
 * A node loses its disk for good: the others remove it, and it comes back under the same id as a
 * new member, which gets everything from them.
 */
export async function loseDisk(world: World, node: TortureNode): Promise<void> {
  world.tell(`node ${node.id} loses its disk`);
  await node.kill();
  const { config, configFile, member } = node.process;
  rmSync(config.dataDir, { recursive: true, force: true });
  await world.pause(10, 1000);
  await removed(world, node);
  world.tell(`node ${node.id} is removed`);
  const join = world.nodes.filter((other) => other !== node).map((other) => other.process.address);
  writeFileSync(
    configFile,
    JSON.stringify({ ...config, members: [member], partitions: 0, replicationFactor: 0, join }),
  );
  await node.start();
  world.count('disks lost for good');
  world.tell(`node ${node.id} is a new member`);
}

/** Asks until the others have let it go. A refusal stands only as long as they are in trouble too. */
async function removed(world: World, node: TortureNode): Promise<void> {
  const endMs = performance.now() + DECIDED_WITHIN_MS;
  let asked = false;
  let why = '';
  while (performance.now() < endMs) {
    for (const other of world.nodes) {
      if (other === node || other.down) continue;
      const client = new ClusterClient(other.process.address);
      try {
        if (!asked) await client.removeMember({ id: node.id, force: true }, { timeoutMs: 6_000 });
        asked = true;
        const { fromLeader, members } = await client.members({}, { timeoutMs: 3_000 });
        if (fromLeader && members.every((m) => m.id !== node.id)) return;
      } catch (error) {
        if (!(error instanceof PrkDbError)) throw error;
        why = error.message;
        if (why.includes('was removed already')) return;
      } finally {
        client.close();
      }
    }
    await sleep(POLL_MS);
  }
  throw new Error(`node ${node.id} was not removed within ${DECIDED_WITHIN_MS} ms: ${why}`);
}
