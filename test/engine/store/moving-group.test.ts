import { describe, expect, it } from 'vitest';
import { MovingGroup } from './moving-group.ts';

const RUNS = 60;
/** Where replicas once went on the word of a leader before a majority knew of their removal, and the group was lost. */
const KNOWN = [445];
const STEPS = 12_000;
const CALM_ROUNDS = 3_000;

describe('a group that follows a routing table which changes all the time', () => {
  it('loses nothing over crashes and replicas that are given up, and is where it shall be when all is calm', () => {
    let committed = 0;
    let dropped = 0;
    let tables = 0;
    for (const seed of [...KNOWN, ...Array.from({ length: RUNS }, (_, i) => i + 1)]) {
      const group = new MovingGroup(seed);
      for (let i = 0; i < STEPS; i++) group.step();
      let missing: string | null = '';
      for (let i = 0; i < CALM_ROUNDS && missing !== null; i++) missing = group.calmRound();
      expect({ seed, missing }).toEqual({ seed, missing: null });
      committed += group.committedCount;
      dropped += group.dropped;
      tables += group.epoch;
    }
    // A run in which nothing moves shows nothing.
    expect(tables).toBeGreaterThan(10 * RUNS);
    expect(dropped).toBeGreaterThan(3 * RUNS);
    expect(committed).toBeGreaterThan(25 * RUNS);
  }, 60_000);
});
