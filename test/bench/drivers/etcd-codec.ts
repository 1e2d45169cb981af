/** Hand-made protobuf for the two requests of the load, so that etcd's client is not slowed by reflection. */

function varintSize(value: number): number {
  let size = 1;
  for (let rest = value >>> 7; rest > 0; rest >>>= 7) size++;
  return size;
}

function writeBytes(target: Buffer, at: number, tag: number, bytes: Buffer): number {
  let position = at;
  target[position++] = tag;
  let rest = bytes.length;
  while (rest > 127) {
    target[position++] = (rest & 127) | 128;
    rest >>>= 7;
  }
  target[position++] = rest;
  return position + bytes.copy(target, position);
}

/** `offset` bytes are left free in front. */
export function encodePut(key: Buffer, value: Buffer, offset = 0): Buffer {
  const size = 2 + varintSize(key.length) + key.length + varintSize(value.length) + value.length;
  const target = Buffer.allocUnsafe(offset + size);
  writeBytes(target, writeBytes(target, offset, 0x0a, key), 0x12, value);
  return target;
}

/** RangeRequest for one key; `serializable` reads from the member asked, without a quorum. */
export function encodeRange(key: Buffer, serializable: boolean, offset = 0): Buffer {
  const size = 1 + varintSize(key.length) + key.length + (serializable ? 2 : 0);
  const target = Buffer.allocUnsafe(offset + size);
  const end = writeBytes(target, offset, 0x0a, key);
  if (serializable) {
    target[end] = 0x38;
    target[end + 1] = 1;
  }
  return target;
}
