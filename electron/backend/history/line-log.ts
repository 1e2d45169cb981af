import { appendFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { z } from 'zod';

/** What a log holds: known by id, told at a time. */
export interface Line {
  readonly id: string;
  readonly timeMs: number;
}

/**
 * The last so many lines of what happened: bounded in memory, kept as JSON lines on disk, so
 * that a reopened app still tells it. The file is cut back when it holds twice as many. A torn or
 * foreign line costs that line only. A disk that refuses costs the memory of past sessions,
 * never the log itself.
 */
export class LineLog<T extends Line> {
  readonly #file: string;
  readonly #schema: z.ZodType<T>;
  readonly #capacity: number;
  readonly #onError: (error: unknown) => void;
  #lines: T[] = [];
  readonly #ids = new Set<string>();
  #linesOnDisk = 0;
  /** All disk work, one step after another. */
  #work: Promise<void> = Promise.resolve();

  protected constructor(file: string, schema: z.ZodType<T>, capacity: number, onError: (error: unknown) => void) {
    this.#file = file;
    this.#schema = schema;
    this.#capacity = capacity;
    this.#onError = onError;
  }

  /** The last `limit`, oldest first. */
  recent(limit: number): T[] {
    return this.#lines.slice(-limit);
  }

  /** Adds lines in the order they are told. Those already known by id are left out. Returns the new ones. */
  add(lines: readonly T[]): T[] {
    const fresh = this.#take(lines);
    if (fresh.length > 0) this.#schedule(() => this.#append(fresh));
    return fresh;
  }

  /** Waits until all is on disk. */
  async close(): Promise<void> {
    await this.#work;
  }

  /** Deletes the file. */
  async remove(): Promise<void> {
    this.#schedule(() => rm(this.#file, { force: true }));
    await this.#work;
  }

  /** Reads what is on disk. */
  protected async load(): Promise<void> {
    try {
      await mkdir(path.dirname(this.#file), { recursive: true });
      const text = await readFile(this.#file, 'utf8').catch(emptyIfAbsent);
      const lines = text.split('\n');
      this.#linesOnDisk = lines.length - 1;
      this.#take(lines.flatMap((line) => this.#parse(line)));
      // A write cut short must not swallow the next line with it.
      if (text !== '' && !text.endsWith('\n')) await appendFile(this.#file, '\n');
    } catch (error) {
      this.#onError(error);
    }
  }

  #take(lines: readonly T[]): T[] {
    const fresh: T[] = [];
    for (const line of lines) {
      if (this.#ids.has(line.id)) continue;
      this.#ids.add(line.id);
      fresh.push(line);
    }
    if (fresh.length === 0) return fresh;
    // Lines are told a little after they happened, so two may come in the wrong order.
    const all = [...this.#lines, ...fresh].sort((a, b) => a.timeMs - b.timeMs);
    for (const old of all.slice(0, Math.max(0, all.length - this.#capacity))) this.#ids.delete(old.id);
    this.#lines = all.slice(-this.#capacity);
    return fresh;
  }

  #schedule(step: () => Promise<void>): void {
    this.#work = this.#work.then(step).catch(this.#onError);
  }

  async #append(lines: readonly T[]): Promise<void> {
    if (this.#linesOnDisk + lines.length > 2 * this.#capacity) {
      const kept = this.#lines;
      const temporary = `${this.#file}.${process.pid}.tmp`;
      await writeFile(temporary, toText(kept));
      await rename(temporary, this.#file);
      this.#linesOnDisk = kept.length;
      return;
    }
    await appendFile(this.#file, toText(lines));
    this.#linesOnDisk += lines.length;
  }

  #parse(line: string): T[] {
    if (line === '') return [];
    try {
      const parsed = this.#schema.safeParse(JSON.parse(line));
      return parsed.success ? [parsed.data] : [];
    } catch {
      return [];
    }
  }
}

function toText(lines: readonly Line[]): string {
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('');
}

function emptyIfAbsent(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return '';
  throw error;
}
