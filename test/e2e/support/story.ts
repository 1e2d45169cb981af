import { mkdir } from 'node:fs/promises';
import { afterEach, beforeEach } from 'vitest';
import type { Page } from 'playwright-core';
import { resultsDir } from './results.ts';

/**
 * The tests of the enclosing block are steps of one story: after one failed, the rest are
 * skipped, and a picture of the page at that moment is kept.
 */
export function oneStory(page: () => Page | undefined): void {
  let failed: string | null = null;
  beforeEach((context) => {
    if (failed !== null) context.skip(`after "${failed}" failed`);
  });
  afterEach(async ({ task }) => {
    if (task.result?.state !== 'fail' || failed !== null) return;
    failed = task.name;
    await mkdir(`${resultsDir}failures`, { recursive: true });
    await page()?.screenshot({ path: `${resultsDir}failures/${task.name.replaceAll(/\W+/g, '-')}.png` });
  });
}
