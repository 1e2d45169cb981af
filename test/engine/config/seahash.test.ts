import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { partitionOfKey, seahash } from '../../../engine/config/seahash.ts';

const MASK = (1n << 64n) - 1n;

function diffuse(word: bigint): bigint {
  const x = (word * 0x6eed0e9da4d94a4fn) & MASK;
  return ((x ^ ((x >> 32n) >> (x >> 60n))) * 0x6eed0e9da4d94a4fn) & MASK;
}

/** The definition, slowly: four lanes in turn, eight bytes at a time. */
function reference(bytes: Uint8Array): bigint {
  let lanes = [0x16f11fe89b0d677cn, 0xb480a793d8e6c86cn, 0x6fe2e5aaf078ebc9n, 0x14f994a4c5259381n];
  for (let at = 0; at < bytes.length; at += 8) {
    let word = 0n;
    bytes.subarray(at, at + 8).forEach((byte, i) => (word |= BigInt(byte) << BigInt(8 * i)));
    const [a, ...rest] = lanes;
    lanes = [...rest, diffuse(a! ^ word)];
  }
  return diffuse(lanes.reduce((x, y) => x ^ y) ^ BigInt(bytes.length));
}

function hash(bytes: Uint8Array): bigint {
  const { hi, lo } = seahash(bytes);
  return (BigInt(hi) << 32n) | BigInt(lo);
}

describe('seahash', () => {
  it('gives the published value', () => {
    expect(hash(Buffer.from('to be or not to be'))).toBe(1988685042348123509n);
  });

  it('agrees with the definition on any bytes', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
        expect(hash(bytes)).toBe(reference(bytes));
      }),
      { numRuns: 2000 },
    );
  });

  it('reduces modulo the partition count exactly', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), fc.integer({ min: 1, max: 1 << 20 }), (bytes, count) => {
        expect(partitionOfKey(bytes, count)).toBe(Number(reference(bytes) % BigInt(count)));
      }),
      { numRuns: 2000 },
    );
  });
});
