import { readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { startFixtureApi, type FixtureApi } from '../support/fixture-api.ts';
import { FixtureCluster } from '../support/fixture-cluster.ts';
import { fixtureKeys } from '../support/fixture-keys.ts';
import { launchBrowser, noBrowser } from './support/browser.ts';
import { expectText } from './support/cluster-page.ts';
import { lookAt } from './support/look.ts';

const KEYS = 1_200;

/** What dialogs say, refuse and ask for, over a made-up cluster: what then happens other tests see on real ones. */
describe.skipIf(noBrowser)('dialogs', () => {
  let fixture: FixtureApi;
  let browser: Browser;
  let page: Page;
  let asked: [string, Record<string, unknown>][];
  const keys = fixtureKeys(KEYS);

  const open = (address: string) => page.goto(`${fixture.url}${address}`);
  const dialog = (name: string): Locator => page.getByRole('dialog', { name });
  const expectFine = async (name: string) => expect(await lookAt(page, name, { narrow: false })).toEqual([]);

  beforeAll(async () => {
    fixture = await startFixtureApi({
      rendererDir: fileURLToPath(new URL('../../dist/renderer', import.meta.url)),
      clusters: [new FixtureCluster('dev', { nodes: 3, partitions: 8, running: true, nowMs: Date.now() })],
      extra: (name, input) => {
        if (/^(node\.(remove|wipe)|cluster\.rename|clusters\.import|keys\.(put|deleteMany))$/.test(name))
          asked.push([name, input]);
        if (name === 'node.wipe') return { node: 4 };
        if (name === 'node.remove' || name === 'cluster.rename') return {};
        if (name === 'clusters.import') return fixture.clusters.get('dev')!.summary();
        if (name === 'keys.deleteMany') {
          return { outcomes: (input['keys'] as unknown[]).map(() => 'deleted'), reason: null };
        }
        if (name === 'drills.live') return { running: null, last: null };
        return keys(name, input);
      },
    });
    browser = await launchBrowser();
    page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
    page.setDefaultTimeout(10_000);
  });
  beforeEach(() => {
    asked = [];
  });
  afterAll(async () => {
    await browser?.close();
    await fixture?.close();
  });

  test('a node is wiped after its name was typed, and what that means is said', async () => {
    await open('/c/dev?dialog=wipe-node&from=2');
    const wipe = dialog('Wipe the data of n2?');
    await expectText(wipe, /could vote twice.*Raft treats a lost disk as a lost node/);
    const yes = wipe.getByRole('button', { name: 'Wipe n2' });
    expect(await yes.isDisabled()).toBe(true);
    await expectFine('wipe-node');
    await wipe.getByRole('textbox', { name: 'Type n2 to wipe it' }).fill('n2');
    await yes.click();
    await wipe.waitFor({ state: 'detached' });
    expect(asked).toEqual([['node.wipe', { cluster: 'dev', node: 2 }]]);
    await page.getByText('n4 takes the place of n2.', { exact: true }).waitFor();
  });

  test('a node that the copies need is removed only by force', async () => {
    await open('/c/dev?dialog=remove-node&from=3');
    const remove = dialog('Remove n3 from dev?');
    const yes = remove.getByRole('button', { name: 'Remove n3' });
    await yes.waitFor();
    expect(await yes.isDisabled()).toBe(true);
    await remove.getByRole('switch', { name: /though 3 copies need 3 nodes/ }).click();
    await remove.getByRole('switch', { name: /Delete its data/ }).click();
    expect(await yes.isDisabled()).toBe(true);
    await remove.getByRole('textbox', { name: 'Type n3 to delete its data' }).fill('n3');
    await expectFine('remove-node');
    await yes.click();
    await remove.waitFor({ state: 'detached' });
    expect(asked).toEqual([['node.remove', { cluster: 'dev', node: 3, force: true, deleteData: true }]]);
  });

  test('a cluster gets a name that can be one', async () => {
    await open('/c/dev/events');
    await page.getByRole('button', { name: 'Cluster actions' }).click();
    await page.getByRole('menuitem', { name: 'Rename…' }).click();
    const rename = dialog('Rename dev');
    const yes = rename.getByRole('button', { name: 'Stop, rename and start' });
    expect(await yes.isDisabled()).toBe(true);
    const name = rename.getByRole('textbox', { name: 'New name' });
    await name.fill('My Cluster');
    await expectText(rename, /begins with a letter/);
    await expectFine('rename');
    await name.fill('mine');
    await name.press('Enter');
    await rename.waitFor({ state: 'detached' });
    expect(asked).toEqual([['cluster.rename', { cluster: 'dev', name: 'mine' }]]);
    expect(new URL(page.url()).pathname).toBe('/c/mine/events');
  });

  test('a cluster of another home is taken in by its folder', async () => {
    await open('/c/dev?dialog=import');
    const take = dialog('Import a local cluster');
    await take.getByRole('textbox', { name: 'Folder of the cluster' }).fill('/srv/clusters/dev');
    await expectFine('import-cluster');
    await take.getByRole('textbox', { name: 'Name here' }).press('Enter');
    await take.waitFor({ state: 'detached' });
    expect(asked).toEqual([['clusters.import', { directory: '/srv/clusters/dev', name: null }]]);
  });

  test('keys are exported, and deleted once what they are was typed', async () => {
    await open('/c/dev/keys');
    const bulk = async (item: RegExp) => {
      await page.getByRole('button', { name: 'Export, import, delete' }).click();
      await page.getByRole('menuitem', { name: item }).click();
    };
    await page.getByRole('img', { name: /^[\d,]+ keys in 8 partitions: from/ }).waitFor();
    await bulk(/^Export/);
    const save = dialog('Export keys');
    await expectText(save, /Saves every key of dev to a file/);
    await expectFine('export');
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      save.getByRole('button', { name: 'Export', exact: true }).click(),
    ]);
    const lines = (await readFile(await download.path(), 'utf8')).trimEnd().split('\n');
    expect(lines).toHaveLength(KEYS);

    await bulk(/^Delete/);
    const remove = dialog('Delete a whole branch?');
    await remove.waitFor();
    expect(await remove.getByRole('button', { name: 'Delete for good' }).isDisabled()).toBe(true);
    await expectFine('delete-many');
    await page.keyboard.press('Escape');
    await remove.waitFor({ state: 'detached' });
    expect(asked).toEqual([]);
  });

  test('a new key may have an end', async () => {
    await page.getByRole('button', { name: 'New key' }).click();
    const create = dialog('New key');
    await create.getByRole('textbox', { name: /^Key/ }).fill('/session/1');
    await create.getByRole('radio', { name: 'in 1 h' }).click();
    await expectFine('new-key-expiring');
    await create.getByRole('button', { name: /^Create key/ }).click();
    await create.waitFor({ state: 'detached' });
    expect(asked).toMatchObject([['keys.put', { expectedRevision: 0, ttlMs: 3_600_000 }]]);
  });
});
