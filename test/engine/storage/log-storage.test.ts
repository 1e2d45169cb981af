import Database from 'better-sqlite3';
import fc from 'fast-check';
import { execFile } from 'node:child_process';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Worker } from 'node:worker_threads';
import { describe, expect, it, vi } from 'vitest';
import type { Entry } from '../../../engine/raft/types.ts';
import { StorageUsageError, StorageWriteError } from '../../../engine/storage/errors.ts';
import { openLogStorage, type LogOptions } from '../../../engine/storage/log/log-storage.ts';
import type { LogStorage } from '../../../engine/storage/types.ts';
import {
  closeAfterTest,
  contents,
  entries,
  entry,
  expected,
  hardState,
  identity,
  temporaryDirectory,
  write,
} from './support.ts';

async function openLog(directory: string, options: Partial<LogOptions> = {}): Promise<LogStorage> {
  return closeAfterTest(await openLogStorage({ file: path.join(directory, 'log.db'), identity, ...options }));
}

/** Transactions that the closed log in this directory has seen. */
function transactionCount(directory: string): number {
  const database = new Database(path.join(directory, 'log.db'), { readonly: true });
  const query = 'SELECT max(sequence) FROM (SELECT sequence FROM log UNION ALL SELECT sequence FROM hard_state)';
  const count = database.prepare(query).pluck().get() as number;
  database.close();
  return count;
}

function rowCount(directory: string): number {
  const database = new Database(path.join(directory, 'log.db'), { readonly: true });
  const count = database.prepare('SELECT count(*) FROM log').pluck().get() as number;
  database.close();
  return count;
}

