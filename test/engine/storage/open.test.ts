import Database from 'better-sqlite3';
import { spawn } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { checkRecovered, StorageMismatchError } from '../../../engine/storage/check-recovered.ts';
import {
  CorruptStorageError,
  StorageLockedError,
  StorageUnavailableError,
  UnknownFormatError,
  WrongOwnerError,
} from '../../../engine/storage/errors.ts';
import { LOG_ADVICE, openLogDatabase } from '../../../engine/storage/log/open-database.ts';
import { RowReader } from '../../../engine/storage/log/reader.ts';
import { storageErrorOf } from '../../../engine/storage/sqlite/sqlite-errors.ts';
import { openLogStorage } from '../../../engine/storage/log/log-storage.ts';
import { openStateMachine } from '../../../engine/storage/state/state-machine.ts';
import {
  closeAfterTest,
  command,
  entries,
  expected,
  hardState,
  identity,
  put,
  temporaryDirectory,
  write,
} from './support.ts';

type Kind = 'log' | 'state';

function fileOf(directory: string, kind: Kind): string {
  return path.join(directory, `${kind}.db`);
}

async function open(directory: string, kind: Kind, as = identity): Promise<{ close(): void | Promise<void> }> {
  const options = { file: fileOf(directory, kind), identity: as };
  return closeAfterTest(kind === 'log' ? await openLogStorage(options) : openStateMachine(options));
}

/** A closed log of two groups and a closed state machine that goes with it. */
async function directoryWithData(): Promise<string> {
  const directory = temporaryDirectory();
  const log = await openLogStorage({ file: fileOf(directory, 'log'), identity });
  for (const group of [1, 2]) {
    for (let i = 0; i < 6; i++) {
      await write(log, [
        { group, cut: null, hardState: hardState(1, 1, i), entries: entries(i * 10 + 1, i * 10 + 10, 1) },
      ]);
    }
  }
  await log.close();
  const state = openStateMachine({ file: fileOf(directory, 'state'), identity });
  for (let i = 1; i <= 60; i++) state.apply(1, [command(i, [put(`key ${i}`, `value ${i}`.repeat(9))])]);
  state.close();
  return directory;
}

function alter(file: string, sql: string): void {
  const database = new Database(file);
  database.exec(sql);
  database.close();
}

