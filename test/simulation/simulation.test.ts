import { describe, expect, test } from 'vitest';
import { failureReport } from './report.ts';
import type { RunOptions } from './plan.ts';
import { simulate, type Outcome } from './simulation.ts';

const STEPS = 30_000;

/** Of every profile and size some. */
const SEEDS = [1, 2, 3, 5, 6, 7, 8, 14, 36, 41, 66, 76, 14_442_202];

/** Each brings back a bug that the engine had (see the mutant of that name) when it is put back. */
const REGRESSIONS = [
  { seed: 29, bug: '29-failed-storage-keeps-office' },
  { seed: 6, bug: '26-read-rounds-restart-at-one' },
  { seed: 84, bug: '40-truncated-snapshot-passes' },
  { seed: 118, bug: '41-stalled-disk-takes-over' },
  { seed: 18, bug: '23-pushed-out-proposal-refused' },
  { seed: 112, bug: '75-comes-back-and-votes-too-early' },
  { seed: 47, bug: '81-superseded-snapshot-goes-on' },
  { seed: 202, bug: '82-removed-while-asked-for-votes' },
  { seed: 330, bug: '83-leader-that-removed-itself-knows' },
  { seed: 10, bug: '84-unled-partitions-sent-elsewhere' },
  { seed: 458, bug: '85-joining-node-goes-others-left-for' },
];

/** Empty, or what to read and what to run. */
function failure(outcome: Outcome, options: RunOptions): string {
  return outcome.violation === null ? '' : failureReport(outcome, options);
}

const fresh = Math.floor(Math.random() * 2 ** 32);

describe('a cluster under faults keeps its promises', () => {
  test.each(REGRESSIONS)('seed $seed, which finds $bug', ({ seed }) => {
    const options = { seed, steps: STEPS };
    expect(failure(simulate(options), options)).toBe('');
  });

  test.each(SEEDS)('seed %i', (seed) => {
    const options = { seed, steps: STEPS };
    const outcome = simulate(options);
    expect(failure(outcome, options)).toBe('');
    expect(outcome.steps).toBeGreaterThanOrEqual(STEPS);
  });

  test.each([0, 1, 2, 3])(`fresh seed ${fresh} + %i`, (offset) => {
    const options = { seed: fresh + offset, steps: STEPS };
    const outcome = simulate(options);
    expect(failure(outcome, options)).toBe('');
  });

  test.each([
    { nodes: 1, groups: 1 },
    { nodes: 2, groups: 3 },
    { nodes: 9, groups: 8 },
  ])('$nodes nodes and $groups groups', ({ nodes, groups }) => {
    const options = { seed: 11, steps: STEPS, nodes, groups };
    const outcome = simulate(options);
    expect(failure(outcome, options)).toBe('');
    expect(outcome.plan.nodes).toBe(nodes);
    expect(outcome.plan.genesis.partitions).toHaveLength(groups);
  });
});

describe('a seed', () => {
  test('replays to the event', () => {
    const [first, again, other] = [5, 5, 6].map((seed) => simulate({ seed, steps: 10_000 }));
    expect(again?.traceHash).toBe(first?.traceHash);
    expect(again?.lastEvents(500)).toEqual(first?.lastEvents(500));
    expect(other?.traceHash).not.toBe(first?.traceHash);
  });

  test('brings all that it is for: elections, faults, commits, operations', () => {
    const outcomes = [14, 15, 16, 17, 18].map((seed) => simulate({ seed, steps: STEPS }));
    for (const count of ['faults', 'elections', 'committed', 'operations'] as const) {
      expect(outcomes.reduce((sum, outcome) => sum + outcome[count], 0)).toBeGreaterThan(100);
    }
  });
});
