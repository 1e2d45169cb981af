import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Locator, Page } from 'playwright-core';
import { openApp, type TestApp } from './support/app.ts';
import { noBrowser } from './support/browser.ts';
import { expectHealthy, expectText } from './support/cluster-page.ts';
import { openSheet, startSingleNode } from './support/cluster-sheet.ts';
import { oneStory } from './support/story.ts';

describe.skipIf(noBrowser)('the new-cluster sheet', () => {
  let app: TestApp;
  let page: Page;
  let sheet: Locator;
  const blocker = createServer();
  oneStory(() => page);

  const create = (): Locator => sheet.getByRole('button', { name: /^Create and start/ });

  beforeAll(async () => {
    app = await openApp();
    page = await app.openWindow();
    await startSingleNode(page, 'taken');
  });
  afterAll(async () => {
    blocker.close();
    await app.close();
  });

  test('it shows what would start, and the command that does the same', async () => {
    sheet = await openSheet(page);
    await expectText(sheet, /3 processes, about \d+ MB of memory/);
    await expectText(sheet, /8 partitions × 3 copies = 24 replicas/);
    await expectText(sheet, /Survives the loss of any 1 node/);
    await sheet.getByRole('radio', { name: /5-node/ }).click();
    await expectText(sheet, /8 partitions × 5 copies = 40 replicas/);
    expect(await sheet.getByRole('textbox', { name: 'Name' }).inputValue()).toBe('dev-5');
    await sheet.getByRole('button', { name: 'Copy as CLI command' }).click();
    await expect.poll(() => page.evaluate(() => navigator.clipboard.readText())).toMatch(/^prkdb up dev-5 .*--nodes 5/);
  });

  test('a name that is wrong or taken is told at the field', async () => {
    const name = sheet.getByRole('textbox', { name: 'Name' });
    await name.fill('Dev 3');
    await expectText(sheet, /begins with a letter and has only a-z, 0-9 and hyphens/);
    expect(await create().isDisabled()).toBe(true);
    await name.fill('taken');
    await expectText(sheet, /taken/);
    await expect.poll(() => name.getAttribute('aria-invalid')).toBe('true');
    expect(await create().isDisabled()).toBe(true);
    await name.fill('fresh');
    await expect.poll(() => name.getAttribute('aria-invalid')).toBeNull();
  });

  test('a port in use is told at the field', async () => {
    await new Promise<void>((resolve) => blocker.listen(0, '127.0.0.1', resolve));
    const used = (blocker.address() as AddressInfo).port;
    const port = sheet.getByRole('textbox', { name: /^Base port/ });
    // The first node's client port is one above the base.
    await port.fill(String(used - 1));
    await expectText(sheet, new RegExp(`${used}.*(in use|taken)`));
    await expect.poll(() => port.getAttribute('aria-invalid')).toBe('true');
    await port.fill('80');
    await expectText(sheet, /Use a port from 1024 on/);
    await port.fill('');
  });

  test('counts out of bounds are told at the field', async () => {
    const partitions = sheet.getByRole('spinbutton', { name: /^Partitions/ });
    await partitions.fill('300');
    await expectText(sheet, /At most 256 partitions/);
    await partitions.fill('2');
    await sheet.getByRole('spinbutton', { name: /^Nodes/ }).fill('1');
    await expectText(sheet, /2 partitions × 1 copy = 2 replicas/);
  });

  test('the keyboard creates it', async () => {
    await sheet.getByRole('textbox', { name: 'Name' }).press('ControlOrMeta+Enter');
    await sheet.waitFor({ state: 'detached' });
    await page.waitForURL(/\/c\/fresh$/);
    await expectHealthy(page, 1, 2);
  });

  test('it is stopped and deleted after asking', async () => {
    const menu = page.getByRole('button', { name: 'Cluster actions' });
    await menu.click();
    await page.getByRole('menuitem', { name: /^Stop…/ }).click();
    const stop = page.getByRole('dialog', { name: 'Stop fresh?' });
    await stop.getByRole('button', { name: 'Stop cluster' }).click();
    await stop.waitFor({ state: 'detached' });
    await expectText(page.getByRole('complementary', { name: 'Clusters' }), /fresh.*stopped/);

    await menu.click();
    await page.getByRole('menuitem', { name: /^Delete…/ }).click();
    const remove = page.getByRole('dialog', { name: 'Delete fresh and its data?' });
    await remove.getByRole('button', { name: 'Delete for good' }).click();
    await remove.waitFor({ state: 'detached' });
    await page.waitForURL(/\/c\/taken$/);
    await expect
      .poll(() => page.getByRole('complementary', { name: 'Clusters' }).getByRole('link', { name: /fresh/ }).count())
      .toBe(0);
  });

  test('nothing complained on the way', () => {
    expect(app.complaints).toEqual([]);
  });
});
