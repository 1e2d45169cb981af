import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { parseReport, reportJson, ReportStore } from '../../../engine/drill/index.ts';
import { tempDir } from '../../support/temp.ts';
import { sampleReport } from './sample.ts';

let temp: ReturnType<typeof tempDir>;
let dir: string;

beforeEach(() => {
  temp = tempDir();
  dir = path.join(temp.path, 'drills');
});

afterEach(() => temp.remove());

const numbered = (n: number) =>
  sampleReport({ id: `20260102-03040${n}-0a1b`, startedAtMs: Date.UTC(2026, 0, 2, 3, 4, n) });

describe('kept reports', () => {
  it('are read as they were written, newest first, also by another process', async () => {
    const store = new ReportStore(temp.path);
    expect(await store.list()).toEqual([]);
    await store.save(numbered(1));
    await store.save(numbered(2));
    const other = new ReportStore(temp.path);
    expect(await other.list()).toEqual([numbered(2), numbered(1)]);
    await other.remove(numbered(1).id);
    expect(await store.list()).toEqual([numbered(2)]);
    await expect(store.get(numbered(1).id)).rejects.toMatchObject({ code: 'notFound' });
    await expect(store.remove(numbered(1).id)).rejects.toMatchObject({ code: 'notFound' });
    expect(readdirSync(dir)).toEqual([`${numbered(2).id}.json`]);
  });

  it('give way, the oldest first', async () => {
    const store = new ReportStore(temp.path, 2);
    for (const n of [1, 2, 3]) await store.save(numbered(n));
    expect((await store.list()).map((one) => one.id)).toEqual([numbered(3).id, numbered(2).id]);
  });

  it('are left out and left alone when they cannot be understood', async () => {
    mkdirSync(dir);
    writeFileSync(path.join(dir, '20260102-030405-dead.json'), '{"formatVersion":1');
    writeFileSync(path.join(dir, '20260102-030405-beef.json'), '{"formatVersion":2}');
    writeFileSync(path.join(dir, 'notes.txt'), 'mine');
    const store = new ReportStore(temp.path);
    await store.save(numbered(1));
    expect(await store.list()).toEqual([numbered(1)]);
    await expect(store.get('20260102-030405-dead')).rejects.toMatchObject({ code: 'storage' });
    await expect(store.get('20260102-030405-beef')).rejects.toThrow(/newer PrkDB/);
    expect(readdirSync(dir)).toHaveLength(4);
  });

  it.each(['../../secret', '20260102-030405-0a1b.json', '', 'x'.repeat(5000)])(
    'have no other names: %s is none',
    async (id) => {
      await expect(new ReportStore(temp.path).get(id)).rejects.toMatchObject({ code: 'notFound' });
    },
  );

  it('say which part of a report is wrong', () => {
    expect(parseReport(reportJson(sampleReport()), 'a file')).toEqual(sampleReport());
    const bad = { ...sampleReport(), timings: { ...sampleReport().timings, silentMs: 'long' } };
    expect(() => parseReport(JSON.stringify(bad), 'a file')).toThrow(/a file cannot be used: timings\.silentMs/);
  });
});
