import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Locator, Page } from 'playwright-core';
import type { PrkDbClient } from '../../engine/client/index.ts';
import { openApp, type TestApp } from './support/app.ts';
import { noBrowser } from './support/browser.ts';
import {
  clientPortOf,
  createKey,
  expectText,
  goTo,
  keyRow,
  valueText,
  expectValue,
  fillValue,
} from './support/cluster-page.ts';
import { startSingleNode } from './support/cluster-sheet.ts';
import { oneStory } from './support/story.ts';

/** More than one page of the list, and more than fit on a screen many times over. */
const MANY_KEYS = 450;

describe.skipIf(noBrowser)('keys', () => {
  let app: TestApp;
  let page: Page;
  /** Somebody else's program. */
  let other: PrkDbClient;
  oneStory(() => page);

  const banner = (): Locator => page.getByRole('region', { name: 'Value' }).getByRole('alert');
  const saveButton = (): Locator => page.getByRole('button', { name: /^(Save if still|Create)/ });
  const saved = (): Promise<void> => page.getByText(/^Saved as revision [\d,]+\.$/).waitFor();
  const otherReads = async (key: string): Promise<string | undefined> => (await other.get(key))?.value.toString();

  beforeAll(async () => {
    app = await openApp();
    page = await app.openWindow();
    await startSingleNode(page, 'solo');
    other = await app.client(await clientPortOf(page, 'n1'));
    await goTo(page, 'Keys');
  });
  afterAll(async () => {
    await app.close();
  });

  test('an edit that does not overlap with somebody else’s is merged', async () => {
    await createKey(page, 'order', '{"status":"new","shipBy":"20"}');
    await page.getByRole('radio', { name: 'JSON' }).click();
    await fillValue(page, '{"status":"new","shipBy":"21"}');
    await other.put('order', '{"status":"packed","shipBy":"20"}');

    await expectText(banner(), /Changed while you were editing\..*It changed status; you changed shipBy/);
    expect(await saveButton().isDisabled()).toBe(true);
    await banner().getByRole('button', { name: 'Merge and review' }).click();
    expect(JSON.parse(await valueText(page))).toEqual({ status: 'packed', shipBy: '21' });
    await saveButton().click();
    await saved();
    expect(JSON.parse((await otherReads('order')) ?? '')).toEqual({ status: 'packed', shipBy: '21' });
  });

  test('a save that comes too late changes nothing and says so; overwriting sits in Compare', async () => {
    const mine = '{"status":"mine"}';
    await fillValue(page, mine);
    await other.put('order', '{"status":"theirs"}');
    // At once, before the screen could have noticed.
    await page.keyboard.press('ControlOrMeta+s');

    await expectText(banner(), /Both changed status/);
    expect(await otherReads('order')).toBe('{"status":"theirs"}');
    await banner().getByRole('button', { name: 'Compare' }).click();
    const compare = page.getByRole('dialog', { name: 'Compare' });
    await expectText(compare.getByRole('table'), /"status": "theirs".*"status": "mine"/);
    await compare.getByRole('button', { name: /^Overwrite r/ }).click();
    await saved();
    expect(await otherReads('order')).toBe(mine);
  });

  test('my edit can be discarded for theirs', async () => {
    await fillValue(page, '{"status":"mine again"}');
    await other.put('order', 'not json');
    await expectText(banner(), /not JSON on both sides/);
    await banner().getByRole('button', { name: 'Discard mine' }).click();
    await expectValue(page, 'not json');
  });

  test('a key deleted under edit can be created again', async () => {
    await fillValue(page, 'kept');
    await other.delete('order');
    await expectText(banner(), /This key was deleted\./);
    await banner().getByRole('button', { name: 'Create it again' }).click();
    await saved();
    expect(await otherReads('order')).toBe('kept');
  });

  test('the history says what changed, shows it, and brings it back', async () => {
    const history = page.getByRole('region', { name: 'History' });
    await expectText(history, /r[\d,]+ created, 4 B .*r[\d,]+ deleted/);
    await history.getByRole('button', { name: /17 B → 8 B/ }).click();
    const revision = page.getByRole('dialog', { name: /^Revision/ });
    await expectText(revision.getByRole('table'), /not json.*kept/);
    await revision.getByRole('button', { name: /^Restore r/ }).click();
    await expectValue(page, 'not json');
    await expectText(history, /draft 4 B → 8 B/);
    await saveButton().click();
    await saved();
    expect(await otherReads('order')).toBe('not json');
  });

  test('a key can be given a time to live, and keeps it when it is edited', async () => {
    await page.getByRole('combobox', { name: 'Expires' }).selectOption('in 1 h');
    await saveButton().click();
    await page
      .getByRole('definition')
      .filter({ hasText: /^in 59 m/ })
      .waitFor();
    await fillValue(page, 'kept');
    await saveButton().click();
    await page
      .getByText('No unsaved changes.')
      .or(page.getByText(/^Saved as revision/))
      .waitFor();
    await expect.poll(async () => (await other.get('order'))?.expiresAtMs ?? 0).toBeGreaterThan(Date.now());
    expect(await otherReads('order')).toBe('kept');
  });

  test('unsaved edits are there again after a look elsewhere', async () => {
    await fillValue(page, 'half way');
    await page.getByRole('button', { name: 'Close key' }).click();
    await expectText(keyRow(page, 'order'), /unsaved/);
    await goTo(page, 'Overview');
    await goTo(page, 'Keys');
    await keyRow(page, 'order').click();
    await expectValue(page, 'half way');
    await page.getByRole('button', { name: 'Discard', exact: true }).click();
    await expectValue(page, 'kept');
  });

  test('binary keys and values are shown and edited without loss', async () => {
    const key = Buffer.from([0x62, 0xff, 0x00]);
    await other.put(key, Buffer.from([0x00, 0xfe, 0x41]));
    await page.getByRole('textbox', { name: 'Key prefix' }).fill('b\\xFF');
    await keyRow(page, 'b\\xFF\\x00').click();
    await expectValue(page, '00 fe 41');
    await page.getByRole('radio', { name: 'Text' }).click();
    await page.getByText('not UTF-8 text').waitFor();
    await fillValue(page, '00 fe 42 4');
    await page.getByText('A byte has two.').waitFor();
    expect(await saveButton().isDisabled()).toBe(true);
    await fillValue(page, '00 fe 42 43');
    await saveButton().click();
    await saved();
    expect((await other.get(key))?.value).toEqual(Buffer.from([0x00, 0xfe, 0x42, 0x43]));
  });

  test('Windows line ends survive an edit', async () => {
    await other.put('crlf', 'one\r\ntwo\r\n');
    await page.getByRole('textbox', { name: 'Key prefix' }).fill('crlf');
    await keyRow(page, 'crlf').click();
    await expectValue(page, 'one\ntwo\n');
    await fillValue(page, 'one\ntwo\nthree\n');
    await saveButton().click();
    await saved();
    expect(await otherReads('crlf')).toBe('one\r\ntwo\r\nthree\r\n');
  });

  test('keys and values out of bounds are refused with a sentence, before they are sent', async () => {
    await page.getByRole('button', { name: 'New key' }).click();
    const dialog = page.getByRole('dialog', { name: 'New key' });
    const key = dialog.getByRole('textbox', { name: /^Key/ });
    const create = dialog.getByRole('button', { name: /^Create key/ });
    await key.fill('');
    await create.click();
    await expectText(dialog, /Type a key: it needs at least 1 byte/);
    await key.fill('k'.repeat(4097));
    await expectText(dialog, /4,097 bytes; at most 4,096 fit/);
    await key.fill('a\\q');
    await expectText(dialog, /stands for nothing/);
    await key.fill('big');
    await fillValue(page, 'v'.repeat(1024 * 1024 + 1), dialog.getByRole('textbox', { name: /^Value as/ }));
    await create.click();
    await expectText(dialog, /1,048,577 bytes; at most 1,048,576 \(1 MiB\) fit/);
    await fillValue(page, 'v', dialog.getByRole('textbox', { name: /^Value as/ }));
    await key.fill('crlf');
    await create.click();
    await expectText(dialog, /This key exists already/);
    await dialog.getByRole('button', { name: 'Cancel' }).click();
    expect(await other.get('big')).toBeNull();
  });

  test('a long list is read page by page as it is looked at, and says so', async () => {
    await other.batchPut(
      Array.from({ length: MANY_KEYS }, (_, i) => [`many/${String(i).padStart(4, '0')}`, `${i}`] as const),
    );
    await page.getByRole('textbox', { name: 'Key prefix' }).fill('many/');
    await page.getByText('first 200 keys; more below').waitFor();
    const grid = page.getByRole('grid', { name: 'Keys' });
    expect(await grid.getByRole('row').count()).toBeLessThan(80);

    await grid.focus();
    await page.keyboard.press('End');
    await page.getByText('first 400 keys; more below').waitFor();
    await page.keyboard.press('End');
    await page.getByText(/^450 of \d+ keys$/).waitFor();
    await page.keyboard.press('End');
    await page.keyboard.press('Enter');
    await expectValue(page, '449');
  });

  test('a list that is watched follows what others write', async () => {
    await page.getByRole('textbox', { name: 'Key prefix' }).fill('seen/');
    await page.getByText('No key begins with this prefix.').waitFor();
    await page.getByRole('switch', { name: 'Watch live' }).click();
    await expect
      .poll(
        async () => {
          // The watch begins a moment after it was asked for.
          await other.put('seen/1', 'x');
          return keyRow(page, 'seen/1').count();
        },
        { timeout: 15_000 },
      )
      .toBe(1);
    await other.put('seen/0', 'y');
    await keyRow(page, 'seen/0').waitFor();
    await other.delete('seen/1');
    await keyRow(page, 'seen/1').waitFor({ state: 'detached' });
    await page.getByRole('switch', { name: 'Watch live' }).click();
    await page.getByRole('textbox', { name: 'Key prefix' }).fill('many/');
    await page.getByText('first 200 keys; more below').waitFor();
  });

  test('the address holds prefix, key and read mode', async () => {
    await page.getByRole('radio', { name: 'Stale' }).click();
    await page.getByText(/^Stale:/).waitFor();
    await page.reload();
    await expectValue(page, '449');
    expect(await page.getByRole('textbox', { name: 'Key prefix' }).inputValue()).toBe('many/');
    expect(await page.getByRole('radio', { name: 'Stale' }).isChecked()).toBe(true);
    await expectText(page.getByText(/^Stale:/).locator('..'), /may be up to .* old.* now\. Works without a leader/);
  });

  test('nothing complained on the way', () => {
    expect(app.complaints).toEqual([]);
  });
});
