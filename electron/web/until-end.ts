import { createInterface } from 'node:readline/promises';
import type { Serving } from '../web.ts';

export interface UntilEndOptions {
  /** Ctrl-C leaves clusters running without asking. */
  readonly leaveRunning: boolean;
  /** A question is asked only of a terminal. */
  readonly input: NodeJS.ReadStream;
  readonly output: NodeJS.WritableStream;
  readonly say: (line: string) => void;
}

/**
 * Serves until Ctrl-C or SIGTERM. Ctrl-C in a terminal asks when clusters run: stop them, leave
 * them running detached, or go on; a second one stops them. Resolves when everything is let go of.
 */
export async function serveUntilEnd(serving: Serving, options: UntilEndOptions): Promise<void> {
  let leave = options.leaveRunning;
  for (;;) {
    const signal = await nextSignal();
    const owned = serving.ownedClusters();
    if (signal === 'SIGTERM' || leave || owned.length === 0 || !options.input.isTTY) break;
    const answer = await ask(owned, options);
    if (answer === 'go on') continue;
    leave = answer === 'leave';
    break;
  }
  if (leave) {
    const left = await serving.leaveRunning();
    if (left.length > 0) options.say(`Left running: ${left.join(', ')}. Stop with: prkdb down ${left[0]}`);
  } else {
    options.say('Stopping...');
  }
  // Whoever presses again does not want to wait; nodes on a leash notice that their owner is gone and stop.
  process.once('SIGINT', () => process.exit(130));
  await serving.close();
}

async function ask(owned: readonly string[], options: UntilEndOptions): Promise<'stop' | 'leave' | 'go on'> {
  const questions = createInterface({ input: options.input, output: options.output });
  const pressedAgain = new AbortController();
  questions.once('SIGINT', () => pressedAgain.abort());
  try {
    const which = owned.length === 1 ? `${owned[0]} runs. Stop it` : `${owned.join(', ')} run. Stop them`;
    const question = `\n${which} (s), leave ${owned.length === 1 ? 'it' : 'them'} running (l), or go on serving (c)? [s] `;
    return answerOf(await questions.question(question, { signal: pressedAgain.signal }));
  } catch (error) {
    if (pressedAgain.signal.aborted) return 'stop';
    throw error;
  } finally {
    questions.close();
  }
}

/** What a typed answer means; nothing, or anything else, stops: that leaves nothing behind. */
export function answerOf(typed: string): 'stop' | 'leave' | 'go on' {
  const [letter] = typed.trim().toLowerCase();
  return letter === 'l' ? 'leave' : letter === 'c' ? 'go on' : 'stop';
}

function nextSignal(): Promise<'SIGINT' | 'SIGTERM'> {
  return new Promise((resolve) => {
    const take = (signal: 'SIGINT' | 'SIGTERM') => {
      process.off('SIGINT', take);
      process.off('SIGTERM', take);
      resolve(signal);
    };
    process.on('SIGINT', take);
    process.on('SIGTERM', take);
  });
}
