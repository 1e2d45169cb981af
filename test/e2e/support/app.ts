import { cp, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { serve, type Serving } from '../../../electron/web.ts';
import { PrkDbClient } from '../../../engine/client/index.ts';
import { launchBrowser } from './browser.ts';

const built = fileURLToPath(new URL('../../../dist/renderer/', import.meta.url));

export interface WindowOptions {
  readonly theme?: 'dark' | 'light';
  readonly width?: number;
  readonly height?: number;
}

/**
 * The real browser host on a home directory of its own, with real node processes, and
 * Chromium in front of it. Whatever the pages print as an error, throw, or try against
 * the policy is gathered in `complaints`.
 */
export interface TestApp {
  readonly complaints: string[];
  /** Where clusters and reports are kept: the command finds them there too. */
  readonly home: string;
  /** A page of its own session, at the app's first address. */
  openWindow(options?: WindowOptions): Promise<Page>;
  /** Ends the app, which stops its clusters, and opens it again on the same home. Its windows are gone. */
  reopen(): Promise<void>;
  /** A client of a cluster, as another program would use. Closed with the app. */
  client(clientPort: number): Promise<PrkDbClient>;
  close(): Promise<void>;
}

export async function openApp(): Promise<TestApp> {
  const dir = await mkdtemp(path.join(os.tmpdir(), 'prkdb-e2e-'));
  const home = path.join(dir, 'home');
  const complaints: string[] = [];
  const contexts: BrowserContext[] = [];
  const clients: PrkDbClient[] = [];
  let serving: Serving | undefined;
  let browser: Browser | undefined;

  const close = async () => {
    for (const client of clients) client.close();
    for (const context of contexts) await context.close();
    await browser?.close();
    await serving?.close();
    await rm(dir, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  };

  try {
    // A build that ends meanwhile must not take away what an open page loads later.
    const interfaceDir = path.join(dir, 'interface');
    await cp(built, interfaceDir, { recursive: true }).catch((error: unknown) => {
      throw new Error('The interface is not built. Run `npm run build` first.', { cause: error });
    });
    const open = () =>
      serve({
        port: 0,
        host: '127.0.0.1',
        home,
        interfaceDir,
        onError: (error) =>
          complaints.push(`host: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`),
      });
    let host = await open();
    serving = host;
    const chromium = await launchBrowser();
    browser = chromium;
    return {
      complaints,
      home,
      async openWindow({ theme = 'dark', width = 1440, height = 900 } = {}) {
        const context = await chromium.newContext({
          viewport: { width, height },
          colorScheme: theme,
          permissions: ['clipboard-read', 'clipboard-write'],
        });
        contexts.push(context);
        const page = await context.newPage();
        await listen(page, complaints);
        await page.goto(host.url);
        return page;
      },
      async reopen() {
        for (const context of contexts.splice(0)) await context.close();
        await host.close();
        host = await open();
        serving = host;
      },
      async client(clientPort) {
        const client = await PrkDbClient.connect([`http://127.0.0.1:${clientPort}`]);
        clients.push(client);
        return client;
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

async function listen(page: Page, complaints: string[]): Promise<void> {
  page.setDefaultTimeout(10_000);
  page.on('console', (message) => {
    if (message.type() === 'error' || message.type() === 'warning') complaints.push(`console: ${message.text()}`);
  });
  page.on('pageerror', (error) => complaints.push(`page: ${error.stack ?? error.message}`));
  // Some violations never reach the console; all of them reach this event.
  await page.exposeFunction('reportViolation', (text: string) => complaints.push(`policy: ${text}`));
  await page.addInitScript(() => {
    document.addEventListener('securitypolicyviolation', (event) => {
      const report: unknown = Reflect.get(window, 'reportViolation');
      if (typeof report === 'function') report(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`);
    });
  });
}
