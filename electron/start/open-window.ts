import { spawn } from 'node:child_process';
import type { StartFlags } from './flags.ts';

/** A window that ends sooner than this with an error was never there. */
const STILLBORN_MS = 8_000;

export type WindowEnd =
  { readonly opened: true; readonly code: number } | { readonly opened: false; readonly why: string };

/** Runs Electron until it ends. Signals to this process reach it as its own. */
export function openWindow(executable: string, root: string, flags: StartFlags): Promise<WindowEnd> {
  const args = [root];
  if (flags.demo) args.push('--demo');
  if (flags.home !== null) args.push('--home', flags.home);
  return new Promise((resolve) => {
    const startedMs = Date.now();
    const child = spawn(executable, args, { stdio: ['ignore', 'inherit', 'pipe'] });
    let words = '';
    child.stderr.on('data', (chunk: Buffer) => {
      words = (words + chunk.toString()).slice(-4_096);
      process.stderr.write(chunk);
    });
    const forward = (signal: NodeJS.Signals): void => {
      child.kill(signal);
    };
    process.on('SIGINT', forward);
    process.on('SIGTERM', forward);
    const end = (result: WindowEnd): void => {
      process.off('SIGINT', forward);
      process.off('SIGTERM', forward);
      resolve(result);
    };
    child.on('error', (error) => end({ opened: false, why: error.message }));
    child.on('close', (code, signal) => {
      const failed = code !== 0 && Date.now() - startedMs < STILLBORN_MS;
      if (failed) end({ opened: false, why: lastLine(words) ?? `it ended with ${signal ?? `code ${code}`}` });
      else end({ opened: true, code: code ?? 1 });
    });
  });
}

function lastLine(words: string): string | null {
  return words.trim().split('\n').at(-1)?.trim() || null;
}
