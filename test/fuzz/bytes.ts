import fc from 'fast-check';

/** Seeds for runs that are not to be the same each time; in the name of the test, so that a failure tells it. */
export function fuzzSeed(): number {
  const given = process.env['PRKDB_FUZZ_SEED'];
  return given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given);
}

type Change = (bytes: Buffer) => Buffer;

const at = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const place = (bytes: Buffer, share: number): number => Math.floor(share * bytes.length);

/** What goes wrong with bytes on a wire or a disk, and what an attacker does to them. */
const change: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(at, fc.nat({ max: 7 })).map(([share, bit]): Change => (bytes) => {
    const i = place(bytes, share);
    if (i < bytes.length) bytes[i] = (bytes[i] as number) ^ (1 << bit);
    return bytes;
  }),
  fc.tuple(at, fc.constantFrom(0x00, 0x7f, 0x80, 0xff)).map(([share, value]): Change => (bytes) => {
    const i = place(bytes, share);
    if (i < bytes.length) bytes[i] = value;
    return bytes;
  }),
  at.map(
    (share): Change =>
      (bytes) =>
        bytes.subarray(0, place(bytes, share)),
  ),
  fc.tuple(at, fc.uint8Array({ maxLength: 16 })).map(([share, more]): Change => (bytes) => {
    const i = place(bytes, share);
    return Buffer.concat([bytes.subarray(0, i), more, bytes.subarray(i)]);
  }),
  fc.tuple(at, at).map(([a, b]): Change => (bytes) => {
    const [from, to] = [place(bytes, Math.min(a, b)), place(bytes, Math.max(a, b))];
    return Buffer.concat([bytes.subarray(0, to), bytes.subarray(from)]);
  }),
  // The largest varint: lengths and numbers as extreme as they come.
  at.map((share): Change => (bytes) => {
    const i = place(bytes, share);
    return Buffer.concat([bytes.subarray(0, i), Buffer.from('ffffffffffffffffff01', 'hex'), bytes.subarray(i + 1)]);
  }),
);

/** Good bytes with a few things wrong. */
export function mutated(good: fc.Arbitrary<Uint8Array>): fc.Arbitrary<Buffer> {
  return fc.tuple(good, fc.array(change, { minLength: 1, maxLength: 4 })).map(([bytes, changes]) => {
    let result: Buffer = Buffer.from(bytes);
    for (const one of changes) result = one(result);
    return Buffer.from(result);
  });
}

/** Integers of all sizes up to 64 bits, as text: protobuf takes them so. */
export const anyUint64: fc.Arbitrary<string> = fc.oneof(
  fc.nat({ max: 20 }).map(String),
  fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }).map(String),
  fc.constantFrom(2n ** 53n - 1n, 2n ** 53n, 2n ** 53n + 1n, 2n ** 63n, 2n ** 64n - 1n).map(String),
);

/** A text that is JSON with something wrong: another type, a missing or an added field, or no JSON any more. */
export function mutatedJson(good: unknown): fc.Arbitrary<string> {
  const paths = pathsOf(good);
  const structural = fc
    .tuple(fc.constantFrom(...paths), fc.option(fc.jsonValue({ maxDepth: 3 }), { nil: undefined }))
    .map(([path, value]) => {
      const copy = structuredClone(good) as Record<string, unknown>;
      let parent = copy;
      for (const name of path.slice(0, -1)) parent = parent[name] as Record<string, unknown>;
      const last = path.at(-1) as string;
      if (value === undefined) delete parent[last];
      else parent[last] = value;
      return JSON.stringify(copy) ?? '';
    });
  const text = mutated(fc.constant(Buffer.from(JSON.stringify(good)))).map((bytes) => bytes.toString('latin1'));
  return fc.oneof(structural, text, fc.json(), fc.string(), fc.constantFrom('', 'null', '[]', '{}', '{"__proto__":1}'));
}

function pathsOf(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== 'object' || value === null) return [path];
  const below = Object.entries(value).flatMap(([name, child]) => pathsOf(child, [...path, name]));
  return path.length === 0 ? below : [path, ...below];
}
