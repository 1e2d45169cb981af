import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { openApp, type TestApp } from './support/app.ts';
import { noBrowser } from './support/browser.ts';
import { expectHealthy, expectText, feed, headline, valueBox, expectValue } from './support/cluster-page.ts';
import { oneStory } from './support/story.ts';

/** More tab stops than any screen has. */
const MAX_STOPS = 60;

describe.skipIf(noBrowser)('the main path by keyboard alone', () => {
  let app: TestApp;
  let page: Page;
  oneStory(() => page);

  /** What the focused element is called, and whether its focus can be seen. */
  const focused = () =>
    page.evaluate(() => {
      const element = document.activeElement;
      // Past the last stop the browser itself has the focus, before it begins anew.
      if (!(element instanceof HTMLElement) || element === document.body) return { name: '', visible: true };
      const labelled = element.getAttribute('aria-label') ?? '';
      const label = element instanceof HTMLInputElement ? (element.labels?.[0]?.textContent ?? '') : '';
      // A ring of the element's own, or of the box around an input.
      const boxes = [element, element.parentElement, element.closest('[class*=code]')].filter((box) => box !== null);
      const visible = boxes.some((box) => {
        const style = getComputedStyle(box);
        return style.outlineStyle !== 'none' || style.boxShadow !== 'none';
      });
      return { name: labelled || label || (element.textContent ?? ''), visible };
    });

  /** Tab until the control with this name has the focus, which must be seen at every stop. */
  const tabTo = async (name: RegExp): Promise<void> => {
    const passed: string[] = [];
    for (let i = 0; i < MAX_STOPS; i++) {
      await page.keyboard.press('Tab');
      const stop = await focused();
      passed.push(stop.name);
      expect(stop.visible, `the focus on "${stop.name}" can be seen`).toBe(true);
      if (name.test(stop.name)) return;
    }
    expect(passed, `a tab stop called ${name}`).toContain(name);
  };

  beforeAll(async () => {
    app = await openApp();
    page = await app.openWindow();
  });
  afterAll(async () => {
    await app.close();
  });

  test('start a cluster', async () => {
    await page.getByRole('heading', { level: 1, name: /Run a real Raft cluster/ }).waitFor();
    await tabTo(/Start a 3-node cluster/);
    await page.keyboard.press('Enter');
    await expectHealthy(page, 3, 8);
  });

  test('write a key', async () => {
    await page.keyboard.press('g');
    await page.keyboard.press('k');
    await page.getByText('No keys yet.').waitFor();
    await page.keyboard.press('/');
    expect((await focused()).name).toContain('Key prefix');
    await tabTo(/New key/);
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'New key' }).waitFor();
    await page.keyboard.type('typed');
    await tabTo(/^Value as/);
    await page.keyboard.type('by hand');
    await page.keyboard.press('ControlOrMeta+Enter');
    await page.getByRole('dialog', { name: 'New key' }).waitFor({ state: 'detached' });
    await expectValue(page, 'by hand');
    await tabTo(/^Value as/);
    await page.keyboard.press('End');
    await page.keyboard.type(' again');
    await page.keyboard.press('ControlOrMeta+s');
    await page.getByText(/^Saved as revision \d+\.$/).waitFor();
  });

  test('open a key from the list', async () => {
    await page.keyboard.press('Escape');
    await valueBox(page).waitFor({ state: 'detached' });
    expect((await focused()).name).toBe('Keys');
    await page.keyboard.press('Enter');
    await expectValue(page, 'by hand again');
  });

  test('kill a node, read of it, start it again', async () => {
    await page.keyboard.press('g');
    await page.keyboard.press('o');
    await expectHealthy(page, 3, 8);
    await page.keyboard.press('2');
    await page.keyboard.press('x');
    await page.getByRole('article', { name: 'Node n2, dead' }).waitFor();
    await expectText(headline(page), /^2 of 3 nodes up/);
    await expectText(feed(page), /n2 killed by you/);
    await page.keyboard.press('2');
    await page.keyboard.press('r');
    await expectHealthy(page, 3, 8);
  });

  test('the list of keys opens and closes, and the focus returns', async () => {
    await tabTo(/Keyboard shortcuts/);
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Keyboard' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog', { name: 'Keyboard' }).waitFor({ state: 'detached' });
    expect((await focused()).name).toBe('Keyboard shortcuts');
  });

  test('nothing complained on the way', () => {
    expect(app.complaints).toEqual([]);
  });
});