describe.each(['log', 'state'] as const)('opening the %s', (kind) => {
  it('of another cluster, another node or another kind is refused and changes nothing', async () => {
    const directory = await directoryWithData();
    const before = fs.readFileSync(fileOf(directory, kind));
    await expect(open(directory, kind, { ...identity, clusterId: 'other' })).rejects.toThrow(WrongOwnerError);
    await expect(open(directory, kind, { ...identity, nodeId: 2 })).rejects.toThrow(
      /belongs to node 1 of cluster test-cluster, but this is node 2 of cluster test-cluster\. Give this node its own/,
    );
    expect(fs.readFileSync(fileOf(directory, kind)).equals(before)).toBe(true);
    const other = kind === 'log' ? 'state' : 'log';
    fs.renameSync(fileOf(directory, other), fileOf(directory, kind));
    await expect(open(directory, kind)).rejects.toThrow(WrongOwnerError);
  });

  it('of a newer version is refused', async () => {
    const directory = await directoryWithData();
    alter(fileOf(directory, kind), 'UPDATE meta SET format_version = 99');
    const opened = open(directory, kind);
    await expect(opened).rejects.toThrow(UnknownFormatError);
    await expect(opened).rejects.toThrow(/has format 99; this version of PrkDB reads format \d\. Start the node with/);
  });

  it('of an older version is brought up to this one, with all of its data', async () => {
    const directory = await directoryWithData();
    if (kind === 'state') {
      const database = new Database(fileOf(directory, kind));
      const indexes = database.prepare("SELECT name FROM sqlite_schema WHERE type = 'index' AND sql IS NOT NULL");
      for (const name of indexes.pluck().all() as string[]) database.exec(`DROP INDEX ${name}`);
      for (const column of ['expires_at_ms', 'gone', 'past_checksum', 'past']) {
        database.exec(`ALTER TABLE kv_1 DROP COLUMN ${column}`);
      }
      database.close();
      alter(
        fileOf(directory, kind),
        `ALTER TABLE partition_state DROP COLUMN sessions_opened;
         ALTER TABLE partition_state DROP COLUMN sessions_checksum;
         DROP TABLE session_record;
         UPDATE meta SET format_version = 1`,
      );
    }
    await open(directory, kind);
    const versions = new Database(fileOf(directory, kind), { readonly: true });
    expect(versions.prepare('SELECT format_version FROM meta').pluck().get()).toBe(kind === 'state' ? 3 : 1);
    versions.close();
  });

  it('that another process or this one has open is refused, and free again once that is gone', async () => {
    const directory = temporaryDirectory();
    const first = await open(directory, kind);
    await expect(open(directory, kind)).rejects.toThrow(StorageLockedError);
    await first.close();

    const module = new URL(`../../../engine/storage/${kind === 'log' ? 'log/log-storage' : 'state/state-machine'}.ts`, import.meta.url); // prettier-ignore
    const call = kind === 'log' ? 'openLogStorage' : 'openStateMachine';
    const options = JSON.stringify({ file: fileOf(directory, kind), identity });
    const source = `import { ${call} } from ${JSON.stringify(module.href)}; await ${call}(${options}); console.log('open'); setInterval(() => {}, 1000);`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', source], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const exited = new Promise((resolve) => {
      child.once('exit', resolve);
    });
    try {
      await new Promise((resolve) => {
        child.stdout.once('data', resolve);
        child.once('exit', resolve);
      });
      await expect(open(directory, kind)).rejects.toThrow(/is in use by another running node\. Stop that node first/);
    } finally {
      child.kill('SIGKILL');
      await exited;
    }
    await expect(open(directory, kind)).resolves.toBeDefined();
  });

  it('in a directory that is not there says so', async () => {
    await expect(open(path.join(temporaryDirectory(), 'missing'), kind)).rejects.toThrow(StorageUnavailableError);
  });

  it.each([
    ['garbage', (good: Buffer) => Buffer.alloc(good.length, 'garbage ')],
    ['cut in half', (good: Buffer) => good.subarray(0, Math.floor(good.length / 2))],
    ['cut within a page', (good: Buffer) => good.subarray(0, good.length - 1000)],
    ['zeros at its end', (good: Buffer) => Buffer.concat([good.subarray(0, good.length - 8192), Buffer.alloc(8192)])],
  ])('that is %s names the file and says what to do', async (_, damage) => {
    const directory = await directoryWithData();
    const file = fileOf(directory, kind);
    fs.writeFileSync(file, damage(fs.readFileSync(file)));
    const opened = open(directory, kind);
    await expect(opened).rejects.toThrow(CorruptStorageError);
    await expect(opened).rejects.toThrow(file);
    await expect(opened).rejects.toThrow(
      kind === 'log' ? /let a new node take the place of this one/ : /rebuilds them from its log/,
    );
  });

  it('after a crash in the middle of creating it starts anew', async () => {
    const directory = temporaryDirectory();
    fs.writeFileSync(fileOf(directory, kind), '');
    await expect(open(directory, kind)).resolves.toBeDefined();
  });
});

/** Whether this is how a start on a damaged file ends, once the error has been put into words. */
function isRefusal(file: string, error: unknown): boolean {
  const known = storageErrorOf(file, error, LOG_ADVICE);
  return [CorruptStorageError, WrongOwnerError, UnknownFormatError].some((type) => known instanceof type);
}

