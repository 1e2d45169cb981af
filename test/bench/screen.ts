/**
 * `node test/bench/screen.ts [seconds]`: what a large live cluster costs the window, by
 * Chromium's own counters: 9 nodes and 64 partitions that change ten times a second, and a
 * list of 100,000 keys that is scrolled through. Needs `npm run build`. Nothing is asserted.
 */
import { fileURLToPath } from 'node:url';
import { setTimeout } from 'node:timers/promises';
import type { Browser, CDPSession, Page } from 'playwright-core';
import { launchBrowser } from '../e2e/support/browser.ts';
import { startFixtureApi } from '../support/fixture-api.ts';
import { FixtureCluster } from '../support/fixture-cluster.ts';
import { fixtureKeys } from '../support/fixture-keys.ts';

const SECONDS = Number(process.argv[2] ?? 20);
const WARM_UP_MS = 4_000;
const KEYS = 100_000;

interface Cost {
  /** Of one core, of the thread that draws; in processor time, so that other programs do not count. */
  readonly mainThreadPercent: number;
  readonly scriptPercent: number;
  readonly layoutAndStylePercent: number;
  /** Of the thread that draws, in its own processor time: what no other program can lengthen. */
  readonly tasksOver50Ms: number;
  readonly longestTaskMs: number;
  /** Frames that took more than 50 ms from what began them to what was drawn; in wall time. */
  readonly slowFrames: number;
  readonly longestSlowFrameMs: number;
  readonly heapMb: number;
}

async function counters(cdp: CDPSession): Promise<Map<string, number>> {
  const { metrics } = await cdp.send('Performance.getMetrics');
  return new Map(metrics.map(({ name, value }) => [name, value]));
}

interface TraceEvent {
  readonly name: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds of processor time. */
  readonly tdur?: number;
  readonly args?: { readonly name?: string };
}

/** Every task of the drawing threads, in milliseconds of processor time. */
function taskLengthsMs(trace: Buffer): number[] {
  const { traceEvents } = JSON.parse(trace.toString()) as { traceEvents: TraceEvent[] };
  const threads = new Set(
    traceEvents
      .filter(({ name, args }) => name === 'thread_name' && args?.name === 'CrRendererMain')
      .map(({ pid, tid }) => `${pid}/${tid}`),
  );
  return traceEvents
    .filter(({ name, pid, tid }) => name === 'ThreadControllerImpl::RunTask' && threads.has(`${pid}/${tid}`))
    .map(({ tdur }) => (tdur ?? 0) / 1000);
}

/** Counts while `work` runs, and traces while it runs again. */
async function measure(browser: Browser, page: Page, cdp: CDPSession, work: () => Promise<void>): Promise<Cost> {
  // Chromium's own list: a loop that counted frames would draw more of them.
  await page.evaluate(() => {
    const frames: number[] = [];
    Object.assign(window, { frames });
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) frames.push(entry.duration);
    }).observe({ type: 'long-animation-frame' });
  });
  const before = await counters(cdp);
  const startedMs = performance.now();
  await work();
  const lastedS = (performance.now() - startedMs) / 1000;
  const after = await counters(cdp);
  const frames = await page.evaluate(() => (window as unknown as { frames: number[] }).frames);
  // Tracing costs something itself, so that it has a turn of its own.
  await browser.startTracing(page, { categories: ['toplevel'] });
  await work();
  const tasks = taskLengthsMs(await browser.stopTracing());
  const percent = (...names: string[]) =>
    (names.reduce((sum, name) => sum + (after.get(name) ?? 0) - (before.get(name) ?? 0), 0) / lastedS) * 100;
  return {
    mainThreadPercent: percent('TaskDuration'),
    scriptPercent: percent('ScriptDuration'),
    layoutAndStylePercent: percent('LayoutDuration', 'RecalcStyleDuration'),
    tasksOver50Ms: tasks.filter((ms) => ms > 50).length,
    longestTaskMs: Math.max(0, ...tasks),
    slowFrames: frames.filter((ms) => ms > 50).length,
    longestSlowFrameMs: Math.max(0, ...frames),
    heapMb: (after.get('JSHeapUsedSize') ?? 0) / 1_000_000,
  };
}

function print(title: string, cost: Cost): void {
  console.log(`\n${title}`);
  for (const [name, value] of Object.entries(cost)) {
    console.log(`  ${name.padEnd(24)}${Number.isInteger(value) ? value : value.toFixed(1)}`);
  }
}

const nowMs = Date.now();
const fixture = await startFixtureApi({
  rendererDir: fileURLToPath(new URL('../../dist/renderer', import.meta.url)),
  clusters: [new FixtureCluster('large', { nodes: 9, partitions: 64, running: true, nowMs })],
  extra: fixtureKeys(KEYS),
});
const browser = await launchBrowser();
try {
  const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
  const cdp = await page.context().newCDPSession(page);
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' });

  await page.goto(`${fixture.url}/c/large`);
  await page.getByRole('grid').waitFor();
  await setTimeout(WARM_UP_MS);
  print(
    `Overview, 9 nodes × 64 partitions, ten updates a second, ${SECONDS} s`,
    await measure(browser, page, cdp, () => setTimeout(SECONDS * 1000)),
  );

  await page.goto(`${fixture.url}/c/large/keys`);
  const grid = page.getByRole('grid', { name: 'Keys' });
  await grid.getByRole('row').nth(20).waitFor();
  await setTimeout(WARM_UP_MS);
  const box = await grid.boundingBox();
  if (box === null) throw new Error('The list of keys is not in sight.');
  await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
  print(
    `Keys, a list of ${KEYS.toLocaleString('en-US')} scrolled by wheel for ${SECONDS} s`,
    await measure(browser, page, cdp, async () => {
      const untilMs = performance.now() + SECONDS * 1000;
      while (performance.now() < untilMs) {
        await page.mouse.wheel(0, 1_200);
        await setTimeout(16);
      }
    }),
  );
  const rows = await grid.evaluate((element) => element.querySelectorAll('[role="row"]').length);
  const height = await grid.evaluate((element) => element.scrollHeight);
  console.log(`  rows drawn              ${rows}\n  rows read               ${Math.round(height / 28)}`);
} finally {
  await browser.close();
  await fixture.close();
}
