import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Locator, Page } from 'playwright-core';
import { openApp, type TestApp } from './support/app.ts';
import { noBrowser } from './support/browser.ts';
import { expectHealthy, expectText, feed, goTo, startFirstCluster } from './support/cluster-page.ts';
import { lookAt } from './support/look.ts';
import { oneStory } from './support/story.ts';

describe.skipIf(noBrowser)('faults of links and disks', () => {
  let app: TestApp;
  let page: Page;
  let network: Locator;
  let lab: Locator;
  oneStory(() => page);

  beforeAll(async () => {
    app = await openApp();
    page = await app.openWindow();
    network = page.getByRole('region', { name: 'Network' });
    lab = page.getByRole('dialog', { name: 'Fault lab' });
    await page.getByRole('heading', { level: 1, name: /Run a real Raft cluster/ }).waitFor();
    await startFirstCluster(page);
  });
  afterAll(async () => {
    await app.close();
  });

  const startFault = async (name: string): Promise<void> => {
    await lab.getByRole('button', { name, exact: true }).click();
    await lab.waitFor({ state: 'detached' });
  };

  test('one link is cut for ten seconds, and the map and the feed say so', async () => {
    await network.getByRole('button', { name: 'Cut a link' }).click();
    await lab.getByRole('combobox', { name: 'Ends' }).selectOption('after 10 s');
    await expectText(lab, /Every message between n1 and n2, both ways, is lost\./);
    await startFault('Cut link');
    await network.getByRole('img', { name: /n1 to n2 cut both ways/ }).waitFor();
    await expectText(network, /n1 and n2: cut/);
    await expectText(feed(page), /n1 and n2 cut off from each other by you, for 10 s\./);
  });

  test('another one is slowed in one direction until it is healed', async () => {
    await network.getByRole('button', { name: 'Add delay or loss' }).click();
    await lab.getByRole('combobox', { name: 'and', exact: true }).selectOption('n3');
    await lab.getByRole('radio', { name: 'n3 → n1' }).click();
    await lab.getByRole('spinbutton', { name: /Delay/ }).fill('120');
    await lab.getByRole('combobox', { name: 'Ends' }).selectOption('when I heal it');
    expect(await lookAt(page, 'fault-lab', { narrow: true })).toEqual([]);
    await startFault('Slow link');
    await network.getByRole('img', { name: /n3 to n1 \+120 ms in that direction only/ }).waitFor();
  });

  test('the cut ends by itself, wherever the user looks', async () => {
    await goTo(page, 'Keys');
    await page.getByRole('button', { name: 'Heal all' }).waitFor();
    await goTo(page, 'Events');
    await expectText(
      page.getByRole('region', { name: 'Feed, newest first' }),
      /The link between n1 and n2 is whole again: the fault ended by itself after 10 s/,
    );
  });

  test('all that is left heals with one button, from any screen', async () => {
    await page.getByRole('button', { name: 'Heal all' }).click();
    await page.getByRole('button', { name: 'Heal all' }).waitFor({ state: 'detached' });
    await goTo(page, 'Overview');
    await expectHealthy(page, 3, 8);
    await expectText(network, /3 of 3 links up/);
  });

  test('nothing complained on the way', () => {
    expect(app.complaints).toEqual([]);
  });
});
