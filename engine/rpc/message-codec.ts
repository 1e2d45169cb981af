import { WireReader } from './wire.ts';

/** Both directions of one message. */
export interface Codec<Message> {
  readonly encode: (message: Message) => Buffer;
  readonly decode: (bytes: Buffer) => Message;
}

/** Says that a message has something that is left to reflection. */
export class Unusual extends Error {
  override readonly name = 'Unusual';
}

export const NO_BYTES: Uint8Array = new Uint8Array(0);

/** The items of a message that is one repeated field, of number 1. */
export function readAll<Item>(bytes: Buffer, read: (reader: WireReader) => Item): Item[] {
  const reader = new WireReader(bytes);
  const items: Item[] = [];
  while (reader.position < reader.limit) {
    if (reader.tag() !== 0x0a) throw new Unusual();
    items.push(reader.message(read));
  }
  return items;
}

/**
 * Hand-made code for what is usual. What it cannot do, or refuses, reflection decides: that alone
 * says what is right and what is wrong.
 */
export function orReflected<Message>(shaped: Codec<Message>, reflected: Codec<Message>): Codec<Message> {
  return {
    encode(message) {
      try {
        return shaped.encode(message);
      } catch {
        return reflected.encode(message);
      }
    },
    decode(bytes) {
      try {
        return shaped.decode(bytes);
      } catch {
        return reflected.decode(bytes);
      }
    },
  };
}
