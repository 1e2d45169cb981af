import { CorruptDataError } from '../errors.ts';

/** Protobuf wire types that our messages use. */
export const WIRE_VARINT = 0;
export const WIRE_BYTES = 2;

const TWO_TO_31 = 0x80000000;

/** Bytes that `value`, a safe integer of at least 0, takes as a varint. */
export function varintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  if (value < 0x10000000) return 4;
  let size = 5;
  for (let rest = value / 0x800000000; rest >= 1; rest /= 128) size++;
  return size;
}

/** Writes a varint at `at` and returns the position after it. */
export function writeVarint(target: Uint8Array, at: number, value: number): number {
  let rest = value;
  let position = at;
  // Bit operations are exact below 2^31 only, and much faster than the division.
  while (rest >= TWO_TO_31) {
    target[position++] = (rest % 128) | 0x80;
    rest = Math.floor(rest / 128);
  }
  while (rest >= 0x80) {
    target[position++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  target[position++] = rest;
  return position;
}

/** Size of a field's tag, varint length and bytes, for field numbers below 16. */
export function bytesFieldSize(length: number): number {
  return 1 + varintSize(length) + length;
}

export function writeBytesField(target: Uint8Array, at: number, field: number, bytes: Uint8Array): number {
  target[at] = (field << 3) | WIRE_BYTES;
  const position = writeVarint(target, at + 1, bytes.length);
  target.set(bytes, position);
  return position + bytes.length;
}

/** A number's field; nothing when it is 0, which is what its absence means. */
export function varintFieldSize(value: number): number {
  return value === 0 ? 0 : 1 + varintSize(value);
}

export function writeVarintField(target: Uint8Array, at: number, field: number, value: number): number {
  if (value === 0) return at;
  target[at] = (field << 3) | WIRE_VARINT;
  return writeVarint(target, at + 1, value);
}

/**
 * Walks over protobuf bytes without copying them. Every read is bounded by the given
 * range, so that a length from a damaged file can neither allocate nor run past its end.
 */
export class WireReader {
  readonly bytes: Uint8Array;
  position: number;
  /** May be set to where a message within the data ends, and back: cheaper than a reader of its own. */
  end: number;

  constructor(bytes: Uint8Array, start: number, end: number) {
    this.bytes = bytes;
    this.position = start;
    this.end = end;
  }

  get done(): boolean {
    return this.position >= this.end;
  }

  /** A uint64 that is a safe integer. */
  varint(): number {
    const { bytes, end } = this;
    let position = this.position;
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      if (position >= end) throw new CorruptDataError('the data ends in the middle of a number');
      const byte = bytes[position++] as number;
      value += (byte & 0x7f) * scale;
      if (value > Number.MAX_SAFE_INTEGER) throw new CorruptDataError('a number is too large');
      if (byte < 0x80) {
        this.position = position;
        return value;
      }
      scale *= 128;
    }
    throw new CorruptDataError('a number has more than ten bytes');
  }

  /** The length of a bytes field or message, checked against what is left. */
  length(): number {
    const length = this.varint();
    if (length > this.end - this.position) throw new CorruptDataError('a length runs past the end of the data');
    return length;
  }

  /** A view of a bytes field: it shares memory with the input. */
  view(): Uint8Array {
    const length = this.length();
    const start = this.position;
    this.position = start + length;
    return this.bytes.subarray(start, start + length);
  }
}
