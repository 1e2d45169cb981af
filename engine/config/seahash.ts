/**
 * SeaHash, 64 bits, with its default seeds. PrkDB places keys with it, so the value
 * must be the same to the last bit. A 64-bit word is held as two unsigned 32-bit halves:
 * BigInt costs some hundred times more, and this runs for every key of every call.
 */

/** The multiplier of the diffusion, 0x6eed0e9da4d94a4f. */
const PRIME_HI = 0x6eed0e9d;
const PRIME_LO = 0xa4d94a4f;
const PRIME_LO_HI16 = PRIME_LO >>> 16;
const PRIME_LO_LO16 = PRIME_LO & 0xffff;

/** The lanes' seeds as hi, lo pairs. */
const SEEDS = [0x16f11fe8, 0x9b0d677c, 0xb480a793, 0xd8e6c86c, 0x6fe2e5aa, 0xf078ebc9, 0x14f994a4, 0xc5259381] as const;

/** What diffuse() leaves: two results without an object per call. */
let outHi = 0;
let outLo = 0;

/** (outHi, outLo) = (hi, lo) * PRIME modulo 2^64. */
function multiply(hi: number, lo: number): void {
  const a0 = lo & 0xffff;
  const a1 = lo >>> 16;
  // The 64-bit product of the low halves from four 16-bit ones; each sum stays below 2^53.
  const p00 = a0 * PRIME_LO_LO16;
  const middle = a1 * PRIME_LO_LO16 + (p00 >>> 16) + a0 * PRIME_LO_HI16;
  const carry = Math.floor(middle / 0x10000) + a1 * PRIME_LO_HI16;
  outLo = (((middle & 0xffff) << 16) | (p00 & 0xffff)) >>> 0;
  outHi = (carry + Math.imul(hi, PRIME_LO) + Math.imul(lo, PRIME_HI)) >>> 0;
}

/** x *= p; x ^= (x >> 32) >> (x >> 60); x *= p. */
function diffuse(hi: number, lo: number): void {
  multiply(hi, lo);
  const folded = (outLo ^ (outHi >>> (outHi >>> 28))) >>> 0;
  multiply(outHi, folded);
}

/** The eight lane halves of the hash in progress; no call re-enters. */
const lanes = new Uint32Array(8);

function hash(key: Uint8Array): void {
  lanes.set(SEEDS);
  const length = key.length;
  let lane = 0;
  for (let at = 0; at < length; at += 8) {
    let lo = 0;
    let hi = 0;
    // Little endian; a last, partial word is padded with zeros.
    const end = Math.min(8, length - at);
    for (let i = 0; i < end; i++) {
      const byte = key[at + i]!;
      if (i < 4) lo |= byte << (i * 8);
      else hi |= byte << ((i - 4) * 8);
    }
    diffuse((lanes[lane]! ^ hi) >>> 0, (lanes[lane + 1]! ^ lo) >>> 0);
    lanes[lane] = outHi;
    lanes[lane + 1] = outLo;
    lane = (lane + 2) & 7;
  }
  const hi = lanes[0]! ^ lanes[2]! ^ lanes[4]! ^ lanes[6]! ^ Math.floor(length / 0x100000000);
  const lo = lanes[1]! ^ lanes[3]! ^ lanes[5]! ^ lanes[7]! ^ length;
  diffuse(hi >>> 0, lo >>> 0);
}

/** The hash as the unsigned halves of its 64 bits. */
export function seahash(key: Uint8Array): { readonly hi: number; readonly lo: number } {
  hash(key);
  return { hi: outHi, lo: outLo };
}

/**
 * `seahash(key) % partitionCount`: the partition that a key lives in.
 * `partitionCount` is at least 1 and below 2^21, so that no product passes 2^53.
 */
export function partitionOfKey(key: Uint8Array, partitionCount: number): number {
  hash(key);
  return ((outHi % partitionCount) * (0x100000000 % partitionCount) + (outLo % partitionCount)) % partitionCount;
}
