/**
 * `npm run pictures`: the README's screenshot, docs/overview.png, of the real application
 * with a running cluster under load, some time after a node was paused and came back.
 */
import { setTimeout } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { openApp } from './support/app.ts';
import { expectHealthy, expectText, headline, nodeCard, setLoad, startFirstCluster } from './support/cluster-page.ts';

const target = fileURLToPath(new URL('../../docs/overview.png', import.meta.url));

const RUN_MS = 50_000;
const PAUSE_MS = 6_000;
/** Longer than the charts stay zoomed to a fault. */
const AFTER_MS = 65_000;

const app = await openApp();
try {
  const page = await app.openWindow({ theme: 'dark' });
  await startFirstCluster(page);
  await setLoad(page, /8 clients, mixed/);
  console.log('Load runs; pausing a node in a while.');
  await setTimeout(RUN_MS);
  await page.getByRole('button', { name: 'Pause n3' }).click();
  await page.getByRole('article', { name: 'Node n3, paused' }).waitFor();
  await setTimeout(PAUSE_MS);
  await nodeCard(page, 'n3').getByRole('button', { name: 'Resume n3' }).click();
  await expectText(headline(page), /^3 of 3 nodes up/);
  console.log('The node is back; the picture follows when the charts show all of it.');
  await setTimeout(AFTER_MS);
  await expectHealthy(page, 3, 8);
  await page.mouse.move(0, 0);
  await page.screenshot({ path: target });
  if (app.complaints.length > 0) throw new Error(`The page complained:\n${app.complaints.join('\n')}`);
  console.log(`Wrote ${target}`);
} finally {
  await app.close();
}
