import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { openApp, type TestApp } from './support/app.ts';
import { noBrowser } from './support/browser.ts';
import {
  createKey,
  expectHealthy,
  expectText,
  goTo,
  headline,
  keyRow,
  startFirstCluster,
  expectValue,
  fillValue,
} from './support/cluster-page.ts';
import { oneStory } from './support/story.ts';

describe.skipIf(noBrowser)('two of three nodes dead', () => {
  let app: TestApp;
  let page: Page;
  oneStory(() => page);

  beforeAll(async () => {
    app = await openApp();
    page = await app.openWindow();
    await startFirstCluster(page);
    await goTo(page, 'Keys');
    await createKey(page, 'survivor', 'before');
    await goTo(page, 'Overview');
  });
  afterAll(async () => {
    await app.close();
  });

  test('the overview says that quorum is lost and what brings it back', async () => {
    await page.getByRole('button', { name: 'Kill n2' }).click();
    await page.getByRole('article', { name: 'Node n2, dead' }).waitFor();
    await page.getByRole('button', { name: 'Kill n3' }).click();
    await page.getByRole('article', { name: 'Node n3, dead' }).waitFor();
    await expectText(headline(page), /^1 of 3 nodes up.*8 without quorum/);
    await expectText(page.getByRole('region', { name: 'Cluster state' }), /Stale reads still answer.*Start n2 or n3/);
  });

  test('linearizable reads fail with the reason and offer the stale read, which answers', async () => {
    await goTo(page, 'Keys');
    await page.getByText(/^No leader:/).waitFor();
    await expectText(page.getByRole('region', { name: 'Keys' }).getByRole('alert'), /could not be listed/);
    await page.getByRole('button', { name: 'Read stale' }).first().click();
    await keyRow(page, 'survivor').click();
    await expectValue(page, 'before');
    await expectText(page.getByText(/^Stale:/).locator('..'), /may be up to .* old/);
  });

  test('a save fails with a clear error within its deadline, and the edit stays', async () => {
    await fillValue(page, 'after');
    await page.getByRole('button', { name: /^Save if still/ }).click();
    const note = page.getByRole('alert').filter({ hasText: 'The key was not saved.' });
    await expectText(note, /The key was not saved\. .+ Try again/);
    await expectValue(page, 'after');
  });

  test('all heals when one returns, and the edit is saved', async () => {
    await goTo(page, 'Overview');
    await page.getByRole('article', { name: 'Node n2, dead' }).getByRole('button', { name: 'Start n2' }).click();
    await expectText(headline(page), /^2 of 3 nodes up.*8 partitions serving/);
    await goTo(page, 'Keys');
    await keyRow(page, 'survivor').click();
    await expectValue(page, 'after');
    await page.getByRole('button', { name: /^Save if still/ }).click();
    await page.getByText(/^Saved as revision \d+\.$/).waitFor();
    await goTo(page, 'Overview');
    await page.getByRole('article', { name: 'Node n3, dead' }).getByRole('button', { name: 'Start n3' }).click();
    await expectHealthy(page, 3, 8);
  });

  test('nothing complained on the way', () => {
    expect(app.complaints).toEqual([]);
  });
});
