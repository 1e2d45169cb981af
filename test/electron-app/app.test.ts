import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { _electron, type ElectronApplication, type Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { findRuntime, missingDisplay } from '../../electron/start/runtime.ts';
import { expectHealthy, expectText, feed, headline, startFirstCluster } from '../e2e/support/cluster-page.ts';

const root = fileURLToPath(new URL('../..', import.meta.url));
const noDisplay = missingDisplay(process.platform, process.env);
const runtime =
  noDisplay === null
    ? await findRuntime(path.join(root, 'node_modules', 'electron'), process.env, console.warn)
    : { missing: noDisplay };
const why = 'missing' in runtime ? runtime.missing : null;
if (why !== null) console.warn(`\n  SKIPPED: the desktop application was not opened: ${why}.\n`);

/** The real application in the real runtime: what no stand-in for Electron can show. Needs `npm run build`. */
describe.skipIf(why !== null)('the desktop application', () => {
  let home: string;
  let electron: ElectronApplication;
  let page: Page;

  beforeAll(async () => {
    home = await mkdtemp(path.join(os.tmpdir(), 'prkdb-electron-'));
    electron = await _electron.launch({
      executablePath: 'executable' in runtime ? runtime.executable : '',
      args: [root, '--home', home, `--user-data-dir=${path.join(home, 'electron')}`],
    });
    page = await electron.firstWindow();
  });
  afterAll(async () => {
    // A signal is not asked whether it means it.
    const child = electron.process();
    const ended = new Promise((resolve) => {
      child.once('exit', resolve);
    });
    child.kill('SIGTERM');
    await ended;
    await rm(home, { recursive: true, force: true });
  });

  test('opens its own page, which knows nothing of Node and may not leave', async () => {
    expect(new URL(page.url()).origin).toBe('app://prkdb');
    await page.getByRole('heading', { level: 1, name: /Run a real Raft cluster/ }).waitFor();
    const known = () => ['require', 'process', 'module', 'Buffer'].filter((name) => name in window);
    expect(await page.evaluate(known)).toEqual([]);
    await page.evaluate(() => {
      location.href = 'https://example.org/';
    });
    await page.getByRole('heading', { level: 1, name: /Run a real Raft cluster/ }).waitFor();
    expect(new URL(page.url()).origin).toBe('app://prkdb');
  });

  test('runs nodes as processes of its own, kills a leader and tells the story', async () => {
    await startFirstCluster(page);
    await page.getByRole('button', { name: 'Kill n1' }).click();
    await expectText(headline(page), /^2 of 3 nodes up/);
    await expectText(feed(page), /n1 killed by you \(SIGKILL\)/);
    await page.getByRole('button', { name: 'Start n1' }).first().click();
    await expectHealthy(page, 3, 8);
    expect(electron.windows()).toHaveLength(1);
  });

  test('asks before it quits, and stays when that is the answer', async () => {
    const asked = await electron.evaluate(async ({ app, dialog }) => {
      const seen: string[] = [];
      dialog.showMessageBox = async (...args: unknown[]) => {
        seen.push((args.at(-1) as { message: string }).message);
        return { response: 2, checkboxChecked: false };
      };
      app.quit();
      while (seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 20));
      return seen;
    });
    expect(asked[0]).toMatch(/^Stop .* and quit\?$/);
    await expectHealthy(page, 3, 8);
  });
});
