import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterEach } from 'vitest';
import type { Entry } from '../../../engine/raft/types.ts';
import { encodeCommand, type Mutation } from '../../../engine/storage/codec.ts';
import type { LogStorage, LogWrite } from '../../../engine/storage/types.ts';

export const identity = { clusterId: 'test-cluster', nodeId: 1 };

const directories: string[] = [];
const open: { close(): void | Promise<void> }[] = [];

/** A directory of this test's own; removed, with what was opened in it closed, after the test. */
export function temporaryDirectory(): string {
  const directory = fs.mkdtempSync(path.join(os.tmpdir(), 'prkdb-storage-'));
  directories.push(directory);
  return directory;
}

export function closeAfterTest<Resource extends { close(): void | Promise<void> }>(resource: Resource): Resource {
  open.push(resource);
  return resource;
}

afterEach(async () => {
  for (const resource of open.splice(0).toReversed()) await resource.close();
  for (const directory of directories.splice(0)) fs.rmSync(directory, { recursive: true, force: true, maxRetries: 5 });
});

export function bytes(text: string): Uint8Array {
  return Buffer.from(text, 'latin1');
}

export function entry(index: number, term: number, data: string | Uint8Array = `entry ${index}.${term}`): Entry {
  return { index, term, type: 0, data: typeof data === 'string' ? bytes(data) : data };
}

/** Entries `from` to `to`, both included. */
export function entries(from: number, to: number, term: number): Entry[] {
  return Array.from({ length: to - from + 1 }, (_, i) => entry(from + i, term));
}

export function hardState(term: number, votedFor = 1, commitIndex = 0): LogWrite['hardState'] {
  return { term, votedFor, commitIndex };
}

/** Resolves when the write is synced and rejects with its error. */
export function write(log: LogStorage, batch: readonly LogWrite[]): Promise<void> {
  return new Promise((resolve, reject) => {
    log.write(batch, (error) => {
      if (error === null) resolve();
      else reject(error);
    });
  });
}

/** Everything a group's log holds, in plain values that compare. */
export function contents(log: LogStorage, group: number, to: number): (readonly [number, number, string])[] {
  const found: (readonly [number, number, string])[] = [];
  while (found.length < to) {
    const page = log.reader(group).entries(found.length + 1, to + 1, 100_000);
    for (const { index, term, data } of page) found.push([index, term, Buffer.from(data).toString('latin1')]);
  }
  return found;
}

export function expected(list: readonly Entry[]): (readonly [number, number, string])[] {
  return list.map(({ index, term, data }) => [index, term, Buffer.from(data).toString('latin1')]);
}

export function put(
  key: string | Uint8Array,
  value: string | Uint8Array,
  expectedRevision: number | null = null,
): Mutation {
  return {
    kind: 'put',
    key: typeof key === 'string' ? bytes(key) : key,
    value: typeof value === 'string' ? bytes(value) : value,
    expectedRevision,
    clientId: 0,
    sequence: 0,
  };
}

export function remove(key: string | Uint8Array, expectedRevision: number | null = null): Mutation {
  return { ...put(key, '', expectedRevision), kind: 'delete' };
}

export function command(index: number, mutations: readonly Mutation[], timeMs = 1000 + index): Entry {
  return entry(index, 1, encodeCommand(mutations, timeMs));
}
