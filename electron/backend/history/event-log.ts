import { appendFile, mkdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { storyEventSchema, type StoryEvent } from '../../contract/model.ts';

/** What the feed keeps; the file is cut back to it when it holds twice as much. */
export const EVENT_CAPACITY = 2_000;

/**
 * The feed of one cluster: bounded in memory, kept as JSON lines on disk, so that a
 * reopened app still tells what happened. A torn or foreign line costs that line only.
 * A disk that refuses costs the memory of past sessions, never the feed itself.
 */
export class EventLog {
  readonly #file: string;
  readonly #onError: (error: unknown) => void;
  #events: StoryEvent[] = [];
  readonly #ids = new Set<string>();
  #linesOnDisk = 0;
  /** All disk work, one step after another. */
  #work: Promise<void> = Promise.resolve();

  private constructor(file: string, onError: (error: unknown) => void) {
    this.#file = file;
    this.#onError = onError;
  }

  static async open(file: string, onError: (error: unknown) => void): Promise<EventLog> {
    const log = new EventLog(file, onError);
    try {
      await mkdir(path.dirname(file), { recursive: true });
      const text = await readFile(file, 'utf8').catch(emptyIfAbsent);
      const lines = text.split('\n');
      log.#linesOnDisk = lines.length - 1;
      log.#take(lines.flatMap(parseLine));
      // A write cut short must not swallow the next line with it.
      if (text !== '' && !text.endsWith('\n')) await appendFile(file, '\n');
    } catch (error) {
      onError(error);
    }
    return log;
  }

  /** The last `limit`, oldest first. */
  recent(limit: number): StoryEvent[] {
    return this.#events.slice(-limit);
  }

  /** Adds sentences in the order they are told. Those already known by id are left out. Returns the new ones. */
  add(events: readonly StoryEvent[]): StoryEvent[] {
    const fresh = this.#take(events);
    if (fresh.length > 0) this.#schedule(() => this.#append(fresh));
    return fresh;
  }

  /** Waits until all is on disk. */
  async close(): Promise<void> {
    await this.#work;
  }

  /** Deletes the file, as the cluster is. */
  async remove(): Promise<void> {
    this.#schedule(() => rm(this.#file, { force: true }));
    await this.#work;
  }

  #take(events: readonly StoryEvent[]): StoryEvent[] {
    const fresh: StoryEvent[] = [];
    for (const event of events) {
      if (this.#ids.has(event.id)) continue;
      this.#ids.add(event.id);
      fresh.push(event);
    }
    if (fresh.length === 0) return fresh;
    // Sentences are told a little after they happened, so two may come in the wrong order.
    const all = [...this.#events, ...fresh].sort((a, b) => a.timeMs - b.timeMs);
    for (const old of all.slice(0, Math.max(0, all.length - EVENT_CAPACITY))) this.#ids.delete(old.id);
    this.#events = all.slice(-EVENT_CAPACITY);
    return fresh;
  }

  #schedule(step: () => Promise<void>): void {
    this.#work = this.#work.then(step).catch(this.#onError);
  }

  async #append(events: readonly StoryEvent[]): Promise<void> {
    if (this.#linesOnDisk + events.length > 2 * EVENT_CAPACITY) {
      const kept = this.#events;
      const temporary = `${this.#file}.${process.pid}.tmp`;
      await writeFile(temporary, toLines(kept));
      await rename(temporary, this.#file);
      this.#linesOnDisk = kept.length;
      return;
    }
    await appendFile(this.#file, toLines(events));
    this.#linesOnDisk += events.length;
  }
}

function toLines(events: readonly StoryEvent[]): string {
  return events.map((event) => `${JSON.stringify(event)}\n`).join('');
}

function parseLine(line: string): StoryEvent[] {
  if (line === '') return [];
  try {
    const parsed = storyEventSchema.safeParse(JSON.parse(line));
    return parsed.success ? [parsed.data] : [];
  } catch {
    return [];
  }
}

function emptyIfAbsent(error: NodeJS.ErrnoException): string {
  if (error.code === 'ENOENT') return '';
  throw error;
}
