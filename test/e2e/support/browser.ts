import { existsSync } from 'node:fs';
import { chromium, type Browser } from 'playwright-core';

/** A Chromium that is there already; nothing is downloaded. CHROMIUM_PATH names one and no other. */
function findChromium(): string | null {
  const named = process.env['CHROMIUM_PATH'];
  const candidates =
    named !== undefined && named !== ''
      ? [named]
      : [
          '/usr/bin/chromium',
          '/usr/bin/chromium-browser',
          '/usr/bin/google-chrome',
          '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
          '/Applications/Chromium.app/Contents/MacOS/Chromium',
          'C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe',
        ];
  return candidates.find((path) => existsSync(path)) ?? null;
}

const executablePath = findChromium();

/**
 * Whether the end-to-end tests must be skipped for want of a browser. In CI a missing
 * browser is a failure: a suite that silently tests nothing is worse than none.
 */
export const noBrowser = executablePath === null;

if (executablePath === null) {
  const message =
    'The end-to-end tests need Chromium and found none. Install it (Debian: apt-get install chromium) or set CHROMIUM_PATH.';
  if (process.env['CI'] === 'true') throw new Error(message);
  console.warn(`\n  SKIPPED: ${message}\n`);
}

export async function launchBrowser(): Promise<Browser> {
  return chromium.launch({
    executablePath: executablePath ?? '',
    headless: true,
    args: [
      // The suite also runs as root in containers, where Chromium's own sandbox cannot start.
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
    ],
  });
}
