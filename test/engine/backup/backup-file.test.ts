import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkBackup, DamagedBackupError } from '../../../engine/backup/index.ts';
import { readBackup } from '../../../engine/backup/reader.ts';
import { BackupWriter } from '../../../engine/backup/writer.ts';
import type { ExportedRow } from '../../../engine/rpc/cluster.ts';
import { tempDir } from '../../support/temp.ts';

let temp: ReturnType<typeof tempDir>;
let file: string;

beforeEach(() => {
  temp = tempDir();
  file = path.join(temp.path, 'b.prkdb');
});

afterEach(() => temp.remove());

const row = (key: string, value: string | Uint8Array): ExportedRow => ({
  key: Buffer.from(key),
  value: Buffer.from(value),
  revision: 3,
  version: 2,
  createdAtMs: 1,
  updatedAtMs: 2,
  expiresAtMs: 0,
});

const partition = (number: number, keys: number) => ({ partition: number, index: 10 + number, revision: 5, keys });
const facts = { formatVersion: 1, clusterId: 'c', clusterName: 'name', epoch: 1, beganAtMs: 5, endedAtMs: 6 };
const binary = Uint8Array.from({ length: 256 }, (_, i) => i);

async function write(): Promise<void> {
  const writer = await BackupWriter.create(file);
  await writer.beginPartition(partition(0, 3));
  await writer.rows([row('a', 'x'), row('b', binary)]);
  await writer.rows([row('c', '')]);
  writer.endPartition();
  await writer.beginPartition(partition(1, 0));
  writer.endPartition();
  await writer.finish(facts);
}

async function readAll(): Promise<[string, string][]> {
  const found: [string, string][] = [];
  for await (const rows of readBackup(file)) {
    for (const { key, value } of rows) found.push([Buffer.from(key).toString(), Buffer.from(value).toString('hex')]);
  }
  return found;
}

describe('a backup file', () => {
  it('gives back what was put in, byte for byte, and says what it stands for', async () => {
    await write();
    expect(await readAll()).toEqual([
      ['a', '78'],
      ['b', Buffer.from(binary).toString('hex')],
      ['c', ''],
    ]);
    expect(await checkBackup(file)).toEqual({
      ...facts,
      partitions: [partition(0, 3), partition(1, 0)],
      keys: 3,
      bytes: 3 + 1 + 256,
    });
    expect(statSync(file).mode & 0o777).toBe(0o600);
  });

  it('is refused when any of its bytes is another one', async () => {
    await write();
    const good = readFileSync(file);
    for (let at = 0; at < good.length; at++) {
      const bad = Buffer.from(good);
      bad[at]! ^= 1 << (at % 8);
      writeFileSync(file, bad);
      await expect(checkBackup(file), `byte ${at}`).rejects.toMatchObject({
        name: expect.stringMatching(/BackupError$/) as string,
      });
    }
  });

  it('is refused when it is cut off anywhere, or goes on after its end', async () => {
    await write();
    const good = readFileSync(file);
    for (let length = 0; length < good.length; length++) {
      writeFileSync(file, good.subarray(0, length));
      await expect(checkBackup(file), `${length} bytes`).rejects.toMatchObject({
        name: expect.stringMatching(/BackupError$/) as string,
      });
    }
    writeFileSync(file, Buffer.concat([good, Buffer.from([0])]));
    await expect(checkBackup(file)).rejects.toBeInstanceOf(DamagedBackupError);
  });

  it('is refused when it is of a newer version, or none of ours', async () => {
    await write();
    const good = readFileSync(file);
    writeFileSync(file, Buffer.from(good.toString('latin1').replace('backup 1', 'backup 2'), 'latin1'));
    await expect(checkBackup(file)).rejects.toThrow(/newer version \(format 2/);
    writeFileSync(file, 'SQLite format 3 and more');
    await expect(checkBackup(file)).rejects.toThrow(/is no backup of PrkDB/);
    await expect(checkBackup(path.join(temp.path, 'none'))).rejects.toThrow(/cannot be read/);
  });

  it('has its name only when it is whole', async () => {
    const writer = await BackupWriter.create(file);
    await writer.beginPartition(partition(0, 1));
    await writer.rows([row('a', 'x')]);
    expect(existsSync(file)).toBe(false);
    await writer.abandon();
    expect(readdirSync(temp.path)).toEqual([]);
    await write();
    await expect(BackupWriter.create(file)).rejects.toThrow(/is there already/);
  });

  it('has no trace of a partition that was taken back', async () => {
    const writer = await BackupWriter.create(file);
    await writer.beginPartition(partition(0, 1));
    await writer.rows([row('a', 'x')]);
    writer.endPartition();
    await writer.beginPartition(partition(1, 2));
    await writer.rows([row('b', 'old')]);
    await writer.takeBack();
    await writer.takeBack();
    await writer.beginPartition(partition(1, 1));
    await writer.rows([row('b', 'new')]);
    writer.endPartition();
    await writer.finish(facts);
    expect(await readAll()).toEqual([
      ['a', '78'],
      ['b', Buffer.from('new').toString('hex')],
    ]);
  });
});
