import { open, rename, stat } from 'node:fs/promises';

/** At a start, a log longer than this becomes node.log.1. */
const ROTATE_BYTES = 32 * 1024 * 1024;
const TAIL_BYTES = 16 * 1024;
/** Log records, and what Node prints around an uncaught error. */
const NOT_WORDS = /^(\{|\}|at |\^|Node\.js v)/;

/** Prepares a node's log for a new process; returns the offset at which that one begins. */
export async function beginLog(file: string): Promise<number> {
  try {
    const { size } = await stat(file);
    if (size <= ROTATE_BYTES) return size;
    await rename(file, `${file}.1`);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  return 0;
}

/**
 * What a process that ended by itself said to people: the last line, since `offset`, that is
 * not a JSON record. Empty when it said nothing.
 */
export async function lastWords(file: string, offset: number): Promise<string> {
  try {
    const handle = await open(file, 'r');
    try {
      const { size } = await handle.stat();
      const start = Math.max(offset, size - TAIL_BYTES);
      const { buffer, bytesRead } = await handle.read(Buffer.alloc(Math.max(0, size - start)), 0, null, start);
      const lines = buffer.toString('utf8', 0, bytesRead).split('\n');
      return lines.map((line) => line.trim()).findLast((line) => line !== '' && !NOT_WORDS.test(line)) ?? '';
    } finally {
      await handle.close();
    }
  } catch {
    return '';
  }
}
