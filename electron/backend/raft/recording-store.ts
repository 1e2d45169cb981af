import { appendFile, mkdir, open, readdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';

/** How much of a recording is kept. */
export interface RecordingLimits {
  readonly segmentMs: number;
  /** It reaches back at least this long, unless maxBytes is reached before. */
  readonly keepMs: number;
  readonly maxBytes: number;
  /** What is older goes, also when nothing new came since. */
  readonly maxAgeMs: number;
}

export const SEGMENT_MS = 60_000;
/** Of what happens inside partitions. */
export const RAFT_LIMITS: RecordingLimits = {
  segmentMs: SEGMENT_MS,
  keepMs: 16 * 60_000,
  maxBytes: 64 * 1024 * 1024,
  maxAgeMs: Infinity,
};
const MAX_PAGE_BYTES = 1024 * 1024;

interface Segment {
  /** When it began; also the name of its file. */
  readonly id: number;
  sizeBytes: number;
  durationMs: number;
}

export interface SegmentPage {
  readonly lines: string[];
  /** Where to go on. */
  readonly after: number;
  /** Whether that is the end of what is there now. */
  readonly isEnd: boolean;
}

/**
 * A recording of one cluster on disk: a folder with a file for each segment of it, JSON
 * lines, written behind. The oldest files go when there is enough; a disk that refuses costs
 * the recording, never the watching.
 */
export class RecordingStore {
  readonly #dir: string;
  readonly #onError: (error: unknown) => void;
  readonly #limits: RecordingLimits;
  /** Oldest first. */
  #segments: Segment[] = [];
  #pending: string[] = [];
  /** All disk work, one step after another. */
  #work: Promise<void> = Promise.resolve();
  #failed = false;

  private constructor(dir: string, onError: (error: unknown) => void, limits: RecordingLimits) {
    this.#dir = dir;
    this.#onError = onError;
    this.#limits = limits;
  }

  static async open(
    dir: string,
    onError: (error: unknown) => void,
    limits: RecordingLimits = RAFT_LIMITS,
  ): Promise<RecordingStore> {
    const store = new RecordingStore(dir, onError, limits);
    try {
      await mkdir(dir, { recursive: true });
      const names = (await readdir(dir)).filter((name) => /^\d{1,15}\.jsonl$/.test(name));
      const found = names.map(async (name): Promise<Segment> => {
        const { size, mtimeMs } = await stat(path.join(dir, name));
        const id = Number.parseInt(name, 10);
        return { id, sizeBytes: size, durationMs: Math.max(0, Math.min(limits.segmentMs, mtimeMs - id)) };
      });
      store.#segments = (await Promise.all(found)).sort((a, b) => a.id - b.id);
    } catch (error) {
      onError(error);
    }
    return store;
  }

  get segments(): readonly { readonly id: number; readonly sizeBytes: number }[] {
    return this.#segments;
  }

  /** Begins a segment at this time. The one before is complete. */
  begin(nowMs: number): void {
    this.flush();
    const last = this.#segments.at(-1);
    const id = Math.max(nowMs, (last?.id ?? 0) + 1);
    this.#segments.push({ id, sizeBytes: 0, durationMs: 0 });
    this.#failed = false;
    this.#schedule(() => this.#letGo(nowMs));
  }

  /** To the segment that was begun last. */
  append(nowMs: number, lines: readonly string[]): void {
    const segment = this.#segments.at(-1);
    if (segment === undefined || this.#failed) return;
    segment.durationMs = Math.max(0, nowMs - segment.id);
    this.#pending.push(...lines);
  }

  /** Writes what was appended. */
  flush(): void {
    const segment = this.#segments.at(-1);
    if (segment === undefined || this.#pending.length === 0) return;
    const text = this.#pending.map((line) => `${line}\n`).join('');
    this.#pending = [];
    this.#schedule(async () => {
      if (this.#failed || !this.#segments.includes(segment)) return;
      await mkdir(this.#dir, { recursive: true });
      await appendFile(this.#file(segment.id), text);
      segment.sizeBytes += Buffer.byteLength(text);
    });
  }

  /** Whole lines of a segment behind `after` bytes; null when there is no such segment (any more). */
  async read(id: number, after: number): Promise<SegmentPage | null> {
    this.flush();
    await this.#work;
    if (!this.#segments.some((segment) => segment.id === id)) return null;
    const file = await open(this.#file(id)).catch((error: NodeJS.ErrnoException) => {
      // A segment of which nothing was written yet, or that was let go meanwhile.
      if (error.code === 'ENOENT') return null;
      throw error;
    });
    if (file === null) return { lines: [], after, isEnd: true };
    try {
      const { size } = await file.stat();
      const buffer = Buffer.alloc(Math.min(MAX_PAGE_BYTES, Math.max(0, size - after)));
      const { bytesRead } = await file.read(buffer, 0, buffer.length, after);
      const read = buffer.subarray(0, bytesRead);
      const end = read.lastIndexOf(0x0a) + 1;
      // A line longer than a page, or cut short by a crash, has no end here: nothing follows it.
      const lines =
        end === 0
          ? []
          : read
              .subarray(0, end - 1)
              .toString('utf8')
              .split('\n');
      return { lines, after: after + end, isEnd: end === 0 || after + bytesRead >= size };
    } finally {
      await file.close();
    }
  }

  /** Waits until all is on disk. */
  async close(): Promise<void> {
    this.flush();
    await this.#work;
  }

  /** Deletes the recording, as the cluster is. */
  async remove(): Promise<void> {
    this.#pending = [];
    this.#segments = [];
    this.#schedule(() => rm(this.#dir, { recursive: true, force: true }));
    await this.#work;
  }

  #file(id: number): string {
    return path.join(this.#dir, `${id}.jsonl`);
  }

  async #letGo(nowMs: number): Promise<void> {
    const { keepMs, maxBytes, maxAgeMs } = this.#limits;
    let keptMs = 0;
    let keptBytes = 0;
    const lastGone = this.#segments.findLastIndex((segment, i) => {
      // The newest is the one that is being written.
      const isEnough =
        i < this.#segments.length - 1 &&
        (keptMs >= keepMs || keptBytes >= maxBytes || nowMs - segment.id - segment.durationMs > maxAgeMs);
      keptMs += segment.durationMs;
      keptBytes += segment.sizeBytes;
      return isEnough;
    });
    for (const segment of this.#segments.splice(0, lastGone + 1)) {
      await rm(this.#file(segment.id), { force: true });
    }
  }

  #schedule(step: () => Promise<void>): void {
    this.#work = this.#work.then(step).catch((error: unknown) => {
      // Half a minute is worth little: the next segment tries again.
      this.#failed = true;
      this.#onError(error);
    });
  }
}
