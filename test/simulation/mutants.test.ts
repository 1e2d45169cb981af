import { readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, test } from 'vitest';
import { fits, MUTANTS, mutantNames, runMutant } from './mutants.ts';

/** Those that are caught within a second or two; all of them: `npm run simulate:mutants`. */
const CHEAP = ['01-commit-counts-older-terms', '02-leader-counts-itself-before-sync', '24-cas-ignores-revision'];

describe('deliberate bugs', () => {
  test.each(CHEAP)(
    '%s is caught by the simulator',
    async (name) => {
      expect(await runMutant(name)).toMatchObject({ name, caught: true });
    },
    120_000,
  );

  test('every patch fits the sources as they are', () => {
    expect(mutantNames().filter((name) => !fits(name))).toEqual([]);
  });

  test('every patch says what the bug is and where it is known from', () => {
    const names = mutantNames();
    expect(names.length).toBeGreaterThanOrEqual(15);
    for (const name of names) {
      const lines = readFileSync(path.join(MUTANTS, `${name}.patch`), 'utf8').split('\n');
      expect(lines[0]).toMatch(/^Bug: /);
      expect(lines[1]).toMatch(/^(Known from|Found by): /);
    }
  });
});
