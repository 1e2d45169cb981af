import { fileURLToPath } from 'node:url';
import fc from 'fast-check';
import protobuf from 'protobufjs';
import { describe, expect, it } from 'vitest';
import {
  decodePeerFrame,
  encodePeerFrame,
  envelopeSize,
  MAX_FRAME_ENTRIES,
  MAX_FRAME_MESSAGES,
  type PeerFrame,
} from '../../../engine/transport/codec.ts';
import { MalformedFrameError } from '../../../engine/rpc/wire.ts';
import { entry, envelope, frame, frames, plain } from './frames.ts';

const protoFile = fileURLToPath(new URL('../../../proto/raft.proto', import.meta.url));
const reflected = protobuf.loadSync(protoFile).lookupType('prkdb.raft.PeerFrame');

function encodeByReflection(value: PeerFrame): Buffer {
  const error = reflected.verify(value);
  if (error !== null) throw new Error(error);
  return Buffer.from(reflected.encode(reflected.create(value)).finish());
}

function decodeByReflection(bytes: Buffer): PeerFrame {
  const decoded = reflected.toObject(reflected.decode(bytes), { longs: Number, defaults: true, arrays: true });
  return decoded as PeerFrame;
}

describe('PeerFrame codec against proto/raft.proto', () => {
  it('decodes what reflection encodes', () => {
    fc.assert(
      fc.property(frames, (value) => {
        expect(plain(decodePeerFrame(encodeByReflection(value)))).toEqual(plain(value));
      }),
      { numRuns: 500 },
    );
  });

  it('encodes what reflection decodes', () => {
    fc.assert(
      fc.property(frames, (value) => {
        expect(plain(decodeByReflection(encodePeerFrame(value)))).toEqual(plain(value));
      }),
      { numRuns: 500 },
    );
  });

  it('knows the size of what it encodes', () => {
    fc.assert(
      fc.property(frames, ({ messages }) => {
        const total = messages.reduce((sum, one) => sum + envelopeSize(one), 0);
        expect(encodePeerFrame(frame({ messages })).length).toBe(total);
      }),
    );
  });

  it('does not copy an entry that is most of its frame', () => {
    const large = entry(1, Buffer.alloc(100_000, 1));
    const bytes = encodePeerFrame(frame({ messages: [envelope({ entries: [large] })] }));
    const data = decodePeerFrame(bytes).messages[0]?.message.entries[0]?.data;
    expect(data?.buffer).toBe(bytes.buffer);
  });

  it('copies an entry that would keep a larger buffer alive', () => {
    const small = [entry(1, Buffer.alloc(100, 1)), entry(2, Buffer.alloc(100, 1))];
    const bytes = encodePeerFrame(frame({ messages: [envelope({ entries: small })] }));
    const data = decodePeerFrame(bytes).messages[0]?.message.entries[0]?.data;
    expect(data?.buffer.byteLength).toBe(100);
    expect(data?.every((byte) => byte === 1)).toBe(true);
  });

  it('steps over fields that a later version may add, on every level', () => {
    const later = protobuf
      .parse(
        `syntax = "proto3";
      message Frame { Hello hello = 1; repeated Group messages = 2; string added = 90; fixed64 wide = 91; fixed32 four = 92; }
      message Hello { string added = 90; uint64 node_id = 3; }
      message Group { uint64 added = 90; Message message = 2; }
      message Message { uint32 type = 1; repeated Entry entries = 11; Hello added = 90; }
      message Entry { uint64 index = 1; uint64 added = 90; }`,
      )
      .root.lookupType('Frame');
    // All 64 bits set.
    const huge = { low: -1, high: -1, unsigned: true };
    const hello = { nodeId: 7, added: 'x' };
    const bytes = later.encode({
      hello,
      messages: [{ message: { type: 5, entries: [{ index: 3, added: huge }], added: hello }, added: huge }],
      added: 'text',
      wide: 1,
      four: 2,
    });
    const decoded = decodePeerFrame(Buffer.from(bytes.finish()));
    expect(decoded.hello?.nodeId).toBe(7);
    expect(decoded.messages[0]?.message.entries[0]?.index).toBe(3);
  });

  it('refuses to encode numbers that are not safe integers', () => {
    for (const term of [-1, NaN, Infinity, 2 ** 53]) {
      expect(() => encodePeerFrame(frame({ messages: [envelope({ term })] }))).toThrow(RangeError);
    }
  });
});

