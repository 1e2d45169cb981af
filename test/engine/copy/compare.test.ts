import { expect, it } from 'vitest';
import { compareKeys, keyText, type Difference } from '../../../engine/copy/index.ts';
import { MemoryStore } from './memory-store.ts';

async function compare(from: MemoryStore, to: MemoryStore) {
  const told: [string, Difference][] = [];
  const different = (key: Buffer, what: Difference) => told.push([key.toString(), what]);
  const signal = new AbortController().signal;
  const result = await compareKeys({
    from,
    to,
    prefix: Buffer.from('k'),
    progress: () => undefined,
    different,
    signal,
  });
  return { result, told };
}

it('finds what differs, is missing and is only in the target', async () => {
  const from = new MemoryStore({ k1: 'one', k2: 'two', k4: 'four', other: 'x' });
  const to = new MemoryStore({ k0: 'mine', k2: 'two', k3: 'mine', k4: 'FOUR', k9: 'mine' });
  expect(await compare(from, to)).toEqual({
    result: { same: 1, different: 1, missing: 1, extra: 3 },
    told: [
      ['k0', 'extra'],
      ['k1', 'missing'],
      ['k3', 'extra'],
      ['k4', 'different'],
      ['k9', 'extra'],
    ],
  });
});

it('compares sides of which one is empty, over many pages', async () => {
  const full = new MemoryStore(Object.fromEntries(Array.from({ length: 1_100 }, (_, i) => [`k${i}`, 'v'])));
  expect((await compare(full, new MemoryStore())).result).toMatchObject({ same: 0, missing: 1_100 });
  expect((await compare(new MemoryStore(), full)).result).toMatchObject({ same: 0, extra: 1_100 });
  expect((await compare(full, full)).result).toEqual({ same: 1_100, different: 0, missing: 0, extra: 0 });
});

it('quotes keys that are text, and writes others in hexadecimal', () => {
  expect(keyText(Buffer.from('/orders/"1"'))).toBe('"/orders/\\"1\\""');
  expect(keyText(Buffer.from([0x61, 0xff]))).toBe('0x61ff');
  expect(keyText(Buffer.from('a\nb'))).toBe('0x610a62');
  expect(keyText(Buffer.from('k'.repeat(200)))).toBe(`"${'k'.repeat(120)}…"`);
});