describe('the log', () => {
  it('gives back after a restart what was written, group by group', async () => {
    const directory = temporaryDirectory();
    const log = await openLog(directory);
    expect(log.recovered(1)).toBeUndefined();
    await write(log, [
      { group: 1, cut: null, hardState: hardState(2, 3, 0), entries: entries(1, 10, 2) },
      { group: 256, cut: null, hardState: hardState(7, 0, 0), entries: [] },
    ]);
    await write(log, [
      { group: 1, cut: null, hardState: hardState(3, 1, 9), entries: entries(11, 12, 3) },
      { group: 0, cut: null, hardState: hardState(1), entries: [entry(1, 1, new Uint8Array(0))] },
    ]);
    await log.close();

    const again = await openLog(directory);
    expect(again.recovered(1)).toEqual({
      hardState: { term: 3, votedFor: 1, commitIndex: 9 },
      snapshotIndex: 0,
      snapshotTerm: 0,
      lastIndex: 12,
      lastTerm: 3,
    });
    expect(again.recovered(256)).toMatchObject({ hardState: { term: 7, votedFor: 0 }, lastIndex: 0, lastTerm: 0 });
    expect(again.recovered(2)).toBeUndefined();
    expect(contents(again, 1, 12)).toEqual(expected([...entries(1, 10, 2), ...entries(11, 12, 3)]));
    expect(contents(again, 0, 1)).toEqual([[1, 1, '']]);
    expect(again.sizeBytes()).toBeGreaterThan(0);
  });

  it('reads ranges by bytes, at least one entry, and terms', async () => {
    const log = await openLog(temporaryDirectory());
    const list = Array.from({ length: 30 }, (_, i) => entry(i + 1, 1 + Math.floor(i / 10), new Uint8Array(100)));
    await write(log, [{ group: 4, cut: null, hardState: hardState(3), entries: list.slice(0, 12) }]);
    await write(log, [{ group: 4, cut: null, hardState: null, entries: list.slice(12) }]);
    const reader = log.reader(4);
    expect(reader.entries(11, 15, 1e6).map((e) => e.index)).toEqual([11, 12, 13, 14]);
    expect(reader.entries(12, 31, 250).map((e) => e.index)).toEqual([12, 13]);
    expect(reader.entries(30, 31, 0).map((e) => e.index)).toEqual([30]);
    expect(reader.entries(5, 5, 100)).toEqual([]);
    expect(() => reader.entries(31, 32, 100)).toThrow(StorageUsageError);
    expect([0, 1, 10, 11, 30, 31].map((i) => reader.term(i))).toEqual([undefined, 1, 1, 2, 3, undefined]);
    expect(log.reader(5).term(1)).toBeUndefined();
    expect(() => log.reader(5).entries(1, 2, 100)).toThrow('entry 1 of group 5 is not in the log');
  });

  it('stores a batch as one row, and splits only what is large', async () => {
    const directory = temporaryDirectory();
    const log = await openLog(directory);
    await write(log, [{ group: 1, cut: null, hardState: hardState(1), entries: entries(1, 64, 1) }]);
    const large = Array.from({ length: 4 }, (_, i) => entry(65 + i, 1, new Uint8Array(1024 * 1024).fill(i)));
    await write(log, [{ group: 1, cut: null, hardState: null, entries: large }]);
    expect(log.reader(1).entries(65, 69, 1e9).map((e) => [e.data.length, e.data[77]])).toEqual([0, 1, 2, 3].map((i) => [1024 * 1024, i])); // prettier-ignore
    await log.close();
    expect(rowCount(directory)).toBe(1 + 4);
  });

  it('replaces a conflicting suffix, whole rows and parts of rows', async () => {
    const directory = temporaryDirectory();
    const log = await openLog(directory);
    await write(log, [{ group: 1, cut: null, hardState: hardState(1), entries: entries(1, 10, 1) }]);
    await write(log, [{ group: 1, cut: null, hardState: null, entries: entries(11, 20, 1) }]);
    await write(log, [{ group: 2, cut: null, hardState: hardState(1), entries: entries(1, 20, 1) }]);
    await write(log, [{ group: 1, cut: null, hardState: hardState(2), entries: [entry(6, 2)] }]);
    expect(contents(log, 1, 6)).toEqual(expected([...entries(1, 5, 1), entry(6, 2)]));
    expect(log.reader(1).term(7)).toBeUndefined();
    await write(log, [{ group: 1, cut: null, hardState: hardState(3), entries: [entry(1, 3)] }]);
    await log.close();
    const again = await openLog(directory);
    expect(again.recovered(1)).toMatchObject({ lastIndex: 1, lastTerm: 3 });
    expect(contents(again, 1, 1)).toEqual(expected([entry(1, 3)]));
    expect(contents(again, 2, 20)).toEqual(expected(entries(1, 20, 1)));
  });

  it('equals a list that is cut and extended, whatever is written and however it is merged', async () => {
    const step = fc.record({
      group: fc.integer({ min: 1, max: 2 }),
      back: fc.nat(8),
      count: fc.nat(6),
      wait: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
        const directory = temporaryDirectory();
        const log = await openLog(directory);
        const model = new Map<number, Entry[]>();
        let term = 1;
        let last: Promise<void> = Promise.resolve();
        for (const { group, back, count, wait } of steps) {
          const list = model.get(group) ?? [];
          const from = Math.max(1, list.length + 1 - back);
          if (back > 0) term++;
          const added = count === 0 ? [] : entries(from, from + count - 1, term);
          if (count > 0) list.length = from - 1;
          model.set(group, [...list, ...added]);
          last = write(log, [{ group, cut: null, hardState: hardState(term), entries: added }]);
          if (wait) await last;
        }
        await last;
        for (const reopen of [false, true]) {
          if (reopen) await log.close();
          const current = reopen ? await openLog(directory) : log;
          for (const [group, list] of model) {
            expect(contents(current, group, list.length)).toEqual(expected(list));
            expect(current.reader(group).term(list.length + 1)).toBeUndefined();
            const found = reopen ? current.recovered(group)?.lastIndex : list.length;
            expect(found).toBe(list.length);
          }
          if (reopen) await current.close();
        }
      }),
      { numRuns: 25 },
    );
  });

  it('forgets at once what is cut, and deletes its rows bit by bit', async () => {
    const directory = temporaryDirectory();
    const log = await openLog(directory);
    for (let i = 1; i <= 20; i++) {
      await write(log, [{ group: 1, cut: null, hardState: hardState(1), entries: entries(i, i, 1) }]);
    }
    await write(log, [{ group: 1, cut: { index: 18, term: 1, all: false }, hardState: null, entries: [] }]);
    expect(log.reader(1).term(17)).toBeUndefined();
    await log.close();
    expect(rowCount(directory)).toBe(16);
    const again = await openLog(directory);
    expect(again.recovered(1)).toMatchObject({ snapshotIndex: 18, snapshotTerm: 1, lastIndex: 20, lastTerm: 1 });
    expect(again.reader(1).entries(19, 21, 1e6)).toHaveLength(2);
    for (let i = 21; i <= 30; i++) {
      await write(again, [{ group: 1, cut: null, hardState: hardState(1), entries: entries(i, i, 1) }]);
    }
    await again.close();
    expect(rowCount(directory)).toBe(12);
  });

  it('begins anew after a snapshot, though rows of before are still to be deleted', async () => {
    const directory = temporaryDirectory();
    const log = await openLog(directory);
    for (let i = 1; i <= 20; i++) {
      await write(log, [{ group: 1, cut: null, hardState: hardState(1), entries: entries(i, i, 1) }]);
    }
    // The snapshot ends within what is there, and what follows it is not what the leader has.
    await write(log, [{ group: 1, cut: { index: 15, term: 2, all: true }, hardState: hardState(2), entries: [] }]);
    await log.close();
    const second = await openLog(directory);
    expect(second.recovered(1)).toMatchObject({ snapshotIndex: 15, snapshotTerm: 2, lastIndex: 15, lastTerm: 2 });
    await write(second, [{ group: 1, cut: null, hardState: null, entries: entries(16, 17, 2) }]);
    await second.close();
    const third = await openLog(directory);
    expect(third.recovered(1)).toMatchObject({ snapshotIndex: 15, lastIndex: 17, lastTerm: 2 });
    expect(third.reader(1).entries(16, 18, 1e6).map((e) => e.term)).toEqual([2, 2]); // prettier-ignore
    // Far past everything.
    await write(third, [{ group: 1, cut: { index: 100, term: 3, all: true }, hardState: hardState(3), entries: [] }]);
    for (let i = 101; i <= 106; i++) {
      await write(third, [{ group: 1, cut: null, hardState: null, entries: entries(i, i, 3) }]);
    }
    await third.close();
    expect(rowCount(directory)).toBe(6);
    const last = await openLog(directory);
    expect(last.recovered(1)).toMatchObject({ snapshotIndex: 100, snapshotTerm: 3, lastIndex: 106, lastTerm: 3 });
  });

  it('merges what arrives during a sync into one transaction and answers in order', async () => {
    const directory = temporaryDirectory();
    const log = await openLog(directory);
    const order: number[] = [];
    await new Promise<void>((resolve) => {
      for (let i = 1; i <= 200; i++) {
        log.write([{ group: 1, cut: null, hardState: null, entries: [entry(i, 1)] }], (error) => {
          expect(error).toBeNull();
          order.push(i);
          if (i === 200) resolve();
        });
      }
      expect(order).toEqual([]);
    });
    expect(order).toEqual(Array.from({ length: 200 }, (_, i) => i + 1));
    expect(contents(log, 1, 200)).toEqual(expected(entries(1, 200, 1)));
    await log.close();
    // One at least, and far fewer than one a write; how few depends on the disk.
    expect(transactionCount(directory)).toBeLessThan(100);
    expect(rowCount(directory)).toBe(transactionCount(directory));
  });

  it('syncs what is queued before it closes, and refuses writes afterwards', async () => {
    const directory = temporaryDirectory();
    const log = await openLog(directory);
    const done = vi.fn<(error: Error | null) => void>();
    for (let i = 1; i <= 20; i++) log.write([{ group: 1, cut: null, hardState: null, entries: [entry(i, 1)] }], done);
    await log.close();
    await log.close();
    expect(done.mock.calls).toEqual(Array.from({ length: 20 }, () => [null]));
    expect(() => log.write([], done)).toThrow(StorageUsageError);
    expect((await openLog(directory)).recovered(1)?.lastIndex).toBe(20);
  });

  it('takes writes of any size as they come, more than there is room for on their way, and keeps their order', async () => {
    const directory = temporaryDirectory();
    const log = await openLog(directory);
    const order: number[] = [];
    const list = Array.from({ length: 400 }, (_, i) => {
      const sizeBytes = i % 40 === 7 ? 3 * 1024 * 1024 : i % 5 === 0 ? 100_000 : (i * 131) % 20_000;
      return entry(i + 1, 1, new Uint8Array(sizeBytes).fill(i));
    });
    for (const [i, each] of list.entries()) {
      log.write([{ group: 1, cut: null, hardState: hardState(1, 1, i), entries: [each] }], (error) => {
        expect(error).toBeNull();
        order.push(i);
      });
    }
    // Closing waits for what waits for room.
    await log.close();
    expect(order).toEqual(list.map((_, i) => i));
    expect(log.times?.transactions).toBe(transactionCount(directory));
    const again = await openLog(directory);
    expect(again.recovered(1)).toMatchObject({ lastIndex: 400, hardState: { commitIndex: 399 } });
    for (const { index, data } of list) {
      const [found] = again.reader(1).entries(index, index + 1, 0);
      expect(Buffer.compare(found?.data ?? new Uint8Array(0), data), `entry ${index}`).toBe(0);
    }
  });

  it('refuses a hole, entries out of order and a group out of range, and goes on', async () => {
    const log = await openLog(temporaryDirectory());
    const done = vi.fn<() => void>();
    expect(() => log.write([{ group: 1, cut: null, hardState: null, entries: [entry(2, 1)] }], done)).toThrow(
      StorageUsageError,
    );
    expect(() =>
      log.write([{ group: 1, cut: null, hardState: null, entries: [entry(1, 1), entry(3, 1)] }], done),
    ).toThrow(StorageUsageError);
    expect(() => log.write([{ group: 40_000, cut: null, hardState: null, entries: [] }], done)).toThrow(
      StorageUsageError,
    );
    expect(done).not.toHaveBeenCalled();
    await write(log, [{ group: 1, cut: null, hardState: null, entries: [entry(1, 1)] }]);
  });

  it('is not taken for damaged after writes that had nothing to store', async () => {
    const directory = temporaryDirectory();
    const log = await openLog(directory);
    await write(log, [{ group: 1, cut: null, hardState: hardState(1, 1, 0), entries: entries(1, 3, 1) }]);
    await write(log, [{ group: 1, cut: null, hardState: null, entries: [] }]);
    await write(log, []);
    await log.close();
    const again = await openLog(directory);
    expect(contents(again, 1, 3)).toEqual(expected(entries(1, 3, 1)));
  });

  it('keeps its write-ahead log bounded', async () => {
    const directory = temporaryDirectory();
    const log = await openLog(directory);
    const data = new Uint8Array(64 * 1024);
    for (let i = 0; i < 60; i++) {
      const list = Array.from({ length: 8 }, (_, j) => entry(i * 8 + j + 1, 1, data));
      await write(log, [{ group: 1, cut: null, hardState: null, entries: list }]);
    }
    const database = new Database(path.join(directory, 'log.db'), { readonly: true });
    const mainPages = database.pragma('page_count', { simple: true }) as number;
    database.close();
    expect(log.sizeBytes() - mainPages * 4096).toBeLessThan(20 * 1024 * 1024);
  });
});

