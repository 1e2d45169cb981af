import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Locator, Page } from 'playwright-core';
import { openApp, type TestApp } from './support/app.ts';
import { noBrowser } from './support/browser.ts';
import {
  clientPortOf,
  expectHealthy,
  expectText,
  headline,
  nodeCard,
  startFirstCluster,
  expectValue,
} from './support/cluster-page.ts';
import { startSingleNode } from './support/cluster-sheet.ts';
import { lookAt } from './support/look.ts';
import { oneStory } from './support/story.ts';

const KEY = '/orders/eu/7f60';

describe.skipIf(noBrowser)('the command palette and the settings, by keyboard', () => {
  let app: TestApp;
  let page: Page;
  let palette: Locator;
  oneStory(() => page);

  const active = () => palette.getByRole('option', { selected: true });
  const openPalette = async (text: string): Promise<void> => {
    await page.keyboard.press('Control+k');
    await palette.waitFor();
    await page.keyboard.type(text);
  };
  const focusedName = () => page.evaluate(() => document.activeElement?.textContent ?? '');

  beforeAll(async () => {
    app = await openApp();
    page = await app.openWindow();
    palette = page.getByRole('dialog', { name: 'Command palette' });
  });
  afterAll(async () => {
    await app.close();
  });

  test('it opens before there is a cluster, and offers one', async () => {
    await page.getByRole('heading', { level: 1, name: /Run a real Raft cluster/ }).waitFor();
    await openPalette('new');
    await expectText(active(), /New local cluster/);
    await page.keyboard.press('Enter');
    const sheet = page.getByRole('dialog', { name: 'New local cluster' });
    await sheet.waitFor();
    await page.keyboard.press('Escape');
    await sheet.waitFor({ state: 'detached' });
  });

  test('closing gives the focus back, and the address never knew', async () => {
    await startFirstCluster(page);
    const before = page.url();
    const search = page.getByRole('button', { name: /Search or run/ });
    await search.focus();
    await page.keyboard.press('Enter');
    await palette.waitFor();
    expect(page.url()).toBe(before);
    await page.keyboard.press('Escape');
    await palette.waitFor({ state: 'detached' });
    expect(await focusedName()).toContain('Search or run');
    await page.keyboard.press('Control+k');
    await palette.waitFor();
    await page.keyboard.press('Control+k');
    await palette.waitFor({ state: 'detached' });
  });

  test('a node is killed through it, after it said what that does', async () => {
    await openPalette('kill n1');
    await expectText(active(), /Kill n1/);
    const preview = palette.getByRole('region', { name: 'What this does' });
    await expectText(preview, /Sends SIGKILL to n1, PID \d+\. Its data stays on disk\./);
    await expectText(preview, /Two of three nodes stay: .* new leaders? after/);
    expect(await lookAt(page, 'palette-kill', { narrow: true })).toEqual([]);
    await page.keyboard.press('Enter');
    await palette.waitFor({ state: 'detached' });
    await page.getByRole('article', { name: 'Node n1, dead' }).waitFor();
    await expectText(headline(page), /^2 of 3 nodes up.*8 partitions serving/);
  });

  test('then it offers the way back, and no second kill', async () => {
    await openPalette('kill n1');
    await expect.poll(() => palette.getByRole('option', { name: /^Kill n1/ }).count()).toBe(0);
    await page.keyboard.press('Control+a');
    await page.keyboard.type('start n1');
    await expectText(active(), /Start n1/);
    await page.keyboard.press('Enter');
    await expectHealthy(page, 3, 8);
  });

  test('it jumps to a partition by its number', async () => {
    await openPalette('#3 events');
    await expectText(active(), /Events of p3/);
    await page.keyboard.press('Enter');
    await expect.poll(() => page.url()).toContain('/events?partition=3');
    expect(await page.evaluate(() => document.activeElement?.id)).toBe('main');
  });

  test('it jumps to a key that begins with what was typed', async () => {
    await page.goBack();
    const client = await app.client(await clientPortOf(page, 'n1'));
    await client.put(KEY, '{"qty":2}');
    await client.put('/orders/eu/8a01', '{"qty":3}');
    await openPalette('/orders/eu/7');
    await expectText(active(), /\/orders\/eu\/7f60/);
    await expect.poll(() => palette.getByRole('option', { name: '8a01' }).count()).toBe(0);
    expect(await lookAt(page, 'palette-keys', { narrow: false })).toEqual([]);
    await page.keyboard.press('Enter');
    await expectValue(page, /"qty":/);
    expect(await page.getByRole('region', { name: 'Value' }).innerText()).toContain(KEY);
  });

  test('what was run lately comes first', async () => {
    await openPalette('');
    // Starting n1 is not among them: it runs.
    await expectText(palette.getByRole('group', { name: 'Recent' }), /Events of p3.*Kill n1.*New local cluster/);
    expect(await lookAt(page, 'palette-empty', { narrow: false })).toEqual([]);
    await page.keyboard.press('Escape');
  });

  test('deleting asks first, and cancelling gives the focus back', async () => {
    await page.getByRole('button', { name: 'New key' }).focus();
    await openPalette('delete dev');
    await page.keyboard.press('Enter');
    const question = page.getByRole('dialog', { name: /^Delete .* and its data\?/ });
    await question.waitFor();
    await page.keyboard.press('Escape');
    await question.waitFor({ state: 'detached' });
    expect(await focusedName()).toContain('New key');
  });

  test('settings are in force at once and outlive the page', async () => {
    await page.keyboard.press('Control+,');
    const settings = page.getByRole('dialog', { name: 'Settings' });
    await settings.waitFor();
    expect(page.url()).toContain('dialog=settings');
    // Behind the dialog rows have no role, but they are seen.
    const behind = page.locator('[role="row"]', { hasText: '7f60' });
    const row = () => behind.evaluate((element) => element.getBoundingClientRect().height);
    expect(await row()).toBe(28);
    await settings.getByRole('radio', { name: 'Compact' }).click();
    expect(await row()).toBe(24);
    await settings.getByRole('radio', { name: 'If quorum is lost' }).click();
    await settings.getByRole('switch', { name: /^Type a cluster.s name/ }).click();
    await settings.getByRole('radio', { name: 'Stale' }).click();
    expect(await page.getByText('any replica answers from what it has').count()).toBe(1);
    await settings.getByRole('textbox', { name: /^Key separator/ }).fill('');
    await settings.getByText('Type at least one character.').waitFor();
    await settings.getByRole('textbox', { name: /^Key separator/ }).fill(':');
    expect(await lookAt(page, 'settings', { narrow: true })).toEqual([]);
    await page.reload();
    await settings.waitFor();
    expect(await settings.getByRole('radio', { name: 'Compact' }).isChecked()).toBe(true);
    expect(await settings.getByRole('radio', { name: 'Stale' }).isChecked()).toBe(true);
    expect(await settings.getByRole('radio', { name: 'If quorum is lost' }).isChecked()).toBe(true);
    expect(await settings.getByRole('switch', { name: /^Type a cluster.s name/ }).isChecked()).toBe(true);
    expect(await settings.getByRole('textbox', { name: /^Key separator/ }).inputValue()).toBe(':');
    await settings.getByRole('switch', { name: 'Act on single keys' }).click();
    await settings.getByRole('radio', { name: 'Light' }).click();
    await page.reload();
    await settings.waitFor();
    expect(await page.evaluate(() => document.documentElement.dataset['theme'])).toBe('light');
    expect(await settings.getByRole('switch', { name: 'Act on single keys' }).isChecked()).toBe(false);
    await settings.getByRole('radio', { name: 'As the system' }).click();
    expect(await page.evaluate(() => document.documentElement.dataset['theme'])).toBe('dark');
    await page.keyboard.press('Escape');
    await settings.waitFor({ state: 'detached' });
    await page.keyboard.press('g');
    await page.keyboard.press('o');
    expect(page.url()).toContain('/keys');
    expect(page.url()).not.toContain('dialog');
  });

  test('a fault that takes the quorum now asks first, one that does not runs at once', async () => {
    await openPalette('pause n2');
    await page.keyboard.press('Enter');
    await palette.waitFor({ state: 'detached' });
    await page.getByRole('link', { name: 'Overview' }).click();
    await page.getByRole('article', { name: 'Node n2, paused' }).waitFor();
    await openPalette('kill n3');
    await page.keyboard.press('Enter');
    const question = page.getByRole('dialog', { name: 'Kill n3?' });
    await question.waitFor();
    await expectText(question, /One of three nodes stays: every partition loses its quorum/);
    expect(await lookAt(page, 'ask-kill', { narrow: false })).toEqual([]);
    await page.keyboard.press('Escape');
    await question.waitFor({ state: 'detached' });
    await page.getByRole('article', { name: 'Node n3, live' }).waitFor();
    await openPalette('kill n3');
    await page.keyboard.press('Enter');
    await question.getByRole('button', { name: 'Kill n3' }).click();
    await page.getByRole('article', { name: 'Node n3, dead' }).waitFor();
    await openPalette('resume n2');
    await page.keyboard.press('Enter');
    await openPalette('start n3');
    await page.keyboard.press('Enter');
    await expectHealthy(page, 3, 8);
  });

  test('the digits switch clusters', async () => {
    await startSingleNode(page, 'other');
    await page.keyboard.press('Control+1');
    await nodeCard(page, 'n3').waitFor();
    await page.keyboard.press('Control+2');
    await expectHealthy(page, 1, 8);
  });

  test('deleting wants the name, of a cluster out of sight too, and leaves the one in sight', async () => {
    await page.keyboard.press('Control+1');
    await nodeCard(page, 'n3').waitFor();
    await openPalette('delete other');
    await page.keyboard.press('Enter');
    const question = page.getByRole('dialog', { name: /^Delete other and its data\?/ });
    const remove = question.getByRole('button', { name: 'Delete for good' });
    await remove.waitFor();
    expect(await remove.isDisabled()).toBe(true);
    await question.getByRole('textbox', { name: 'Type other to delete it' }).fill('other');
    expect(await lookAt(page, 'delete-typed', { narrow: false })).toEqual([]);
    await remove.click();
    await question.waitFor({ state: 'detached' });
    expect(page.url()).toContain('/c/dev-3');
    await expect.poll(() => page.getByRole('link', { name: /^other/ }).count()).toBe(0);
  });

  test('nothing complained on the way', () => {
    expect(app.complaints).toEqual([]);
  });
});
