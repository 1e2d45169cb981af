import fs from 'node:fs';
import path from 'node:path';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { encodeEntries } from '../../../engine/storage/codec/entries.ts';
import { readMark } from '../../../engine/storage/log/mark.ts';
import { openLogDatabase } from '../../../engine/storage/log/open-database.ts';
import type { WriteRequest } from '../../../engine/storage/log/protocol.ts';
import { LogWriter } from '../../../engine/storage/log/writer.ts';
import { closeAfterTest, entry, hardState, identity, temporaryDirectory } from './support.ts';

afterEach(() => {
  vi.restoreAllMocks();
});

function openWriter(file = path.join(temporaryDirectory(), 'log.db')): { file: string; writer: LogWriter } {
  const { database, recovery } = openLogDatabase(file, identity);
  closeAfterTest({ close: () => void database.close() });
  return { file, writer: closeAfterTest(new LogWriter({ file, ...recovery })) };
}

function requestOf(index: number): WriteRequest {
  const bytes = encodeEntries([entry(index, 1)]);
  const rows = [{ firstIndex: index, lastIndex: index, lastTerm: 1, start: 0, end: bytes.length }];
  const groups = [{ group: 1, reset: false, cut: null, hardState: hardState(1), rows }];
  return { id: index, groups, bytes, sizeLimitBytes: 0 };
}

describe('the writer of the log', () => {
  it('syncs the write-ahead log once for each transaction, after it was committed', () => {
    const { file, writer } = openWriter();
    const walBytes = () => fs.statSync(`${file}-wal`).size;
    const syncedBytes: number[] = [];
    const sync = vi.spyOn(fs, 'fdatasyncSync').mockImplementation(() => void syncedBytes.push(walBytes()));
    writer.write([requestOf(1), requestOf(2)]);
    expect(syncedBytes).toEqual([walBytes()]);
    const { transactionMs, syncMs } = writer.write([requestOf(3)]);
    expect(transactionMs).toBeGreaterThan(0);
    expect(syncMs).toBeGreaterThanOrEqual(0);
    expect(syncedBytes[1]).toBe(walBytes());
    expect(syncedBytes[1]).toBeGreaterThan(syncedBytes[0]!);
    expect(sync).toHaveBeenCalledTimes(2);
  });

  it('fails a write whose sync failed, and does not mark it as known to be on disk', () => {
    const { file, writer } = openWriter();
    writer.write([requestOf(1)]);
    const marked = readMark(file);
    vi.spyOn(fs, 'fdatasyncSync').mockImplementation(() => {
      throw Object.assign(new Error('EIO: i/o error, fdatasync'), { code: 'EIO' });
    });
    expect(() => writer.write([requestOf(2)])).toThrow('EIO');
    expect(readMark(file)).toBe(marked);
  });

  it('marks so that it can be read again, whatever was behind the last mark', () => {
    const { file, writer } = openWriter();
    writer.write([requestOf(1)]);
    const marked = readMark(file);
    fs.appendFileSync(`${file}.mark`, 'garbage');
    const again = openWriter(file);
    again.writer.write([requestOf(2)]);
    expect(readMark(file)).toBeGreaterThan(marked);
  });
});
