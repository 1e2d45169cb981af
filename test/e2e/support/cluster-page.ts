import { setTimeout } from 'node:timers/promises';
import type { Locator, Page } from 'playwright-core';

/** Elections and starts on a busy machine: bounds of liveness, not of speed. */
export const PATIENCE_MS = 30_000;
const POLL_MS = 50;

/** The sentence at the top of the overview. */
export function headline(page: Page): Locator {
  return page.getByRole('region', { name: 'Cluster state' }).getByRole('heading', { level: 1 });
}

export function nodeCard(page: Page, node: string): Locator {
  return page.getByRole('article', { name: new RegExp(`^Node ${node},`) });
}

/** The right pane's list, whichever way it is told. */
export function feed(page: Page): Locator {
  return page.getByRole('complementary', { name: 'Events and network' }).getByRole('list', {
    name: /^(Events|What happened)$/,
  });
}

/** Waits for an element's text, also outside of tests. */
export async function expectText(locator: Locator, text: RegExp, timeoutMs = PATIENCE_MS): Promise<void> {
  const read = async () => (await locator.innerText({ timeout: timeoutMs })).replaceAll(/\s+/g, ' ');
  await expectSaid(read, (said) => text.test(said), String(text), timeoutMs);
}

async function expectSaid(
  read: () => Promise<string>,
  isMeant: (said: string) => boolean,
  meant: string,
  timeoutMs: number,
): Promise<void> {
  const deadlineMs = performance.now() + timeoutMs;
  let said = '';
  do {
    said = await read();
    if (isMeant(said)) return;
    await setTimeout(POLL_MS);
  } while (performance.now() < deadlineMs);
  throw new Error(`Waited ${timeoutMs} ms for ${meant}. Seen last: ${said}`);
}

/** From the first-run screen to a cluster whose every partition has a leader. */
export async function startFirstCluster(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Start a 3-node cluster' }).click();
  await expectHealthy(page, 3, 8);
}

export async function expectHealthy(page: Page, nodes: number, partitions: number): Promise<void> {
  const healthy = `${nodes} of ${nodes} nodes? up.*${partitions} partitions? healthy`;
  await expectText(headline(page), new RegExp(healthy));
}

export async function goTo(
  page: Page,
  tab: 'Overview' | 'Raft' | 'Keys' | 'Events' | 'Drills' | 'Logs',
): Promise<void> {
  await page.getByRole('navigation', { name: 'Cluster views' }).getByRole('link', { name: tab, exact: true }).click();
}

/** How many partitions each node leads, as its card says. */
export async function leaderCounts(page: Page): Promise<Map<string, number>> {
  const cards = await page.getByRole('article', { name: /^Node n\d,/ }).all();
  const counts = await Promise.all(
    cards.map(async (card): Promise<[string, number]> => {
      const text = (await card.textContent()) ?? '';
      const name = /n\d/.exec(text)?.[0] ?? '';
      return [name, Number(/Leads (\d+)/.exec(text)?.[1] ?? 0)];
    }),
  );
  return new Map(counts);
}

/** On the overview: starts one of the loads on offer, or ends the one there is. */
export async function setLoad(page: Page, offer: RegExp | null): Promise<void> {
  const menu = page.getByRole('region', { name: 'Cluster state' }).getByRole('button', { name: /^Load:/ });
  await menu.click();
  await page.getByRole('menuitem', { name: offer ?? 'Stop load' }).click();
  await expectText(menu, offer === null ? /Load: off/ : /clients/);
}

export async function clientPortOf(page: Page, node: string): Promise<number> {
  const text = (await nodeCard(page, node).textContent()) ?? '';
  return Number(/Client:?\s*:(\d+)/.exec(text)?.[1]);
}

/** The row of a key in the list, as written there. */
export function keyRow(page: Page, key: string): Locator {
  const name = new RegExp(`^${key.replaceAll(/[$()*+.?[\\\]^{|}]/g, String.raw`\$&`)}( |$)`);
  return page.getByRole('grid', { name: 'Keys' }).getByRole('row', { name });
}

export function valueBox(page: Page): Locator {
  return page.getByRole('region', { name: 'Value' }).getByRole('textbox', { name: /^Value as/ });
}

/** What the editor holds, if it is no longer than what is in sight. */
export async function valueText(page: Page): Promise<string> {
  return valueBox(page).evaluate((box) =>
    [...box.querySelectorAll('.cm-line')].map((line) => line.textContent).join('\n'),
  );
}

/** Types over whatever an editor holds, as a person does. */
export async function fillValue(page: Page, text: string, editor = valueBox(page)): Promise<void> {
  await editor.focus();
  await page.keyboard.press('ControlOrMeta+a');
  await page.keyboard.insertText(text);
}

/** Waits until the editor holds exactly this text, or one that matches. */
export async function expectValue(page: Page, text: string | RegExp): Promise<void> {
  const isMeant = (said: string) => (typeof text === 'string' ? said === text : text.test(said));
  await expectSaid(() => valueText(page), isMeant, JSON.stringify(String(text)), PATIENCE_MS);
}

/** Through the dialog, to the opened key. */
export async function createKey(page: Page, key: string, value: string): Promise<void> {
  await page.getByRole('button', { name: 'New key' }).click();
  const dialog = page.getByRole('dialog', { name: 'New key' });
  await dialog.getByRole('textbox', { name: /^Key/ }).fill(key);
  await fillValue(page, value, dialog.getByRole('textbox', { name: /^Value as/ }));
  await dialog.getByRole('button', { name: /^Create key/ }).click();
  await dialog.waitFor({ state: 'detached' });
  await page.getByRole('region', { name: 'Value' }).getByRole('heading', { name: key }).waitFor();
}
