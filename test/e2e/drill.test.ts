import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Page } from 'playwright-core';
import { ReportStore } from '../../engine/drill/index.ts';
import { runCommand } from '../support/command.ts';
import { openApp, type TestApp } from './support/app.ts';
import { noBrowser } from './support/browser.ts';
import {
  expectHealthy,
  expectText,
  feed,
  goTo,
  headline,
  nodeCard,
  PATIENCE_MS,
  startFirstCluster,
} from './support/cluster-page.ts';
import { lookAt } from './support/look.ts';
import { oneStory } from './support/story.ts';

/** A drill with a short fault, its checks and its heal, on a busy machine. */
const DRILL_MS = 90_000;

describe.skipIf(noBrowser)('a failover drill, its report, and another beside it', () => {
  let app: TestApp;
  let page: Page;
  let reportUrl: string;
  oneStory(() => page);

  const report = () => page.getByRole('region', { name: 'Drill report' });
  const reports = () => page.getByRole('region', { name: 'Reports' }).getByRole('row');
  const progress = () => page.getByRole('list', { name: 'Progress of the drill' });
  const oneClick = () => page.getByRole('button', { name: 'Run failover drill' });
  const loaded: string[] = [];
  /** Presses Tab until what is focused has this name. */
  const tabTo = async (name: RegExp): Promise<void> => {
    const seen: string[] = [];
    for (let i = 0; i < 60; i++) {
      await page.keyboard.press('Tab');
      const text = await page.evaluate(() => {
        const focused = document.activeElement;
        const label = focused instanceof HTMLInputElement ? focused.labels?.[0]?.textContent : undefined;
        return focused?.getAttribute('aria-label') ?? label ?? focused?.textContent ?? '';
      });
      if (name.test(text)) return;
      seen.push(text.slice(0, 40));
    }
    throw new Error(`Tab never came to ${String(name)}, only to:\n${seen.join('\n')}`);
  };

  beforeAll(async () => {
    app = await openApp();
    page = await app.openWindow();
    page.on('request', (request) => loaded.push(request.url()));
  });
  afterAll(async () => {
    await app.close();
  });

  test('the screen is loaded when it is opened, and says that there is no report yet', async () => {
    await startFirstCluster(page);
    const isScreen = (url: string) => /drills-screen/.test(url);
    expect(loaded.filter(isScreen)).toEqual([]);
    await goTo(page, 'Drills');
    await expectText(page.getByRole('region', { name: 'Drills' }), /No drill has been run yet.*prkdb drill dev-3/);
    expect(loaded.some(isScreen)).toBe(true);
    expect(await lookAt(page, 'drills', { narrow: true })).toEqual([]);
  });

  test('with the keyboard alone a drill is chosen and begun, and tells what it does', async () => {
    await tabTo(/Kill leader/);
    await page.keyboard.press('ArrowDown');
    await expect.poll(() => new URL(page.url()).searchParams.get('scenario')).toBe('pause-leader');
    await page.keyboard.press('ArrowUp');
    await tabTo(/^Fault lasts/);
    await page.keyboard.press('ControlOrMeta+a');
    await page.keyboard.type('2');
    await tabTo(/^Run drill/);
    await page.keyboard.press('Enter');
    await expectText(progress(), /Load of 16 clients, 3 s undisturbed/);
    await expectText(progress(), /n\d killed \(SIGKILL\)/);
    expect(await lookAt(page, 'drill-running', { narrow: false })).toEqual([]);
  });

  test('the overview shows it too, and its result beside the story of the fault', async () => {
    await goTo(page, 'Overview');
    await page.getByRole('heading', { name: /^Failover drill: kill n\d$/ }).waitFor({ timeout: DRILL_MS });
    const pane = page.getByRole('complementary', { name: 'Events and network' });
    await expectText(pane, /Unavailable window [\d,]+ ms.*Acked writes lost 0 .* all read back.*Linearizable yes/);
    await expectText(feed(page), /n\d killed by you/);
    await expectHealthy(page, 3, 8);
    expect(await lookAt(page, 'drill-overview', { narrow: false })).toEqual([]);
    await pane.getByRole('link', { name: 'Open report' }).click();
  });

  test('the report says what was measured, and what it means', async () => {
    await report()
      .getByRole('heading', { level: 1, name: /Failover drill: kill n\d Passed/ })
      .waitFor();
    reportUrl = page.url();
    await expectText(report(), /clients waited at most [\d,]+ ms, and nothing that was acknowledged is lost/);
    await expectText(report(), /[\d,]+ acknowledged, all read back/);
    await expectText(report(), /[\d,]+ operations checked in \d+\.\d s/);
    const chart = report().getByRole('img', { name: /operations a second before kill n\d, .* back after [\d,]+ ms/ });
    expect(await chart.count()).toBe(1);
    const partitions = report().getByRole('region', { name: 'Partitions' });
    expect(await partitions.getByRole('row').count()).toBe(9);
    await expectText(partitions, /n\d → n\d/);
    await expectText(report(), /n\d killed \(SIGKILL\); p\d.* lost (their|its) leader/);
    await expectText(report(), /Throughput is back/);
    expect(await lookAt(page, 'drill-report', { narrow: true })).toEqual([]);
  });

  test('it is saved as Markdown and as JSON', async () => {
    const save = async (name: string) => {
      await report().getByRole('button', { name: 'Export report' }).click();
      const [download] = await Promise.all([
        page.waitForEvent('download'),
        page.getByRole('menuitem', { name }).click(),
      ]);
      return { name: download.suggestedFilename(), text: await readFile(await download.path(), 'utf8') };
    };
    const markdown = await save('Markdown');
    expect(markdown.name).toMatch(/^dev-3-drill-\d{8}-\d{6}-[0-9a-f]{4}\.md$/);
    expect(markdown.text).toMatch(/^# Failover drill: kill n\d\n\n\*\*Passed\*\*/);
    const json = await save('JSON');
    expect(json.name).toMatch(/\.json$/);
    expect(JSON.parse(json.text)).toMatchObject({ scenario: 'kill-leader', verdict: { passed: true } });
  });

  test('a drill that the command runs appears beside it, and the app shows the command its own', async () => {
    await report().getByRole('link', { name: 'All reports' }).click();
    await expect.poll(() => reports().count()).toBe(2);
    const result = await runCommand(app.home, [
      'drill',
      'dev-3',
      '--scenario',
      'isolate-leader',
      '--seconds',
      '2',
      '--json',
    ]);
    expect(result.stderr).toBe('');
    expect(result.code).toBe(0);
    expect((await runCommand(app.home, ['reports'])).text).toMatch(/isolate n\d +passed.*\n.* kill n\d +passed/);
    await expectText(page.getByRole('region', { name: 'Reports' }), /isolate n\d Passed/);
    await expectText(page.getByRole('link', { name: /^Drill reports/ }), /2$/);
  });

  test('two reports are compared, which the address remembers', async () => {
    await page.getByRole('checkbox', { name: /^Compare kill/ }).check();
    expect(await page.getByRole('button', { name: 'Compare', exact: true }).isDisabled()).toBe(true);
    await page.getByRole('checkbox', { name: /^Compare isolate/ }).check();
    await page.getByRole('button', { name: 'Compare', exact: true }).click();
    const comparison = report().getByRole('region', { name: 'Comparison' });
    await expectText(comparison, /Unavailable window [\d,]+ ms [\d,]+ ms (better|worse|the same)/);
    await expectText(comparison, /These drills differ in more than their time: kill n\d under 16 clients/);
    expect(await lookAt(page, 'drill-comparison', { narrow: true })).toEqual([]);
    await page.reload();
    await expectText(comparison, /Acknowledged writes lost 0 0 the same/);
    await comparison.waitFor();
    await page.getByRole('button', { name: 'Close comparison' }).click();
    expect(new URL(page.url()).searchParams.get('with')).toBeNull();
  });

  test('the reports of all clusters have an address, and each report too', async () => {
    await page.getByRole('link', { name: /^Drill reports/ }).click();
    await page.getByRole('heading', { level: 1, name: 'Drill reports' }).waitFor();
    expect(await lookAt(page, 'drill-reports', { narrow: true })).toEqual([]);
    await page.getByRole('link', { name: /^kill n\d on dev-3/ }).click();
    await report()
      .getByRole('heading', { level: 1, name: /Failover drill: kill/ })
      .waitFor();
    expect(new URL(page.url()).pathname).toMatch(/^\/drills\/\d/);
    const id = reportUrl.replace(/.*\//, '');
    await page.goto(new URL(`/c/dev-3?drill=${id}`, reportUrl).href);
    await page.getByRole('heading', { name: /^Failover drill: kill n\d$/ }).waitFor();
    await page.getByRole('button', { name: 'Close the drill result' }).click();
    expect(new URL(page.url()).search).toBe('');
    await page.goto(reportUrl.replace(/[^/]+$/, '20200101-000000-0000'));
    await expectText(page.getByRole('alert'), /There is no drill report "20200101-000000-0000"/);
    await page.getByRole('button', { name: 'Show all reports' }).click();
    await expect.poll(() => reports().count()).toBe(3);
  });

  test('a drill that failed says why, with the smallest window that shows it', async () => {
    const kept = new ReportStore(app.home);
    const [one] = await kept.list();
    if (one === undefined) throw new Error('There is no report.');
    const id = '20200101-000000-0001';
    await kept.save({
      ...one,
      id,
      consistency: {
        ...one.consistency,
        linearizable: 'no',
        explanation:
          'key "drill/1": stale read: put "b" was acknowledged before a get began, yet the get returned "a", which is older\n' +
          '  client 1: put "a": acknowledged, revision 1 (from 10 to 12 ms)\n' +
          '  client 2: put "b": acknowledged, revision 2 (from 13 to 15 ms)\n' +
          '  client 3: get: "a", revision 1 (from 16 to 17 ms)',
        acknowledgedWritesLost: 1,
        lostExamples: ['drill/1: "b" at revision 2 was acknowledged to client 2, and the key reads "a" at revision 1'],
      },
      verdict: { passed: false, reasons: ['1 acknowledged write lost.', 'The history is not linearizable.'] },
    });
    await page.goto(reportUrl.replace(/[^/]+$/, id));
    await report()
      .getByRole('heading', { level: 1, name: /Failed$/ })
      .waitFor();
    await expectText(report(), /Acked writes lost 1/);
    await expectText(
      report().getByRole('region', { name: 'The smallest window that shows it' }),
      /stale read: put "b"/,
    );
    expect(await lookAt(page, 'drill-failed', { narrow: true })).toEqual([]);
    await report().getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Cancel' }).click();
    await report().getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete report' }).click();
    await expect.poll(() => reports().count()).toBe(3);
  });

  test('a drill that is cancelled leaves a whole cluster and no report', async () => {
    await page.getByRole('radio', { name: /^Isolate leader/ }).check();
    await page.getByRole('button', { name: 'Run drill' }).click();
    await expectText(progress(), /every link of n\d cut/);
    await page.getByRole('button', { name: 'Cancel drill' }).click();
    await expectText(
      page.getByRole('status').filter({ hasText: 'drill' }),
      /was cancelled. What it had begun was undone/,
    );
    expect(await reports().count()).toBe(3);
    await goTo(page, 'Overview');
    await expectHealthy(page, 3, 8);
    await expectText(feed(page), /cut off by you|Network healed by you/);
  });

  test('a cluster that is not whole is not drilled, and the screen says why', async () => {
    await nodeCard(page, 'n2').getByRole('button', { name: 'Kill n2' }).click();
    await expectText(headline(page), /^2 of 3 nodes up/);
    await goTo(page, 'Drills');
    await expectText(
      page.getByRole('region', { name: 'Run a drill' }),
      /A drill begins with a whole cluster.*2 of 3 nodes/,
    );
    expect(await page.getByRole('button', { name: 'Run drill' }).isDisabled()).toBe(true);
    await goTo(page, 'Overview');
    expect(await oneClick().count()).toBe(0);
    await nodeCard(page, 'n2').getByRole('button', { name: 'Start n2' }).click();
    await page.getByRole('article', { name: 'Node n2, live' }).waitFor({ timeout: PATIENCE_MS });
  });

  test('one click on the overview runs the usual one, beside the events', async () => {
    await oneClick().click({ timeout: PATIENCE_MS });
    await progress().waitFor();
    expect(await oneClick().count()).toBe(0);
    await page.getByRole('button', { name: 'Cancel drill' }).click();
    await oneClick().waitFor({ timeout: PATIENCE_MS });
  });

  test('a report is deleted', async () => {
    await page.goto(reportUrl);
    await report().getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete report' }).click();
    await expect.poll(() => reports().count()).toBe(2);
    await expectText(page.getByRole('region', { name: 'Reports' }), /isolate n\d/);
  });

  test('nothing complained on the way', () => {
    expect(app.complaints).toEqual([]);
  });
});
