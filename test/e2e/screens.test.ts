import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { openApp, type TestApp } from './support/app.ts';
import { noBrowser } from './support/browser.ts';
import {
  clientPortOf,
  expectHealthy,
  expectText,
  feed,
  goTo,
  headline,
  keyRow,
  leaderCounts,
  nodeCard,
  setLoad,
  startFirstCluster,
  valueText,
  expectValue,
  fillValue,
} from './support/cluster-page.ts';
import { openSheet } from './support/cluster-sheet.ts';
import { lookAt } from './support/look.ts';
import { SHOWN_KEY, SHOWN_PREFIX, writeSampleData } from './support/sample-data.ts';
import { oneStory } from './support/story.ts';

/** Pictures are for people to look at, in test-results/pictures; what a program can judge is asserted. */
describe.skipIf(noBrowser)('every screen, in both themes', () => {
  let app: TestApp;
  let page: Page;
  let victim: string;
  oneStory(() => page);

  const expectFine = async (name: string, options = { narrow: true }): Promise<void> => {
    expect(await lookAt(page, name, options)).toEqual([]);
  };

  beforeAll(async () => {
    app = await openApp();
    page = await app.openWindow();
  });
  afterAll(async () => {
    await app.close();
  });

  test('first run', async () => {
    await page.getByRole('heading', { level: 1, name: /Run a real Raft cluster/ }).waitFor();
    await expectFine('first-run');
  });

  test('new cluster', async () => {
    const sheet = await openSheet(page);
    await expectText(sheet, /What will start/);
    await expectFine('new-cluster');
    await page.keyboard.press('Escape');
    await sheet.waitFor({ state: 'detached' });
  });

  test('overview', async () => {
    await startFirstCluster(page);
    const client = await app.client(await clientPortOf(page, 'n1'));
    await writeSampleData(client);
    await setLoad(page, /8 clients, mixed/);
    await expectText(nodeCard(page, 'n1'), /Ops\/s\s*[1-9]/);
    // Pictures and axe need the processor that the load takes; the charts keep what it did.
    await setLoad(page, null);
    await expectFine('overview');
  });

  test('failover', async () => {
    victim = [...(await leaderCounts(page))].sort((a, b) => b[1] - a[1])[0]?.[0] ?? '';
    await page.getByRole('button', { name: `Kill ${victim}` }).click();
    await expectText(headline(page), /^2 of 3 nodes up.*8 partitions serving/);
    await expectText(feed(page), /wins elections? for/);
    await expectFine('failover');
  });

  test('events', async () => {
    await goTo(page, 'Events');
    await expectText(page.getByRole('region', { name: 'Feed, newest first' }), /wins elections? for/);
    await expectFine('events', { narrow: false });
  });

  test('logs', async () => {
    await goTo(page, 'Logs');
    await expectText(page.getByRole('log'), /serving/);
    await expectFine('logs', { narrow: false });
  });

  test('healed', async () => {
    await goTo(page, 'Overview');
    await nodeCard(page, victim)
      .getByRole('button', { name: `Start ${victim}` })
      .click();
    await expectHealthy(page, 3, 8);
  });

  test('keys', async () => {
    await goTo(page, 'Keys');
    await page.getByRole('textbox', { name: 'Key prefix' }).fill(SHOWN_PREFIX);
    await keyRow(page, '…/2026-06/7f60-c2e9').click();
    await expectValue(page, /7f60-c2e9/);
    await expectFine('keys');
  });

  test('a conflict', async () => {
    const text = await valueText(page);
    await fillValue(page, text.replace('2026-06-20', '2026-06-21'));
    const client = await app.client(
      Number(/:(\d+)/.exec(await page.getByRole('region', { name: 'Value' }).innerText())?.[1]),
    );
    await client.put(SHOWN_KEY, text.replace('"new"', '"packed"'));
    await page.getByText('Changed while you were editing.').waitFor();
    await expectFine('keys-conflict', { narrow: false });
    await page.getByRole('button', { name: 'Compare' }).click();
    await page.getByRole('dialog', { name: 'Compare' }).waitFor();
    await expectFine('keys-compare', { narrow: false });
    await page.keyboard.press('Escape');
  });

  test('dialogs', async () => {
    await page.getByRole('button', { name: 'New key' }).click();
    await page.getByRole('dialog', { name: 'New key' }).waitFor();
    await expectFine('new-key', { narrow: false });
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Delete key' }).click();
    await page.getByRole('dialog', { name: 'Delete this key?' }).waitFor();
    await expectFine('delete-key', { narrow: false });
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: 'Keyboard shortcuts' }).click();
    await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
    await expectFine('shortcuts', { narrow: false });
    await page.keyboard.press('Escape');
  });

  test('nothing complained on the way', () => {
    expect(app.complaints).toEqual([]);
  });
});
