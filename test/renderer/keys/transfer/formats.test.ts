import fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { toBase64, utf8Bytes } from '../../../../renderer/features/keys/bytes.ts';
import { csvHeader, csvLine, CsvReader } from '../../../../renderer/features/keys/transfer/csv.ts';
import { jsonLine, JsonLinesReader } from '../../../../renderer/features/keys/transfer/json-lines.ts';
import { formatOf, readFile, type FileBatch } from '../../../../renderer/features/keys/transfer/read-file.ts';
import type { KeyRecord, ReadRecord, RecordReader } from '../../../../renderer/features/keys/transfer/record.ts';

const bytes = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 12 }),
  fc.string({ unit: 'binary', minLength: 1, maxLength: 12 }).map(utf8Bytes),
  fc.constantFrom('"', '""', ',', '\r\n', '\n', ' a ', '\uFEFF', '\u2028', '{"a":1}').map(utf8Bytes),
);
/** A JavaScript date ends there. */
const LAST_MS = 8.64e15;
const times = fc.option(fc.integer({ min: 0, max: LAST_MS }), { nil: null });
const records = fc.array(fc.record({ key: bytes, value: bytes, expiresAtMs: times }), { maxLength: 8 });

/** Reads a text in pieces of this many characters. */
function read(reader: RecordReader, text: string, piece: number): ReadRecord[] {
  const found: ReadRecord[] = [];
  const chars = Array.from(text);
  for (let i = 0; i < chars.length; i += piece) found.push(...reader.push(chars.slice(i, i + piece).join('')));
  return [...found, ...reader.end()];
}

const given = (found: readonly ReadRecord[]): KeyRecord[] =>
  found.map((one) => {
    if (!one.ok) throw new Error(`line ${one.line}: ${one.message}`);
    return one.record;
  });
const plain = (all: readonly KeyRecord[]) =>
  all.map(({ key, value, expiresAtMs }) => [toBase64(key), toBase64(value), expiresAtMs]);
const problems = (found: readonly ReadRecord[]) =>
  found.flatMap((one) => (one.ok ? [] : [`${one.line}: ${one.message}`]));

describe('what is exported is imported byte for byte', () => {
  test('as JSON lines, cut anywhere', () => {
    fc.assert(
      fc.property(records, fc.integer({ min: 1, max: 40 }), (all, piece) => {
        const text = all.map(jsonLine).join('');
        expect(plain(given(read(new JsonLinesReader(), text, piece)))).toEqual(plain(all));
      }),
    );
  });

  test('as CSV, cut anywhere', () => {
    fc.assert(
      fc.property(records, fc.integer({ min: 1, max: 40 }), (all, piece) => {
        const text = csvHeader + all.map(csvLine).join('');
        expect(plain(given(read(new CsvReader(), text, piece)))).toEqual(plain(all));
      }),
    );
  });

  test('through a file', async () => {
    await fc.assert(
      fc.asyncProperty(records, fc.constantFrom('jsonl' as const, 'csv' as const), async (all, format) => {
        const text = format === 'csv' ? csvHeader + all.map(csvLine).join('') : all.map(jsonLine).join('');
        const found: FileBatch[] = [];
        for await (const batch of readFile(new Blob([text]), format)) found.push(batch);
        expect(found.flatMap((batch) => batch.problems)).toEqual([]);
        const pairs = found.flatMap((batch) =>
          batch.entries.map(({ key, value, expiresAtMs }) => [key, value, expiresAtMs]),
        );
        expect(pairs).toEqual(plain(all));
      }),
      { numRuns: 50 },
    );
  });
});

describe('a file that is wrong', () => {
  it('is told line by line, and its good lines are read', () => {
    const text = '{"key":"a","value":"1"}\nnonsense\n\n[1]\n{"key":"b"}\n{"key":"","value":""}\n{"key":"c","value":{}}';
    const found = read(new JsonLinesReader(), text, 7);
    expect(problems(found)).toEqual([
      '2: This is not JSON. Each line holds one object.',
      '4: This is no object with "key" and "value".',
      '5: "value" is missing.',
      '6: Type a key: it needs at least 1 byte.',
      '7: "value" is no text. Write JSON values as a string: "{\\"a\\":1}".',
    ]);
    expect(found.filter((one) => one.ok)).toHaveLength(1);
  });

  it('has no bytes for half a character or for bad base64', () => {
    const text =
      '{"key":"a","value":"\\ud800"}\n{"keyBase64":"*","value":""}\n{"key":"a","keyBase64":"YQ==","value":""}';
    expect(problems(read(new JsonLinesReader(), text, 50))).toEqual([
      '1: The value cannot be decoded.',
      '2: The key cannot be decoded.',
      '3: Give "key" or "keyBase64", not both.',
    ]);
  });

  it('says which columns a CSV needs, which line is short, and where a quote never ends', () => {
    expect(problems(read(new CsvReader(), 'a,b\n1,2\n', 3))).toEqual([
      '1: The first line must name the columns: key and value, and key_encoding, value_encoding, expires_at if needed. Nothing after this line was read.',
    ]);
    expect(problems(read(new CsvReader(), 'value,key\n1\n2,k\n3,k,hex\n', 3))).toEqual([
      '2: This line has 1 of 2 fields.',
    ]);
    expect(problems(read(new CsvReader(), 'key,value,key_encoding\nk,v,hex\n', 3))).toEqual([
      '2: An encoding is utf8 or base64.',
    ]);
    expect(problems(read(new CsvReader(), 'key,value\na,"b\nc', 3))).toEqual([
      '2: The quote that begins here never ends. Nothing after this line was read.',
    ]);
    expect(problems(read(new CsvReader(), 'key,value\na,"b"c\n', 3))[0]).toMatch(/^2: Text follows a closing quote/);
    expect(problems(read(new CsvReader(), '', 3))[0]).toMatch(/^1: The file is empty/);
  });

  it('names no time at which a key expires', () => {
    const lines =
      '{"key":"a","value":"","expiresAt":"soon"}\n{"key":"a","value":"","expiresAt":"2030-01-31T12:00:00Z"}';
    const found = read(new JsonLinesReader(), lines, 20);
    expect(problems(found)).toEqual(['1: When the key expires is no time, such as 2030-01-31T12:00:00Z.']);
    expect(given(found.slice(1))[0]!.expiresAtMs).toBe(Date.UTC(2030, 0, 31, 12));
    expect(problems(read(new CsvReader(), 'key,value,expires_at\nk,v,soon\nk,v,\n', 3))).toHaveLength(1);
  });

  it('that is no text is refused', async () => {
    const batches = readFile(new Blob([Uint8Array.of(0x6b, 0xff, 0xfe)]), 'jsonl');
    await expect(batches.next()).rejects.toThrow(/not UTF-8/);
  });
});

test('of two records for one key the later one comes in a later batch', async () => {
  const text = ['a', 'b', 'a']
    .map((key, i) => jsonLine({ key: utf8Bytes(key), value: utf8Bytes(String(i)), expiresAtMs: null }))
    .join('');
  const sizes: number[] = [];
  for await (const batch of readFile(new Blob([text]), 'jsonl')) sizes.push(batch.entries.length);
  expect(sizes).toEqual([2, 1]);
});

test('the format is told by the name, else by the beginning', () => {
  expect([
    formatOf('keys.CSV', '{'),
    formatOf('a.ndjson', 'key'),
    formatOf('a', ' {"'),
    formatOf('a', 'key,value'),
  ]).toEqual(['csv', 'jsonl', 'jsonl', 'csv']);
});
