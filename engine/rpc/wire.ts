/**
 * The protobuf wire format, as far as messages need it that are encoded by hand: varints that
 * are safe integers, lengths, and skipping of unknown fields.
 */

/** Bytes that are not the message they should be. The message says what is wrong with them. */
export class MalformedFrameError extends Error {
  override readonly name = 'MalformedFrameError';
}

const TWO_32 = 2 ** 32;
const TWO_35 = 2 ** 35;
const TWO_42 = 2 ** 42;
const TWO_49 = 2 ** 49;

/** Bytes of a varint. Throws RangeError for what is not a safe, non-negative number: a bug of the caller. */
export function varintSize(value: number): number {
  if (value >= 0 && value < 0x80) return 1;
  if (!(value >= 0 && value <= Number.MAX_SAFE_INTEGER)) throw new RangeError(`${value} does not fit a uint64 field`);
  if (value < 0x4000) return 2;
  if (value < 0x200000) return 3;
  if (value < 0x10000000) return 4;
  if (value < TWO_35) return 5;
  if (value < TWO_42) return 6;
  return value < TWO_49 ? 7 : 8;
}

/** Bytes of a varint field with a one-byte tag; 0 is not written (proto3). */
export function fieldSize(value: number): number {
  return value === 0 ? 0 : 1 + varintSize(value);
}

/** Bytes of a length-delimited field with a one-byte tag, which is not written when it is empty (proto3). */
export function bytesFieldSize(length: number): number {
  return length === 0 ? 0 : 1 + varintSize(length) + length;
}

/** Writes a varint of a safe integer and returns the position after it. */
export function writeVarint(out: Buffer, value: number, position: number): number {
  let rest = value;
  let at = position;
  while (rest >= TWO_32) {
    out[at++] = (rest & 0x7f) | 0x80;
    rest = Math.floor(rest / 128);
  }
  rest >>>= 0;
  while (rest >= 0x80) {
    out[at++] = (rest & 0x7f) | 0x80;
    rest >>>= 7;
  }
  out[at++] = rest;
  return at;
}

export function writeField(out: Buffer, tag: number, value: number, position: number): number {
  if (value === 0) return position;
  out[position] = tag;
  return writeVarint(out, value, position + 1);
}

export function writeBytesField(out: Buffer, tag: number, bytes: Uint8Array, position: number): number {
  if (bytes.length === 0) return position;
  out[position] = tag;
  const at = writeVarint(out, bytes.length, position + 1);
  out.set(bytes, at);
  return at + bytes.length;
}

export function writeTextField(out: Buffer, tag: number, text: string, position: number): number {
  if (text === '') return position;
  out[position] = tag;
  const at = writeVarint(out, Buffer.byteLength(text, 'utf8'), position + 1);
  return at + out.write(text, at, 'utf8');
}

/**
 * Reads one buffer front to back. `limit` is the end of the message being read; a nested
 * message narrows it, so nothing ever reads past the message it belongs to.
 */
export class WireReader {
  readonly buffer: Buffer;
  position = 0;
  limit: number;

  constructor(buffer: Buffer) {
    this.buffer = buffer;
    this.limit = buffer.length;
  }

  /** A varint that is a safe integer. */
  uint64(): number {
    const { buffer, limit } = this;
    let at = this.position;
    if (at < limit) {
      // Most numbers are tags, lengths and small counts.
      const first = buffer[at] as number;
      if (first < 0x80) {
        this.position = at + 1;
        return first;
      }
    }
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      if (at >= limit) throw new MalformedFrameError('a number is cut off');
      const byte = buffer[at++] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) {
        // A sum at or above 2^53 may be rounded, but never to below it.
        if (value > Number.MAX_SAFE_INTEGER) throw new MalformedFrameError('a number is above 2^53 - 1');
        this.position = at;
        return value;
      }
      scale *= 128;
    }
    throw new MalformedFrameError('a number is longer than 10 bytes');
  }

  uint32(): number {
    const value = this.uint64();
    if (value >= TWO_32) throw new MalformedFrameError('a 32-bit number is too large');
    return value;
  }

  /** The tag of the next field: field number * 8 + wire type. */
  tag(): number {
    const tag = this.uint32();
    if (tag < 8) throw new MalformedFrameError('a field has the number 0');
    return tag;
  }

  /** The length of what follows, which is certain to be there. */
  length(): number {
    const length = this.uint64();
    if (length > this.limit - this.position) throw new MalformedFrameError('a length runs past the end');
    return length;
  }

  /** A view of the buffer, not a copy. */
  bytes(): Buffer {
    const length = this.length();
    const start = this.position;
    this.position = start + length;
    return this.buffer.subarray(start, this.position);
  }

  /** A nested message, which `read` reads up to `limit`. */
  message<Message>(read: (reader: WireReader) => Message): Message {
    const length = this.length();
    const outer = this.limit;
    this.limit = this.position + length;
    const message = read(this);
    this.limit = outer;
    return message;
  }

  /** Steps over a field that this version does not know. */
  skip(tag: number): void {
    switch (tag & 7) {
      case 0:
        this.#skipVarint();
        return;
      case 1:
        this.#advance(8);
        return;
      case 2:
        this.#advance(this.length());
        return;
      case 5:
        this.#advance(4);
        return;
      default:
        throw new MalformedFrameError(`wire type ${tag & 7} is not used by this protocol`);
    }
  }

  /** An unknown number may use all 64 bits. */
  #skipVarint(): void {
    for (let i = 0; i < 10; i++) {
      if (this.position >= this.limit) throw new MalformedFrameError('a number is cut off');
      if ((this.buffer[this.position++] as number) < 0x80) return;
    }
    throw new MalformedFrameError('a number is longer than 10 bytes');
  }

  #advance(bytes: number): void {
    if (bytes > this.limit - this.position) throw new MalformedFrameError('a field is cut off');
    this.position += bytes;
  }
}
