import type { Locator, Page } from 'playwright-core';
import { expectHealthy } from './cluster-page.ts';

export async function openSheet(page: Page): Promise<Locator> {
  await page.getByRole('button', { name: 'New local cluster' }).click();
  const sheet = page.getByRole('dialog', { name: 'New local cluster' });
  await sheet.waitFor();
  return sheet;
}

/** A cluster of one node, for stories that are about something else than failing over. */
export async function startSingleNode(page: Page, name: string): Promise<void> {
  const sheet = await openSheet(page);
  await sheet.getByRole('radio', { name: /Single node/ }).click();
  await sheet.getByRole('textbox', { name: 'Name' }).fill(name);
  await sheet.getByRole('button', { name: /^Create and start/ }).click();
  await sheet.waitFor({ state: 'detached' });
  await expectHealthy(page, 1, 8);
}
