import { BackendError } from '../backend/errors.ts';
import { serve, type Serving } from '../web.ts';
import type { StartFlags } from './flags.ts';

const DEFAULT_PORT = 7070;

/** Serves to a browser until a signal comes; then stops what it owns, in order. */
export async function serveBrowser(flags: StartFlags, home: string, say: (line: string) => void): Promise<void> {
  const options = {
    host: flags.host,
    home,
    demo: flags.demo,
    onNewUrl: (url: string) => say(`To open it in another browser: ${url}`),
  };
  const serving = await serveSomewhere(options, flags.port);
  say(`PrkDB Desktop: ${serving.url}`);
  say('Press Ctrl-C to stop it and the clusters it started.');
  await stopSignal();
  say('Stopping...');
  // Whoever presses again does not want to wait; the nodes notice that their owner is gone and stop.
  process.once('SIGINT', () => process.exit(130));
  await serving.close();
}

/** Only a port that nobody chose may be another. */
async function serveSomewhere(
  options: Omit<Parameters<typeof serve>[0], 'port'>,
  port: number | null,
): Promise<Serving> {
  try {
    return await serve({ ...options, port: port ?? DEFAULT_PORT });
  } catch (error) {
    if (port !== null || !(error instanceof BackendError) || error.code !== 'portInUse') throw error;
    return serve({ ...options, port: 0 });
  }
}

function stopSignal(): Promise<void> {
  return new Promise((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
}