describe('the thread of the log', () => {
  async function openWithWorker(): Promise<{ log: LogStorage; worker: Worker }> {
    let worker: Worker | undefined;
    const note = (started: Worker): void => void (worker ??= started);
    process.once('worker', note);
    const log = await openLog(temporaryDirectory());
    process.off('worker', note);
    return { log, worker: worker as Worker };
  }

  it('may die while it sleeps: every later write fails with the same error, and the log closes', async () => {
    const { log, worker } = await openWithWorker();
    await write(log, [{ group: 1, cut: null, hardState: hardState(1), entries: entries(1, 3, 1) }]);
    await worker.terminate();
    const errors: unknown[] = [];
    for (let i = 4; i <= 5; i++) {
      await write(log, [{ group: 1, cut: null, hardState: null, entries: [entry(i, 1)] }]).catch((error: unknown) =>
        errors.push(error),
      );
    }
    expect(errors).toHaveLength(2);
    expect(errors[0]).toBeInstanceOf(StorageWriteError);
    expect((errors[0] as Error).message).toContain('its writer has ended');
    expect(errors[1]).toBe(errors[0]);
    await log.close();
  });

  it('may die with writes before it: each is answered once, in order, and none as written after one that was not', async () => {
    const { log, worker } = await openWithWorker();
    const answers: [number, boolean][] = [];
    const data = new Uint8Array(60_000);
    for (let i = 1; i <= 100; i++) {
      log.write([{ group: 1, cut: null, hardState: null, entries: [entry(i, 1, data)] }], (error) => {
        answers.push([i, error === null]);
        if (i === 1) void worker.terminate();
      });
    }
    await log.close();
    expect(answers.map(([i]) => i)).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
    expect(answers[0]).toEqual([1, true]);
    const written = answers.filter(([, ok]) => ok).length;
    expect(answers.slice(0, written).every(([, ok]) => ok)).toBe(true);
  });

  it('does not keep a process that is told to exit', async () => {
    const script = `
      const { openLogStorage } = await import(${JSON.stringify(new URL('../../../engine/storage/log/log-storage.ts', import.meta.url).href)});
      const log = await openLogStorage({ file: process.argv[1], identity: { clusterId: 'exit', nodeId: 1 } });
      log.write([{ group: 1, cut: null, hardState: { term: 1, votedFor: 1, commitIndex: 0 }, entries: [] }], (error) => {
        console.log(error);
        process.exit(error === null ? 7 : 1);
      });`;
    const args = ['--input-type=module', '-e', script, path.join(temporaryDirectory(), 'log.db')];
    const ended = promisify(execFile)(process.execPath, args).catch((error: unknown) => error);
    expect(await ended).toMatchObject({ code: 7, stdout: 'null\n', stderr: '' });
  });
});