describe('PeerFrame codec against bad bytes', () => {
  /** Why the bytes are refused. Any other error than the typed one fails the test. */
  function refusal(bytes: Buffer | number[]): string {
    try {
      decodePeerFrame(Buffer.from(bytes));
    } catch (error) {
      if (error instanceof MalformedFrameError) return error.message;
      throw error;
    }
    return 'accepted';
  }

  it('refuses integers above 2^53 - 1 and takes 2^53 - 1', () => {
    const safe = [0x18, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f];
    expect(decodePeerFrame(Buffer.from(safe)).ping).toBe(Number.MAX_SAFE_INTEGER);
    expect(refusal([0x18, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10])).toContain('above 2^53 - 1');
    expect(refusal([0x18, ...Array<number>(9).fill(0xff), 0x01])).toContain('above 2^53 - 1');
    expect(refusal([0x18, ...Array<number>(20).fill(0x80)])).toContain('longer than 10 bytes');
  });

  it('refuses a message and a length that end too early', () => {
    const bytes = encodePeerFrame(frame({ messages: [envelope({ entries: [entry(1, Buffer.from('value'))] })] }));
    for (let length = 1; length < bytes.length; length++) {
      expect(refusal(bytes.subarray(0, length))).toMatch(/cut off|past the end/);
    }
    // An entry of 5 bytes in a message that has room for 2.
    expect(refusal([0x12, 0x06, 0x12, 0x04, 0x5a, 0x05, 0x08, 0x01, 0x08, 0x01])).toContain('past the end');
    expect(refusal([0x12, 0xff, 0xff, 0xff, 0xff, 0x0f])).toContain('past the end');
  });

  it('refuses unknown message and entry types, and a message without a type', () => {
    expect(refusal([0x12, 0x04, 0x12, 0x02, 0x08, 0x63])).toContain('message type 99');
    expect(refusal([0x12, 0x02, 0x12, 0x00])).toContain('message type 0');
    expect(refusal([0x12, 0x08, 0x12, 0x06, 0x08, 0x05, 0x5a, 0x02, 0x18, 0x09])).toContain('entry type 9');
    expect(refusal([0x12, 0x02, 0x08, 0x01])).toContain('holds no message');
  });

  it('does not let a small frame become a large object', () => {
    const manyMessages = Buffer.concat(
      Array<Buffer>(MAX_FRAME_MESSAGES + 1).fill(Buffer.from([0x12, 0x04, 0x12, 0x02, 0x08, 0x05])),
    );
    expect(refusal(manyMessages)).toContain(`${MAX_FRAME_MESSAGES} messages`);

    const manyEntries = Buffer.concat(Array<Buffer>(MAX_FRAME_ENTRIES + 1).fill(Buffer.from([0x5a, 0x00])));
    const writer = protobuf.Writer.create().uint32(0x12);
    const group = protobuf.Writer.create()
      .uint32(0x12)
      .bytes(Buffer.concat([Buffer.from([0x08, 0x05]), manyEntries]));
    expect(refusal(Buffer.from(writer.bytes(group.finish()).finish()))).toContain(`${MAX_FRAME_ENTRIES} entries`);
  });

  it('answers random bytes with a frame or a typed error', () => {
    let refused = 0;
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => {
        if (refusal(Buffer.from(bytes)) !== 'accepted') refused++;
      }),
      { numRuns: 3000 },
    );
    expect(refused).toBeGreaterThan(500);
  });

  it('answers mutated frames with a frame or a typed error', () => {
    const mutation = fc.record({
      at: fc.nat(),
      byte: fc.nat({ max: 255 }),
      kind: fc.constantFrom('set', 'cut', 'add'),
    });
    let refused = 0;
    fc.assert(
      fc.property(frames, fc.array(mutation, { minLength: 1, maxLength: 5 }), (value, mutations) => {
        let bytes = encodePeerFrame(value);
        for (const { at, byte, kind } of mutations) {
          const position = bytes.length === 0 ? 0 : at % bytes.length;
          const rest = bytes.subarray(kind === 'add' ? position : position + 1);
          const put = kind === 'cut' ? [] : [byte];
          bytes = Buffer.concat([bytes.subarray(0, position), Buffer.from(put), rest]);
        }
        if (refusal(bytes) !== 'accepted') refused++;
      }),
      { numRuns: 3000 },
    );
    expect(refused).toBeGreaterThan(500);
  });
});
