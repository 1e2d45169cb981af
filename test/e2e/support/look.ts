import { mkdir } from 'node:fs/promises';
import { AxeBuilder } from '@axe-core/playwright';
import type { Page } from 'playwright-core';
import { resultsDir } from './results.ts';

const WIDE = { width: 1440, height: 900 };
const NARROW = { width: 1024, height: 700 };
const themes = ['light', 'dark'] as const;

const picturesDir = `${resultsDir}pictures`;

/**
 * Pictures of the page as it is, in both themes, wide and (unless told otherwise) narrow,
 * and what axe finds wrong with it, a line each. The page is left dark and wide.
 */
export async function lookAt(page: Page, name: string, options: { narrow: boolean }): Promise<string[]> {
  await mkdir(picturesDir, { recursive: true });
  const found: string[] = [];
  for (const theme of themes) {
    await show(page, theme, WIDE);
    await picture(page, name, theme, WIDE);
    found.push(...(await axeViolations(page, theme)));
  }
  for (const theme of options.narrow ? themes : []) {
    await show(page, theme, NARROW);
    await picture(page, name, theme, NARROW);
  }
  await show(page, 'dark', WIDE);
  return found;
}

async function axeViolations(page: Page, theme: string): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  return violations.flatMap(({ id, help, nodes }) =>
    nodes.map((node) => `${theme}: ${id}: ${help}: ${node.html} ${node.failureSummary ?? ''}`),
  );
}

async function show(page: Page, colorScheme: 'light' | 'dark', size: typeof WIDE): Promise<void> {
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
  await page.setViewportSize(size);
  // Two frames: sizes are measured in the first, what follows from them is drawn in the second.
  await page.evaluate(
    () =>
      new Promise((resolve) => {
        requestAnimationFrame(() => requestAnimationFrame(resolve));
      }),
  );
}

async function picture(page: Page, name: string, theme: string, size: typeof WIDE): Promise<void> {
  await page.screenshot({ path: `${picturesDir}/${name}-${theme}-${size.width}x${size.height}.png` });
}