describe('one damaged byte', () => {
  /** Every 61st byte of every page, so that headers, cell pointers and contents all get their turn. */
  function* offsets(size: number): Generator<number> {
    for (let offset = 5; offset < size; offset += 61) yield offset;
  }

  it('in the log is found at the start or harms nothing', async () => {
    const directory = await directoryWithData();
    const file = fileOf(directory, 'log');
    const good = fs.readFileSync(file);
    const mark = fs.readFileSync(`${file}.mark`);
    const all = expected(entries(1, 60, 1));
    let detected = 0;
    for (const offset of offsets(good.length)) {
      const damaged = Buffer.from(good);
      damaged[offset] = (damaged[offset] as number) ^ (1 << (offset % 8));
      fs.writeFileSync(file, damaged);
      fs.writeFileSync(`${file}.mark`, mark);
      for (const suffix of ['-wal', '-shm']) fs.rmSync(file + suffix, { force: true });
      try {
        const { database, recovery } = openLogDatabase(file, identity);
        const rows = new RowReader(database);
        const found = [1, 2].map((group) => [recovery.groups.get(group), expected(rows.entries(group, 1, 61, 1e6))]);
        database.close();
        const recovered = {
          hardState: hardState(1, 1, 5),
          snapshotIndex: 0,
          snapshotTerm: 0,
          lastIndex: 60,
          lastTerm: 1,
        };
        expect(found, `byte ${offset}`).toEqual([[recovered, all], [recovered, all]]); // prettier-ignore
      } catch (error) {
        if (!isRefusal(file, error)) throw error;
        detected++;
      }
    }
    expect(detected).toBeGreaterThan(10);
  }, 60_000);

  it('in the state machine is found at the start or when read, or harms nothing', async () => {
    const directory = await directoryWithData();
    const file = fileOf(directory, 'state');
    const good = fs.readFileSync(file);
    let detected = 0;
    for (const offset of offsets(good.length)) {
      const damaged = Buffer.from(good);
      damaged[offset] = (damaged[offset] as number) ^ (1 << (offset % 8));
      fs.writeFileSync(file, damaged);
      for (const suffix of ['-wal', '-shm']) fs.rmSync(file + suffix, { force: true });
      try {
        const state = openStateMachine({ file, identity });
        try {
          const page = state.scan(1, {
            prefix: Buffer.of(),
            after: Buffer.of(),
            limit: 100,
            keysOnly: false,
            maxBytes: 1e6,
          });
          const found = page.rows.map(
            (row) => `${Buffer.from(row.key).toString()}=${Buffer.from(row.value).toString()}@${row.revision}`,
          );
          const wanted = Array.from({ length: 60 }, (_, i) => i + 1)
            .sort((a, b) => (String(a) < String(b) ? -1 : 1))
            .map((i) => `key ${i}=${`value ${i}`.repeat(9)}@${i}`);
          expect(found, `byte ${offset}`).toEqual(wanted);
          expect([state.appliedIndex(1), state.keyCount(1)]).toEqual([60, 60]);
          for (let i = 1; i <= 60; i++) expect(state.get(1, Buffer.from(`key ${i}`))?.revision).toBe(i);
        } finally {
          state.close();
        }
      } catch (error) {
        if (!isRefusal(file, error)) throw error;
        detected++;
      }
    }
    expect(detected).toBeGreaterThan(10);
  }, 60_000);

  it('in the write-ahead log of a killed node never hides an acknowledged entry', async () => {
    const directory = temporaryDirectory();
    const file = fileOf(directory, 'log');
    const log = closeAfterTest(await openLogStorage({ file, identity }));
    for (let i = 1; i <= 12; i++)
      await write(log, [{ group: 1, cut: null, hardState: hardState(1), entries: entries(i, i, 1) }]);
    const copy = path.join(temporaryDirectory(), 'log.db');
    const files = ['', '-wal', '.mark'].map((suffix) => [copy + suffix, fs.readFileSync(file + suffix)] as const);
    const wal = files[1]?.[1] as Buffer;
    let detected = 0;
    for (let offset = 3; offset < wal.length; offset += 997) {
      for (const [name, bytes] of files) fs.writeFileSync(name, bytes);
      fs.rmSync(`${copy}-shm`, { force: true });
      const damaged = Buffer.from(wal);
      damaged[offset] = (damaged[offset] as number) ^ 0x10;
      fs.writeFileSync(`${copy}-wal`, damaged);
      try {
        const opened = await openLogStorage({ file: copy, identity });
        const lastIndex = opened.recovered(1)?.lastIndex;
        await opened.close();
        expect(lastIndex, `byte ${offset}`).toBe(12);
      } catch (error) {
        if (!(error instanceof CorruptStorageError)) throw error;
        detected++;
      }
    }
    expect(detected).toBeGreaterThan(10);
  }, 60_000);
});

describe('a log that lacks what it once held', () => {
  it('is refused when the file is gone, empty, or an old copy', async () => {
    const directory = temporaryDirectory();
    const file = fileOf(directory, 'log');
    const log = await openLogStorage({ file, identity });
    await write(log, [{ group: 1, cut: null, hardState: hardState(1), entries: entries(1, 5, 1) }]);
    await log.close();
    const old = fs.readFileSync(file);
    const again = await openLogStorage({ file, identity });
    await write(again, [{ group: 1, cut: null, hardState: hardState(1), entries: entries(6, 9, 1) }]);
    await again.close();
    fs.writeFileSync(file, old);
    await expect(open(directory, 'log')).rejects.toThrow(/ends with write 1, but write 2 was already on disk/);
    fs.writeFileSync(file, '');
    await expect(open(directory, 'log')).rejects.toThrow(CorruptStorageError);
    fs.rmSync(file);
    await expect(open(directory, 'log')).rejects.toThrow(CorruptStorageError);
  });

  it('is refused by the state machine that has applied more', async () => {
    const directory = await directoryWithData();
    const state = closeAfterTest(openStateMachine({ file: fileOf(directory, 'state'), identity }));
    const log = closeAfterTest(await openLogStorage({ file: fileOf(directory, 'log'), identity }));
    expect(() => checkRecovered(log, state, [0, 1, 2])).not.toThrow();
    const emptyDirectory = temporaryDirectory();
    const empty = closeAfterTest(await openLogStorage({ file: fileOf(emptyDirectory, 'log'), identity }));
    expect(() => checkRecovered(empty, state, [2, 1])).toThrow(StorageMismatchError);
    expect(() => checkRecovered(empty, state, [1])).toThrow(/group 1 has applied entry 60, but its log ends with 0/);
  });
});
