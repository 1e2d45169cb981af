import { describe, expect, it } from 'vitest';
import { Network } from './network.ts';

/** Crashes, restarts, cuts and losses for a while, then quiet; and all must agree. */
function torture(seed: number, size: number, steps: number): Network {
  const network = new Network(size, seed, {
    limits: { maxInflightAppends: 3, maxAppendBytes: 40, maxCachedBytes: 300 },
  });
  network.dropRate = network.random() * 0.3;
  for (let i = 0; i < steps; i++) {
    const dice = network.random();
    const node = network.pick(network.nodes);
    if (dice < 0.001) node.crash();
    else if (dice < 0.004 && node.raft === null) node.start();
    else if (dice < 0.006) network.cut(node.id, network.pick(network.nodes).id);
    else if (dice < 0.007) network.heal();
    network.step();
  }
  return network;
}

function settle(network: Network): void {
  network.heal();
  network.dropRate = 0;
  for (const node of network.nodes) if (node.raft === null) node.start();
  for (let round = 0; round < 200; round++) network.calmRound();
}

describe('the safety of the Raft paper, figure 3, over random faults', () => {
  it.each([3, 5])('holds in a group of %i, and all heals afterwards', (size) => {
    let committed = 0;
    let reads = 0;
    for (let seed = 1; seed <= 150; seed++) {
      const network = torture(seed * 10 + size, size, 3000);
      settle(network);
      const { leaders } = network;
      expect(leaders.length, `seed ${seed}`).toBe(1);
      const leader = leaders[0]!;
      for (const node of network.nodes) {
        expect(node.raft?.commitIndex, `seed ${seed}, node ${node.id}`).toBe(leader.raft?.lastIndex);
        expect(node.applied.length).toBe(leader.applied.length);
      }
      committed += network.committedCount;
      reads += network.readsAnswered;
    }
    expect(committed).toBeGreaterThan(150 * 10);
    expect(reads).toBeGreaterThan(150);
  });
});
