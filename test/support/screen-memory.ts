import { fileURLToPath } from 'node:url';
import type { CDPSession, Page } from 'playwright-core';
import { launchBrowser } from '../e2e/support/browser.ts';
import { startFixtureApi } from './fixture-api.ts';
import { FixtureCluster } from './fixture-cluster.ts';

/** Charts and feed reach back a quarter of an hour; from then on nothing has a reason to grow. */
const FILLED_MINUTES = 20;
const KILL_EVERY_MS = 120_000;
/** What may differ between two moments of the same screen. */
const ROOM = { heapMb: 6, elements: 1_500, listeners: 300 } as const;

export interface Held {
  readonly heapMb: number;
  readonly elements: number;
  readonly listeners: number;
}

export interface Growth {
  readonly minutes: number;
  /** Once everything that is kept was full. */
  readonly before: Held;
  readonly after: Held;
  /** A sentence for each that grew; none when all is well. */
  readonly problems: readonly string[];
}

/** Feeds the overview of a large cluster made-up time as fast as it takes it, and counts what stays. */
export async function measureGrowth(minutes: number): Promise<Growth> {
  let nowMs = Date.now();
  const cluster = new FixtureCluster('large', { nodes: 9, partitions: 64, running: true, nowMs });
  const fixture = await startFixtureApi({
    rendererDir: fileURLToPath(new URL('../../dist/renderer', import.meta.url)),
    clusters: [cluster],
  });
  const browser = await launchBrowser();
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    const cdp = await page.context().newCDPSession(page);
    await page.goto(`${fixture.url}/c/large`);
    await page.getByRole('grid').waitFor();
    fixture.silent = true;
    const live = async (spanMs: number): Promise<void> => {
      const startMs = nowMs;
      for (; nowMs < startMs + spanMs; nowMs += 1_000) {
        const since = nowMs - startMs;
        const victim = 1 + (Math.floor(since / KILL_EVERY_MS) % 9);
        if (since % KILL_EVERY_MS === 10_000) cluster.act('kill', victim, nowMs);
        if (since % KILL_EVERY_MS === 40_000) cluster.act('start', victim, nowMs);
        fixture.advance(nowMs);
        // What was sent is taken before more is: the page answers only after that.
        if (since % 20_000 === 0) await settle(page);
      }
      await settle(page);
    };
    await live(FILLED_MINUTES * 60_000);
    const before = await held(page, cdp);
    await live(minutes * 60_000);
    const after = await held(page, cdp);
    return { minutes, before, after, problems: problemsOf(before, after) };
  } finally {
    await browser.close();
    await fixture.close();
  }
}

/** Two frames: everything that came is drawn. */
async function settle(page: Page): Promise<void> {
  await page.evaluate(
    () =>
      new Promise<void>((resolve) => {
        requestAnimationFrame(() => requestAnimationFrame(() => resolve()));
      }),
  );
}

async function held(page: Page, cdp: CDPSession): Promise<Held> {
  await settle(page);
  await cdp.send('HeapProfiler.enable');
  await cdp.send('Performance.enable');
  // The first collection frees what holds on to what only the second can free.
  for (let i = 0; i < 3; i++) await cdp.send('HeapProfiler.collectGarbage');
  const { metrics } = await cdp.send('Performance.getMetrics');
  const of = (name: string) => metrics.find((metric) => metric.name === name)?.value ?? 0;
  return { heapMb: of('JSHeapUsedSize') / 1_000_000, elements: of('Nodes'), listeners: of('JSEventListeners') };
}

function problemsOf(before: Held, after: Held): string[] {
  return (['heapMb', 'elements', 'listeners'] as const)
    .filter((name) => after[name] > before[name] + ROOM[name])
    .map((name) => `${name} grew from ${before[name].toFixed(1)} to ${after[name].toFixed(1)}.`);
}
