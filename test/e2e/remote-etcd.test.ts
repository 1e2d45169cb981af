import type { Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { EtcdCluster, noEtcd } from '../support/etcd-cluster.ts';
import { openApp, type TestApp } from './support/app.ts';
import { noBrowser } from './support/browser.ts';
import { createKey, expectText, expectValue, feed, fillValue, goTo, headline, keyRow } from './support/cluster-page.ts';
import { startSingleNode } from './support/cluster-sheet.ts';
import { lookAt } from './support/look.ts';
import { oneStory } from './support/story.ts';

describe.skipIf(noBrowser || noEtcd)('an etcd cluster that runs elsewhere', () => {
  let app: TestApp;
  let page: Page;
  let etcd: EtcdCluster;
  oneStory(() => page);

  beforeAll(async () => {
    [app, etcd] = await Promise.all([openApp(), EtcdCluster.start()]);
    page = await app.openWindow();
  });
  afterAll(async () => {
    await app.close();
    await etcd.stop();
  });

  test('the connection is tried step by step, then saved', async () => {
    await page.getByRole('button', { name: 'Connect to a remote cluster' }).click();
    const sheet = page.getByRole('dialog', { name: 'Connect to a remote cluster' });
    await sheet.getByLabel('Name', { exact: true }).fill('k8s');
    await sheet.getByLabel('Endpoint 1').fill('http://127.0.0.1:1');
    await sheet.getByRole('button', { name: 'Test connection' }).click();
    await expectText(
      sheet.getByRole('status', { name: 'Connection test' }),
      /Nothing listens at 127\.0\.0\.1:1.*Check that the node runs/,
    );
    await sheet.getByLabel('Endpoint 1').fill(etcd.endpoints[0]!);
    await sheet.getByRole('button', { name: 'Test connection' }).click();
    await expectText(
      sheet.getByRole('status', { name: 'Connection test' }),
      /1 of 1 endpoint.*etcd 3\..*3: m1, m2, m3/,
    );
    expect(await lookAt(page, 'connect', { narrow: false })).toEqual([]);
    // The others would be found too; this one may be the member that dies below.
    await sheet.getByRole('button', { name: 'Another endpoint' }).click();
    await sheet.getByRole('textbox', { name: 'Endpoint 2' }).fill(etcd.endpoints[1]!);
    await sheet.getByRole('button', { name: 'Save and connect' }).click();
    await expectText(headline(page), /3 of 3 nodes up.*m\d leads in term \d+/);
  });

  test('its members are shown with their figures', async () => {
    const members = page.getByRole('region', { name: 'Members' });
    await expectText(members, /m1.*m2.*m3/);
    await expectText(members.getByRole('row', { name: 'Member m1' }), /(leader|follower) t\d+ \d.* 3\.\d/);
    expect(await lookAt(page, 'etcd', { narrow: true })).toEqual([]);
    await page.getByRole('button', { name: 'Users and roles' }).click();
    await expectText(page.getByRole('dialog', { name: 'Users and roles' }), /There are no users/);
    await page.keyboard.press('Escape');
    expect(await page.getByRole('link', { name: 'k8s' }).innerText()).toContain('etcd');
    expect(await page.getByRole('button', { name: /^(Kill|Restart|Isolate)/ }).count()).toBe(0);
  });

  test('when its leader dies, the new one is shown with its term', async () => {
    const [, leader = '', term = ''] = /(m\d) leads in term (\d+)/.exec(await headline(page).innerText())!;
    await etcd.kill(leader);
    const others = ['m1', 'm2', 'm3'].filter((name) => name !== leader).join('|');
    await expectText(headline(page), new RegExp(`2 of 3 nodes up.*(${others}) leads in term \\d+`));
    const [, newTerm = ''] = /leads in term (\d+)/.exec(await headline(page).innerText())!;
    expect(Number(newTerm)).toBeGreaterThan(Number(term));
    await expectText(page.getByRole('region', { name: 'Members' }), /connection refused/);
    await expectText(feed(page), new RegExp(`(${others}) leads in term ${newTerm}`));
    await expectText(feed(page), new RegExp(`${leader} does not answer`));
  });

  test('it stands beside the others, with what the rules say of it, and a rule is changed', async () => {
    await page.keyboard.press('g');
    await page.keyboard.press('a');
    const row = page.getByRole('row', { name: 'Cluster k8s' });
    await expectText(row, /2 of 3 nodes up\. Quorum with no node to spare.*m\d.*[1-9]\d* .*to answer.*now/);
    const table = page.getByRole('group', { name: 'Table of clusters' });
    await expectText(table, /Quorum at risk\..*one more would cost its quorum/);
    const log = page.getByRole('list', { name: 'What fired, newest first' });
    await expectText(log, /k8s Quorum at risk\./);
    await page.getByText('k8s: quorum at risk').first().waitFor();
    expect(await lookAt(page, 'all-clusters', { narrow: true })).toEqual([]);
    await page.getByRole('switch', { name: 'Quorum at risk' }).click();
    await expectText(log, /Quorum at risk, over\./);
    await page.reload();
    const kept = page.getByRole('switch', { name: 'Quorum at risk' });
    await kept.waitFor();
    expect(await kept.getAttribute('aria-checked')).toBe('false');
    await expectText(log, /Quorum at risk, over\./);
    await page.getByRole('group', { name: 'Table of clusters' }).getByRole('link', { name: 'k8s' }).click();
    await headline(page).waitFor();
  });

  test('a key is created and edited under compare-and-swap', async () => {
    await goTo(page, 'Keys');
    await createKey(page, 'config/limit', '10');
    await fillValue(page, '20');
    await page.getByRole('button', { name: /^Save if still/ }).click();
    await page.getByText(/^Saved as revision [\d,]+\.$/).waitFor();
    expect(await keyRow(page, 'config/limit').count()).toBe(1);
  });

  test('its former value is found in its history and put back', async () => {
    const history = page.getByRole('region', { name: 'History' });
    await expectText(history, /no lease: it stays/);
    await history.getByRole('button', { name: /created, 2 B/ }).click();
    const dialog = page.getByRole('dialog', { name: /^Revision/ });
    expect(await lookAt(page, 'etcd-history', { narrow: false })).toEqual([]);
    await dialog.getByRole('button', { name: /^Restore r/ }).click();
    await expectValue(page, '10');
    await page.getByRole('button', { name: /^Save if still/ }).click();
    await page.getByText(/^Saved as revision [\d,]+\.$/).waitFor();
    await expectValue(page, '10');
  });

  test('what cannot be shown is said', async () => {
    await goTo(page, 'Raft');
    await expectText(page.getByRole('main'), /etcd does not show its log/);
    await goTo(page, 'Logs');
    await expectText(page.getByRole('main'), /run elsewhere, and their logs are there/);
    await goTo(page, 'Overview');
  });

  test('its charts are looked back at, by a link too', async () => {
    const charts = page.getByRole('region', { name: 'Live' });
    await charts.getByRole('radio', { name: '1 h' }).click();
    await page.getByRole('heading', { level: 1 }).first().focus();
    await page.keyboard.press('[');
    await expectText(charts.getByRole('status'), /^\d\d\/\d\d\/\d{4} [\d:]+ to [\d:]+/);
    expect(page.url()).toMatch(/range=1h.*until=\d+/);
    const words = await charts.getByRole('status').innerText();
    await page.reload();
    await expectText(charts.getByRole('status'), new RegExp(words));
    await charts.getByRole('button', { name: 'Later' }).click();
    await expectText(charts, /election won/);
    expect(page.url()).not.toContain('until');
  });

  test('its keys are copied to a cluster of this computer, and followed until clients have moved', async () => {
    await startSingleNode(page, 'solo');
    await page.getByRole('link', { name: 'k8s' }).click();
    await page.getByRole('button', { name: 'Cluster actions' }).click();
    await page.getByRole('menuitem', { name: 'Copy keys' }).click();
    const dialog = page.getByRole('dialog', { name: 'Copy keys to another cluster' });
    expect(await dialog.getByLabel('From').inputValue()).toBe('k8s');
    await dialog.getByLabel('To', { exact: true }).selectOption('solo');
    await dialog.getByLabel('Prefix').fill('config/');
    await dialog.getByRole('switch', { name: /^Write later changes too/ }).click();
    expect(await lookAt(page, 'copy-choose', { narrow: false })).toEqual([]);
    await dialog.getByRole('button', { name: 'Check what would be done' }).click();
    await expectText(dialog, /Nothing is written yet.*To write 1/);
    await dialog.getByRole('button', { name: 'Copy 1 key' }).click();
    await expectText(dialog, /All keys are copied.*What now.*Stop what writes to k8s/);
    await dialog.getByRole('button', { name: 'Compare both sides' }).click();
    await expectText(dialog, /Both sides are equal, byte for byte: 1 key\./);
    expect(await lookAt(page, 'copy-follow', { narrow: true })).toEqual([]);

    // A closed dialog ends nothing, and the address leads back to it.
    await page.keyboard.press('Escape');
    await page.getByRole('button', { name: /^Copies/ }).click();
    await dialog.getByRole('button', { name: 'End following' }).click();
    await expectText(dialog, /Done: following has ended/);
    await dialog.getByRole('button', { name: 'Close', exact: true }).last().click();
    await page.getByRole('link', { name: 'solo' }).click();
    await goTo(page, 'Keys');
    await keyRow(page, 'config/limit').waitFor();
    await page.getByRole('link', { name: 'k8s' }).click();
  });

  test('a production profile takes no writes until its name is typed', async () => {
    await page.getByRole('button', { name: 'Cluster actions' }).click();
    await page.getByRole('menuitem', { name: 'Edit profile' }).click();
    const sheet = page.getByRole('dialog', { name: 'Profile k8s' });
    await sheet.getByRole('radio', { name: 'PROD' }).click();
    await sheet.getByRole('switch', { name: 'Read-only' }).click();
    await sheet.getByRole('button', { name: 'Save and connect' }).click();
    await page.getByRole('button', { name: 'Allow writing' }).click();
    const dialog = page.getByRole('dialog', { name: 'Allow writing to k8s?' });
    const allow = dialog.getByRole('button', { name: 'Allow for 10 minutes' });
    expect(await allow.isDisabled()).toBe(true);
    await dialog.getByLabel('Type k8s to allow writing').fill('k8s');
    await allow.click();
    await page.getByRole('button', { name: 'Maintain' }).waitFor();

    // Copying there wants the name all the same, each time.
    await page.goto(`${new URL(page.url()).origin}/c/k8s?dialog=copy&from=solo&to=k8s`);
    const copy = page.getByRole('dialog', { name: 'Copy keys to another cluster' });
    await copy.getByRole('button', { name: 'Check what would be done' }).click();
    const begin = copy.getByRole('button', { name: 'Begin' });
    await begin.waitFor();
    expect(await begin.isDisabled()).toBe(true);
    await copy.getByLabel('Type k8s to write to this production cluster').fill('k8s');
    await begin.click();
    await expectText(copy, /Done: all keys are copied.*Equal on both sides already 1/);
    expect(app.complaints).toEqual([]);
  });
});
