import { describe, expect, it } from 'vitest';
import { freshSeed } from '../torture/options.ts';
import { runTorture } from '../torture/run.ts';

const DURATION_MS = 15_000;
const seed = freshSeed();

describe('three nodes under torture', () => {
  it(`keep every promise (npm run torture -- --nodes 3 --seed ${seed})`, async () => {
    const report = await runTorture({
      seed,
      nodes: 3,
      durationMs: DURATION_MS,
      members: false,
      tls: false,
      json: true,
    });
    expect({ violations: report.violations, directory: report.directory }).toEqual({ violations: [], directory: null });
    expect(report.operations.put.ok).toBeGreaterThan(0);
    expect(report.operations.get.ok).toBeGreaterThan(0);
  }, 400_000);
});
