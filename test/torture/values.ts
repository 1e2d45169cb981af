const FILLER_BYTES = [0, 0, 0, 20, 300, 5_000, 70_000];

/**
 * Every write has a value of its own: who wrote it and its how-manieth it was, and a filler
 * that follows from that, so that a value of which a part was lost is known as no value.
 */
export function makeValue(client: number, count: number): { readonly id: string; readonly bytes: Buffer } {
  const id = `${client}.${count}`;
  const fillerBytes = FILLER_BYTES[(client * 31 + count) % FILLER_BYTES.length] as number;
  return { id, bytes: Buffer.concat([Buffer.from(`${id}|`), Buffer.alloc(fillerBytes, id)]) };
}

/** The id of a value that is whole; else a name that no write has. */
export function readValue(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const match = /^(\d+)\.(\d+)\|/.exec(buffer.toString('latin1', 0, 40));
  if (match !== null) {
    const value = makeValue(Number(match[1]), Number(match[2]));
    if (value.bytes.equals(buffer)) return value.id;
  }
  return `not a value: ${buffer.length} bytes, ${buffer.toString('hex', 0, 24)}`;
}
