import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Locator, Page } from 'playwright-core';
import { openApp, type TestApp } from './support/app.ts';
import { noBrowser } from './support/browser.ts';
import {
  expectHealthy,
  expectText,
  goTo,
  nodeCard,
  PATIENCE_MS,
  setLoad,
  startFirstCluster,
} from './support/cluster-page.ts';
import { lookAt } from './support/look.ts';
import { oneStory } from './support/story.ts';

function strip(page: Page): Locator {
  return page.getByRole('region', { name: 'Partition state' });
}

function happening(page: Page): Locator {
  return page.getByRole('region', { name: 'What is happening' });
}

/** The cells of a node's row in the table of facts, by the column's name. */
async function factsOf(page: Page, node: string): Promise<Map<string, string>> {
  const table = page.getByRole('region', { name: 'Table of replica facts' });
  const names = await table.getByRole('columnheader').allInnerTexts();
  const row = table.getByRole('row', { name: new RegExp(`${node} (live|suspect|paused|partitioned|dead|stopped)`) });
  const cells = [await row.getByRole('rowheader').innerText(), ...(await row.getByRole('cell').allInnerTexts())];
  return new Map(names.map((name, i) => [name, cells[i] ?? '']));
}

describe.skipIf(noBrowser)('a partition from the inside', () => {
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

  test('a cell of the role matrix leads there, by keyboard', async () => {
    await startFirstCluster(page);
    await page.getByRole('gridcell', { name: /p3/ }).first().focus();
    await page.keyboard.press('Enter');
    await expectText(strip(page), /n\d leads term \d+.*3 of 3 voters reachable/);
    expect(new URL(page.url()).pathname).toBe('/c/dev-3/raft/3');
    await goTo(page, 'Overview');
    await page.getByRole('gridcell', { name: /p5/ }).first().click();
    await expect.poll(() => new URL(page.url()).pathname).toBe('/c/dev-3/raft/5');
  });

  test('the tab leads to the first partition, and the address to any', async () => {
    await goTo(page, 'Raft');
    await expect.poll(() => new URL(page.url()).pathname).toBe('/c/dev-3/raft/0');
    await page.reload();
    await expectText(strip(page), /n\d leads term \d+/);
    await page.getByRole('combobox', { name: 'Partition' }).selectOption('p2');
    await expect.poll(() => new URL(page.url()).pathname).toBe('/c/dev-3/raft/2');
  });

  test('a healthy partition explains itself', async () => {
    await expectText(happening(page), /every write goes to it|won term/);
    await expectText(
      page.getByRole('region', { name: 'Replica facts', exact: true }),
      /3 voters hold \d+, so all up to \d+ is committed/,
    );
    await expectText(page.getByRole('list', { name: 'Logs' }), /n1.*last entry \d+, committed to \d+/);
    expect(await lookAt(page, 'raft', { narrow: true })).toEqual([]);
  });

  test('the leader is killed, and who voted for whom is read', async () => {
    const before = await strip(page).getByRole('heading').innerText();
    victim = /n\d/.exec(before)?.[0] ?? '';
    const term = Number(/term (\d+)/.exec(before)?.[1]);
    await goTo(page, 'Overview');
    await page.getByRole('button', { name: `Kill ${victim}` }).click();
    await page.goBack();
    await expectText(strip(page), /n\d leads term \d+.*2 of 3 voters reachable/);
    await expectText(
      happening(page),
      new RegExp(`You killed ${victim} .* ago\\. n\\d won term \\d+, .* ago, with the votes of`),
    );

    const now = await strip(page).getByRole('heading').innerText();
    const leader = /n\d/.exec(now)?.[0] ?? '';
    expect(leader).not.toBe(victim);
    expect(Number(/term (\d+)/.exec(now)?.[1])).toBeGreaterThan(term);
    const voter = ['n1', 'n2', 'n3'].find((node) => node !== leader && node !== victim) ?? '';
    expect((await factsOf(page, leader)).get('Voted for')).toBe(leader);
    expect((await factsOf(page, voter)).get('Voted for')).toBe(leader);
    expect((await factsOf(page, victim)).get('Status')).toMatch(/^dead/);
    await page
      .getByRole('img', { name: new RegExp(`^Replicas of p2: ${leader} leads term \\d+ with votes from`) })
      .waitFor();
    expect(await lookAt(page, 'raft-failover', { narrow: true })).toEqual([]);
  });

  test('a leader that is cut off keeps what nobody will have, and it is replaced', async () => {
    await goTo(page, 'Overview');
    await nodeCard(page, victim)
      .getByRole('button', { name: `Start ${victim}` })
      .click();
    await expectHealthy(page, 3, 8);
    await setLoad(page, /8 clients, mixed/);
    await page.goBack();
    await expectText(strip(page), /3 of 3 voters reachable/);
    const leader = /n\d/.exec(await strip(page).getByRole('heading').innerText())?.[0] ?? '';
    await goTo(page, 'Overview');
    await nodeCard(page, leader)
      .getByRole('button', { name: `Isolate ${leader}` })
      .click();
    await page.getByRole('article', { name: `Node ${leader}, partitioned` }).waitFor();
    await setLoad(page, null);
    await page.goBack();
    await expectText(happening(page), new RegExp(`You cut ${leader} off`));
    await expectText(strip(page), /n\d leads term/);
    expect(await lookAt(page, 'raft-cut', { narrow: true })).toEqual([]);
    await strip(page)
      .getByRole('button', { name: `Heal ${leader}` })
      .click();
    await expectText(strip(page), /3 of 3 voters reachable.*Every voter takes part/, PATIENCE_MS);
  });

  test('nothing complained on the way', () => {
    expect(app.complaints).toEqual([]);
  });
});