describe('a failing disk', () => {
  it('that is full fails the write, every later one with the same error, and keeps what was acknowledged', async () => {
    const directory = temporaryDirectory();
    const log = await openLog(directory, { sizeLimitBytes: () => 512 * 1024 });
    const errors: (Error | null)[] = [];
    const data = new Uint8Array(20_000).fill(7);
    let lastDone: Promise<void> = Promise.resolve();
    for (let i = 1; i <= 60; i++) {
      lastDone = new Promise((resolve) => {
        log.write([{ group: 1, cut: null, hardState: hardState(1), entries: [entry(i, 1, data)] }], (error) => {
          errors.push(error);
          resolve();
        });
      });
      if (i % 5 === 0) await lastDone;
    }
    await lastDone;
    const acknowledged = errors.findIndex((error) => error !== null);
    expect(acknowledged).toBeGreaterThan(0);
    const first = errors[acknowledged] as StorageWriteError;
    expect(first).toBeInstanceOf(StorageWriteError);
    expect(first.code).toBe('SQLITE_FULL');
    expect(first.message).toContain('The disk is full: make room');
    expect(errors).toHaveLength(60);
    expect(errors.slice(acknowledged).every((error) => error === first)).toBe(true);
    await log.close();
    const again = await openLog(directory);
    expect(again.recovered(1)?.lastIndex).toBe(acknowledged);
    expect(contents(again, 1, acknowledged)).toHaveLength(acknowledged);
  });

  it('writes nothing after what it could not write, though there would be room for it', async () => {
    const directory = temporaryDirectory();
    const log = await openLog(directory, { sizeLimitBytes: () => 256 * 1024 });
    await write(log, [{ group: 1, cut: null, hardState: hardState(1), entries: [entry(1, 1)] }]);
    const tooLarge = write(log, [
      { group: 1, cut: null, hardState: null, entries: [entry(2, 1, new Uint8Array(1024 * 1024))] },
    ]);
    // The writer fails meanwhile, and this thread cannot have heard of it when it asks for more.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    const small = write(log, [{ group: 1, cut: null, hardState: hardState(2), entries: [entry(3, 1)] }]);
    await expect(tooLarge).rejects.toThrow(StorageWriteError);
    await expect(small).rejects.toThrow(StorageWriteError);
    await expect(write(log, [])).rejects.toThrow(StorageWriteError);
    await log.close();
    expect((await openLog(directory)).recovered(1)).toMatchObject({ hardState: { term: 1 }, lastIndex: 1 });
  });

  it('that hangs acknowledges nothing, and what waited is merged once it answers', async () => {
    let delayMs = 60_000;
    const directory = temporaryDirectory();
    const log = await openLog(directory, { syncDelayMs: () => delayMs });
    const done = vi.fn<(error: Error | null) => void>();
    for (let i = 1; i <= 10; i++) log.write([{ group: 1, cut: null, hardState: null, entries: [entry(i, 1)] }], done);
    await new Promise((resolve) => {
      setTimeout(resolve, 150);
    });
    expect(done).not.toHaveBeenCalled();
    delayMs = 0;
    await vi.waitFor(() => {
      expect(done).toHaveBeenCalledTimes(10);
    });
    await log.close();
    expect(transactionCount(directory)).toBeLessThanOrEqual(2);
  });

  it('that hangs does not keep the log from closing', async () => {
    const log = await openLog(temporaryDirectory(), { syncDelayMs: () => 60_000 });
    const written = write(log, [{ group: 1, cut: null, hardState: null, entries: [entry(1, 1)] }]);
    await log.close();
    await expect(written).resolves.toBeUndefined();
  });
});
