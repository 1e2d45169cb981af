import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { openApp, type TestApp } from './support/app.ts';
import { noBrowser } from './support/browser.ts';
import {
  createKey,
  expectHealthy,
  expectText,
  feed,
  goTo,
  headline,
  keyRow,
  leaderCounts,
  nodeCard,
  PATIENCE_MS,
  setLoad,
  startFirstCluster,
  expectValue,
  fillValue,
} from './support/cluster-page.ts';
import { oneStory } from './support/story.ts';

describe.skipIf(noBrowser)('from the first run to a failover and back', () => {
  let app: TestApp;
  let page: Page;
  let victim: string;
  oneStory(() => page);

  beforeAll(async () => {
    app = await openApp();
    page = await app.openWindow();
  });
  afterAll(async () => {
    await app.close();
  });

  test('one button starts three nodes and every partition gets a leader', async () => {
    await page.getByRole('heading', { level: 1, name: /Run a real Raft cluster/ }).waitFor();
    await startFirstCluster(page);
    expect([...(await leaderCounts(page)).values()].reduce((sum, count) => sum + count, 0)).toBe(8);
    await expectText(feed(page), /Cluster started/);
  });

  test('a key is written and edited', async () => {
    await goTo(page, 'Keys');
    await page.getByText('No keys yet.').waitFor();
    await createKey(page, '/orders/1', '{"status":"new"}');
    await fillValue(page, '{"status":"packed"}');
    await page.keyboard.press('ControlOrMeta+s');
    await page.getByText(/^Saved as revision \d+\.$/).waitFor();
    expect(await keyRow(page, '/orders/1').count()).toBe(1);
  });

  test('under load, the node that leads most is killed and the others take over', async () => {
    await goTo(page, 'Overview');
    await setLoad(page, /8 clients, mixed/);
    await expectText(nodeCard(page, 'n1'), /Ops\/s\s*[1-9]/);

    const counts = await leaderCounts(page);
    victim = [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? '';
    await page.getByRole('button', { name: `Kill ${victim}` }).click();
    await page.getByRole('article', { name: `Node ${victim}, dead` }).waitFor();
    await expectText(headline(page), /^2 of 3 nodes up.*8 partitions serving.*8 under-replicated/);
    expect((await leaderCounts(page)).get(victim)).toBe(0);
  });

  test('the feed tells it as one story with times', async () => {
    await expectText(feed(page), new RegExp(`${victim} killed by you`));
    await expectText(feed(page), /wins elections? for/);
    await expectText(feed(page), /\+[\d,]+ ms/);
    await page.getByRole('button', { name: 'Copy as text' }).click();
    const copied = await page.evaluate(() => navigator.clipboard.readText());
    expect(copied).toMatch(/^Cluster dev-3, 3 nodes, 8 partitions/);
    expect(copied).toMatch(new RegExp(`0 ms  ${victim} killed by you`));
  });

  test('the key reads as it was written', async () => {
    await goTo(page, 'Keys');
    await page.getByRole('textbox', { name: 'Key prefix' }).fill('/orders/');
    await keyRow(page, '/orders/1').click();
    await expectValue(page, '{"status":"packed"}');
  });

  test('the node is started again on its data and catches up', async () => {
    await goTo(page, 'Overview');
    await nodeCard(page, victim)
      .getByRole('button', { name: `Start ${victim}` })
      .click();
    await page.getByRole('article', { name: `Node ${victim}, live` }).waitFor({ timeout: PATIENCE_MS });
    await expectHealthy(page, 3, 8);
    await goTo(page, 'Events');
    await expectText(page.getByRole('region', { name: 'Feed, newest first' }), /caught up on/);
  });

  test('the event feed filters and saves', async () => {
    await page.getByRole('combobox', { name: 'Kind' }).selectOption('Load');
    const all = page.getByRole('region', { name: 'Feed, newest first' });
    await expectText(all, /Load/);
    expect(await all.innerText()).not.toContain('killed by you');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('button', { name: 'Save as JSON' }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/^dev-3-events-.*\.json$/);
  });

  test('the log of the node is there', async () => {
    await goTo(page, 'Logs');
    await page.getByRole('combobox', { name: 'Node' }).selectOption(victim.slice(1));
    await expectText(page.getByRole('log'), /serving/);
  });

  test('the load ends and the key is deleted', async () => {
    await goTo(page, 'Overview');
    await setLoad(page, null);
    await goTo(page, 'Keys');
    await page.getByRole('textbox', { name: 'Key prefix' }).fill('/orders/');
    await keyRow(page, '/orders/1').click();
    await page.getByRole('button', { name: 'Delete key' }).click();
    const dialog = page.getByRole('dialog', { name: 'Delete this key?' });
    await dialog.getByRole('button', { name: 'Delete key' }).click();
    await dialog.waitFor({ state: 'detached' });
    await page.getByText('No key begins with this prefix.').waitFor();
    expect(new URL(page.url()).searchParams.get('key')).toBeNull();
  });

  test('nothing complained on the way', () => {
    expect(app.complaints).toEqual([]);
  });
});
