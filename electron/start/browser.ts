import { BackendError } from '../backend/errors.ts';
import { serve, serveUntilEnd, type Serving } from '../web.ts';
import type { StartFlags } from './flags.ts';

const DEFAULT_PORT = 7070;

/** Serves to a browser until a signal comes; then stops what it owns, in order, or leaves it running. */
export async function serveBrowser(flags: StartFlags, home: string, say: (line: string) => void): Promise<void> {
  const options = {
    host: flags.host,
    home,
    demo: flags.demo,
    onNewUrl: (url: string) => say(`To open it in another browser: ${url}`),
  };
  const serving = await serveSomewhere(options, flags.port);
  say(`PrkDB Desktop: ${serving.url}`);
  say(
    flags.leaveRunning
      ? 'Press Ctrl-C to stop it; the clusters it started go on.'
      : 'Press Ctrl-C to stop it and the clusters it started.',
  );
  const { stdin: input, stdout: output } = process;
  await serveUntilEnd(serving, { leaveRunning: flags.leaveRunning, input, output, say });
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
