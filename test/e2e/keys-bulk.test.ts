import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Locator, Page } from 'playwright-core';
import type { PrkDbClient } from '../../engine/client/index.ts';
import { openApp, type TestApp } from './support/app.ts';
import { noBrowser } from './support/browser.ts';
import { clientPortOf, expectText, expectValue, goTo, keyRow } from './support/cluster-page.ts';
import { startSingleNode } from './support/cluster-sheet.ts';
import { lookAt } from './support/look.ts';
import { oneStory } from './support/story.ts';

/** Enough for many batches and pages; PRKDB_E2E_KEYS=50000 tells the whole story. */
const KEYS = Number(process.env['PRKDB_E2E_KEYS'] ?? 5_000);
const WANTED = `/orders/${String(KEYS - 7).padStart(6, '0')}`;
const PATIENCE_MS = 120_000;

describe.skipIf(noBrowser)('many keys', () => {
  let app: TestApp;
  let page: Page;
  let other: PrkDbClient;
  oneStory(() => page);

  const menu = async (item: RegExp): Promise<void> => {
    await page.getByRole('button', { name: 'Export, import, delete' }).click();
    await page.getByRole('menuitem', { name: item }).click();
  };
  const folder = (name: string): Locator =>
    page.getByRole('tree', { name: 'Prefixes' }).getByRole('treeitem', { name, exact: false });

  beforeAll(async () => {
    app = await openApp();
    page = await app.openWindow();
    await startSingleNode(page, 'solo');
    other = await app.client(await clientPortOf(page, 'n1'));
    await other.put('/orders/000003', 'old');
    await other.put(Buffer.from([0x2f, 0xff]), Buffer.from([0, 1]));
    await goTo(page, 'Keys');
  });
  afterAll(async () => {
    await app.close();
  });

  test('a file is looked through before anything is written', async () => {
    const lines = Array.from(
      { length: KEYS },
      (_, i) => `{"key":"/orders/${String(i).padStart(6, '0')}","value":"{\\"n\\":${i}}"}`,
    );
    await menu(/^Import/);
    const dialog = page.getByRole('dialog', { name: 'Import keys' });
    await dialog.getByLabel('File to import').setInputFiles({
      name: 'orders.jsonl',
      mimeType: 'application/x-ndjson',
      buffer: Buffer.from(`${lines.join('\n')}\nnot json\n`),
    });
    const found = `${KEYS.toLocaleString('en-US')} keys: ${(KEYS - 1).toLocaleString('en-US')} new, 1 with another value now`;
    await expectText(dialog, new RegExp(found), PATIENCE_MS);
    await expectText(dialog, /1 line cannot be read.*line [\d,]+: This is not JSON/);
    expect(await other.get('/orders/000001')).toBeNull();
    expect(await lookAt(page, 'import', { narrow: true })).toEqual([]);
  });

  test('then it is imported, and one of its keys is found', async () => {
    const dialog = page.getByRole('dialog', { name: 'Import keys' });
    await dialog.getByRole('button', { name: /^Import [\d,]+ keys$/ }).click();
    await expectText(dialog, new RegExp(`${KEYS.toLocaleString('en-US')} keys written`), PATIENCE_MS);
    await dialog.getByRole('button', { name: 'Close', exact: true }).last().click();
    await page.getByRole('textbox', { name: 'Key prefix' }).fill(WANTED);
    await keyRow(page, `…/orders/${WANTED.slice(8)}`)
      .or(keyRow(page, WANTED))
      .first()
      .click();
    await expectValue(page, `{"n":${KEYS - 7}}`);
  });

  test('the tree counts what it looked at, and leads to it', async () => {
    await page.getByRole('button', { name: 'Close key' }).click();
    await folder('/').first().press('ArrowRight');
    await expectText(folder('orders/'), KEYS > 10_000 ? /10,000\+/ : new RegExp(KEYS.toLocaleString('en-US')));
    await folder('orders/').click();
    expect(await page.getByRole('textbox', { name: 'Key prefix' }).inputValue()).toBe('/orders/');
  });

  test('ticked keys are exported byte for byte', async () => {
    const grid = page.getByRole('grid', { name: 'Keys' });
    await page.getByRole('heading', { level: 2, name: '/orders/', exact: true }).waitFor();
    await keyRow(page, '/orders/000000').waitFor();
    await grid.focus();
    await page.keyboard.press('Space');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Space');
    const selection = page.getByRole('group', { name: 'Selected keys' });
    await expectText(selection, /^2 selected/);
    await selection.getByRole('button', { name: 'Export…' }).click();
    const dialog = page.getByRole('dialog', { name: 'Export keys' });
    await dialog.getByRole('radio', { name: 'CSV' }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      dialog.getByRole('button', { name: 'Export', exact: true }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/^solo-keys-.*\.csv$/);
    expect(await readFile(await download.path(), 'utf8')).toBe(
      'key,value,key_encoding,value_encoding,expires_at\r\n/orders/000000,"{""n"":0}",utf8,utf8,\r\n/orders/000001,"{""n"":1}",utf8,utf8,\r\n',
    );
  });

  test('a branch is deleted once its name was typed', async () => {
    expect(await lookAt(page, 'keys-tree', { narrow: false })).toEqual([]);
    await folder('orders/').click();
    await page.getByText(/first 200 keys/).waitFor();
    await menu(/^Delete/);
    const dialog = page.getByRole('dialog', { name: 'Delete a whole branch?' });
    const remove = dialog.getByRole('button', { name: 'Delete for good' });
    expect(await remove.isDisabled()).toBe(true);
    await dialog.getByRole('textbox', { name: /^Type \/orders\/ to delete/ }).fill('/orders/');
    await remove.click();
    await dialog.waitFor({ state: 'detached', timeout: PATIENCE_MS });
    await page.getByText('No key begins with this prefix.').waitFor();
    expect((await other.get(Buffer.from([0x2f, 0xff])))?.value).toEqual(Buffer.from([0, 1]));
  });

  test('nothing complained on the way', () => {
    expect(app.complaints).toEqual([]);
  });
});
