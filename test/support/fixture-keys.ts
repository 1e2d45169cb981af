import type { ExtraHandler } from './fixture-api.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const nameOf = (i: number): string => `/orders/${String(i).padStart(8, '0')}`;

/** A key space of so many keys that exist only as numbers: what the list of keys is measured on. */
export function fixtureKeys(count: number): ExtraHandler {
  const meta = (i: number) => ({
    key: base64(nameOf(i)),
    partition: i % 64,
    revision: i + 1,
    version: 1,
    valueSizeBytes: 200,
    createdAtMs: 1_700_000_000_000,
    updatedAtMs: 1_700_000_000_000,
  });
  const page = (input: Record<string, unknown>) => {
    const after = Buffer.from(String(input['after']), 'base64').toString();
    const from = after === '' ? 0 : Number(after.slice('/orders/'.length)) + 1;
    const to = Math.min(count, from + Number(input['limit']));
    const keys = Array.from({ length: to - from }, (_, i) => meta(from + i));
    return { keys, next: to < count ? base64(nameOf(to - 1)) : null, costMs: 1 };
  };
  return (name, input) => {
    if (name === 'keys.scan') return page(input);
    if (name === 'keys.read') {
      const { keys, next } = page(input);
      return { entries: keys.map((key) => ({ ...key, value: base64('{"paid":true}') })), next };
    }
    if (name === 'keys.put') {
      const entry = { ...meta(count), key: String(input['key']), value: String(input['value']) };
      return { outcome: 'saved', entry };
    }
    if (name === 'keys.get') {
      const entry = { ...meta(count), key: String(input['key']), value: base64('{"paid":true}') };
      return { entry, partition: entry.partition, leader: 1, costMs: 1, stalenessMs: null };
    }
    if (name === 'keys.history') return { versions: [], isCut: false };
    if (name === 'keys.tree') {
      return { folders: [{ prefix: base64('/'), count: 10_000, isExact: false }], ownKeys: 0, next: null };
    }
    return undefined;
  };
}
