import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Locator, Page } from 'playwright-core';
import { openApp, type TestApp } from './support/app.ts';
import { noBrowser } from './support/browser.ts';
import { expectHealthy, expectText, goTo, nodeCard, setLoad, startFirstCluster } from './support/cluster-page.ts';
import { lookAt } from './support/look.ts';
import { oneStory } from './support/story.ts';

/** Between a kill and its election there are fewer changes than this. */
const MOST_STEPS = 300;

function strip(page: Page): Locator {
  return page.getByRole('region', { name: 'Partition state' });
}

function happening(page: Page): Locator {
  return page.getByRole('region', { name: 'What is happening' });
}

function time(page: Page): Locator {
  return page.getByRole('slider', { name: 'Time' });
}

async function expectTime(page: Page, text: RegExp): Promise<void> {
  await expect.poll(() => time(page).getAttribute('aria-valuetext')).toMatch(text);
}

async function goToMark(page: Page, name: RegExp): Promise<void> {
  await page.getByRole('button', { name: 'Go to' }).click();
  await page.getByRole('menuitem', { name }).first().click();
}

describe.skipIf(noBrowser)('going back in time', () => {
  let app: TestApp;
  let page: Page;
  let victim: string;
  let winner: string;
  let term: number;
  let said: string;
  let file: string;
  oneStory(() => page);

  beforeAll(async () => {
    app = await openApp();
    page = await app.openWindow();
    await startFirstCluster(page);
  });
  afterAll(async () => {
    await app.close();
  });

  test('a leader is killed while nobody looks at its partition, and comes back', async () => {
    await goTo(page, 'Raft');
    await expectText(strip(page), /n\d leads term \d+/);
    victim = /n\d/.exec(await strip(page).getByRole('heading').innerText())?.[0] ?? '';
    await goTo(page, 'Overview');
    await setLoad(page, /8 clients, mixed/);
    await page.getByRole('button', { name: `Kill ${victim}` }).click();
    await page.getByRole('article', { name: `Node ${victim}, dead` }).waitFor();
    await setLoad(page, null);
    await expectText(page.getByRole('region', { name: 'Cluster state' }), /8 partitions serving/);
    await nodeCard(page, victim)
      .getByRole('button', { name: `Start ${victim}` })
      .click();
    await expectHealthy(page, 3, 8);
  });

  test('its election is found, and who voted is read', async () => {
    await goTo(page, 'Raft');
    await expectText(strip(page), /3 of 3 voters reachable/);
    await goToMark(page, /n\d won term \d+/);
    await expectText(strip(page), /As of \d\d:\d\d:\d\d\.\d\d\d\..*/);
    await expectText(happening(page), /You killed n\d .* ago\. n\d won term \d+, .* with the votes of n\d and n\d/);
    said = await happening(page).locator('p').innerText();
    const won = /(n\d) won term (\d+)/.exec(said);
    winner = won?.[1] ?? '';
    term = Number(won?.[2]);
    expect(winner).not.toBe(victim);
    await expectText(strip(page), new RegExp(`${winner} leads term ${term}.*2 of 3 voters reachable`));
    await expectTime(page, /behind live, step \d[\d,]* of \d/);
    await expect.poll(() => new URL(page.url()).searchParams.get('at')).toMatch(/^\d+$/);
    expect(await lookAt(page, 'raft-replay', { narrow: true })).toEqual([]);
  });

  test('step by step, by keyboard, back to who led before', async () => {
    await time(page).focus();
    const before = new RegExp(`^${victim} leads term \\d+`);
    for (let i = 0; i < MOST_STEPS && !before.test(await strip(page).getByRole('heading').innerText()); i++) {
      await page.keyboard.press('ArrowLeft');
    }
    await expectText(strip(page).getByRole('heading'), before);
    await page.keyboard.press('PageDown');
    await page.keyboard.press('End');
    await expectText(strip(page), /3 of 3 voters reachable/);
    await page.keyboard.press('Space');
    await expectTime(page, /^live$/);
    await expect.poll(() => new URL(page.url()).searchParams.get('at')).toBeNull();
  });

  test('the recording is saved to a file', async () => {
    await page.getByRole('button', { name: 'Recording' }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: 'Save recording' }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/^dev-3-p0-raft-.*\.json$/);
    // The window takes what it downloaded along when it closes.
    file = await readFile(await download.path(), 'utf8');
    expect(JSON.parse(file)).toMatchObject({ format: 'prkdb-raft-recording', partition: 0 });
  });

  test('after the app was closed and opened again it is all there', async () => {
    await app.reopen();
    page = await app.openWindow();
    await goTo(page, 'Raft');
    await expectText(strip(page), /0 of 3 voters reachable/);
    await goToMark(page, new RegExp(`${winner} won term ${term}`));
    await expectText(happening(page), new RegExp(`${winner} won term ${term}, .* with the votes of n\\d and n\\d`));
    expect(await happening(page).locator('p').innerText()).toBe(said);
    await expect.poll(() => new URL(page.url()).searchParams.get('at')).toMatch(/^\d+$/);
    const address = page.url();
    await page.reload();
    await expectText(happening(page), new RegExp(`${winner} won term ${term}`));
    expect(page.url()).toBe(address);
    await page.getByRole('radio', { name: 'Live' }).click();
    await expectText(strip(page), /0 of 3 voters reachable/);
  });

  test('the file is opened beside another partition, and closed', async () => {
    await page.getByRole('combobox', { name: 'Partition' }).selectOption('p5');
    await expect.poll(() => new URL(page.url()).pathname).toBe('/c/dev-3/raft/5');
    const chooser = page.waitForEvent('filechooser');
    await page.getByRole('button', { name: 'Recording' }).click();
    await page.getByRole('menuitem', { name: 'Open a recording…' }).click();
    await (await chooser).setFiles({ name: 'saved.json', mimeType: 'application/json', buffer: Buffer.from(file) });
    await expectText(strip(page), /p0 of dev-3, saved/);
    await expectText(happening(page), new RegExp(`${winner} won term ${term}`));
    expect(await lookAt(page, 'raft-file', { narrow: false })).toEqual([]);
    await page.getByRole('button', { name: 'Close recording' }).click();
    await expectText(strip(page), /0 of 3 voters reachable/);
  });

  test('a file that is something else is refused in words', async () => {
    const input = page.locator('input[type=file]');
    await input.setInputFiles({ name: 'other.json', mimeType: 'application/json', buffer: Buffer.from('{"a":1}') });
    await page.getByText('other.json was not opened.', { exact: true }).waitFor();
    await input.setInputFiles({ name: 'text.json', mimeType: 'application/json', buffer: Buffer.from('hello') });
    await page.getByText('text.json was not opened.', { exact: true }).waitFor();
    expect(await strip(page).getByText('saved').count()).toBe(0);
  });

  test('nothing complained on the way', () => {
    expect(app.complaints).toEqual([]);
  });
});
