import { describe, expect, it } from 'vitest';
import { Network } from './network.ts';

const SEEDS = 300;
const STEPS = 10_000;

/** Crashes, restarts, cuts and losses for a while, then quiet; and all must agree. */
function torture(seed: number, size: number, steps: number): Network {
  const network = new Network(size, seed, {
    limits: { maxInflightAppends: 3, maxAppendBytes: 40, maxCachedBytes: 300 },
  });
  network.dropRate = network.random() * 0.2;
  network.diskRate = 0.03 + network.random() * 0.2;
  const crashRate = network.random() * 0.002;
  const cutRate = network.random() * 0.002;
  for (let i = 0; i < steps; i++) {
    const node = network.pick(network.nodes);
    if (network.random() < crashRate) node.crash();
    if (node.raft === null && network.random() < 0.01) node.start();
    if (network.random() < cutRate) network.cut(node.id, network.pick(network.nodes).id);
    if (network.random() < 0.001) network.heal();
    network.step();
  }
  return network;
}

function settle(network: Network): void {
  network.heal();
  network.dropRate = 0;
  for (const node of network.nodes) if (node.raft === null) node.start();
  for (let round = 0; round < 100; round++) network.calmRound();
}

describe('the safety of the Raft paper, figure 3, over random faults', () => {
  it.each([3, 5])('holds in a group of %i, and all heals afterwards', (size) => {
    let committed = 0;
    let reads = 0;
    for (let seed = 1; seed <= SEEDS; seed++) {
      const network = torture(seed * 10 + size, size, STEPS);
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
    expect(committed).toBeGreaterThan(SEEDS * 10);
    expect(reads).toBeGreaterThan(SEEDS * 10);
  });
});
