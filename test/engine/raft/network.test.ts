import { describe, expect, it } from 'vitest';
import { bytes, ELECTION_MAX } from './harness.ts';
import { Network } from './network.ts';
import type { SimulatedNode } from './network.ts';

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

function calm(network: Network, rounds: number): void {
  for (let i = 0; i < rounds; i++) network.calmRound();
}

/** A group of three that has elected its first leader, over some seeds. */
function eachGroup(body: (network: Network, leader: SimulatedNode, others: SimulatedNode[]) => void): void {
  for (let seed = 1; seed <= 20; seed++) {
    const network = new Network(3, seed);
    calm(network, ELECTION_MAX * 4);
    expect(network.leaders.length, `seed ${seed}`).toBe(1);
    const leader = network.leaders[0]!;
    body(
      network,
      leader,
      network.nodes.filter((node) => node !== leader),
    );
  }
}

describe('a group of three', () => {
  it('takes a follower back that was cut off, without a new term (pre-vote)', () => {
    eachGroup((network, leader, [follower]) => {
      const { term } = leader.raft!;
      network.isolate(follower!.id);
      calm(network, ELECTION_MAX * 10);
      network.heal();
      leader.raft!.propose(bytes('x'));
      calm(network, ELECTION_MAX);
      expect(network.leaders).toEqual([leader]);
      expect(leader.raft!.term).toBe(term);
      expect(follower!.applied.length).toBe(leader.applied.length);
    });
  });

  it('replaces a leader that was cut off, which steps down and gives up what it could not commit', () => {
    eachGroup((network, leader, others) => {
      network.isolate(leader.id);
      leader.raft!.propose(bytes('never committed'));
      calm(network, ELECTION_MAX * 4);
      expect(leader.raft!.role).not.toBe('leader');
      const [next] = network.leaders;
      expect(others).toContain(next);
      next!.raft!.propose(bytes('committed'));
      network.heal();
      calm(network, ELECTION_MAX * 2);
      expect(leader.applied.map((e) => e.data)).toEqual(next!.applied.map((e) => e.data));
      expect(leader.applied.at(-1)!.data).toEqual(bytes('committed'));
    });
  });

  it('commits nothing without a majority, and goes on once one is back', () => {
    eachGroup((network, leader, others) => {
      for (const node of others) node.crash();
      const committed = network.committedCount;
      leader.raft!.propose(bytes('x'));
      calm(network, ELECTION_MAX * 4);
      expect(network.committedCount).toBe(committed);
      expect(network.leaders).toEqual([]);
      others[0]!.start();
      calm(network, ELECTION_MAX * 4);
      expect(network.leaders.length).toBe(1);
      expect(network.committedCount).toBeGreaterThan(committed);
    });
  });

  it('elects a leader though the member with the highest term has the shortest log (pitfall 6)', () => {
    eachGroup((network, leader, others) => {
      const [behind, other] = others;
      network.isolate(behind!.id);
      leader.raft!.propose(bytes('x'));
      calm(network, 3);
      leader.crash();
      behind!.crash();
      behind!.disk.hardState = { ...behind!.disk.hardState, term: 40, votedFor: behind!.id };
      behind!.start();
      network.heal();
      calm(network, ELECTION_MAX * 6);
      expect(network.leaders).toEqual([other]);
      expect(behind!.applied.length).toBe(other!.applied.length);
    });
  });
});
