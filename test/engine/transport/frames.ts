import fc from 'fast-check';
import { EntryType, MessageType, type Entry, type Message } from '../../../engine/raft/types.ts';
import type { PeerFrame } from '../../../engine/transport/codec.ts';
import type { Envelope } from '../../../engine/transport/types.ts';

/** A message with everything 0 but what is given. */
export function message(fields: Partial<Message> = {}): Message {
  return {
    type: MessageType.Append,
    from: 1,
    to: 2,
    term: 0,
    index: 0,
    logTerm: 0,
    commit: 0,
    reject: false,
    rejectHint: 0,
    context: 0,
    transfer: false,
    entries: [],
    ...fields,
  };
}

export function envelope(fields: Partial<Message> = {}, group = 1): Envelope {
  return { group, message: message(fields) };
}

export function entry(index: number, data: Uint8Array = new Uint8Array(0)): Entry {
  return { index, term: 1, type: EntryType.Normal, data };
}

export function frame(fields: Partial<PeerFrame> = {}): PeerFrame {
  return { hello: null, messages: [], ping: 0, pong: 0, ...fields };
}

/** Safe integers, with the lengths of their varints evenly spread. */
const uint64 = fc.oneof(
  fc.maxSafeNat(),
  fc.integer({ min: 0, max: 52 }).map((bits) => 2 ** bits),
  fc.integer({ min: 0, max: 53 }).map((bits) => 2 ** bits - 1),
  fc.nat({ max: 300 }),
);

const entries: fc.Arbitrary<Entry> = fc.record({
  index: uint64,
  term: uint64,
  type: fc.constantFrom(...Object.values(EntryType)),
  data: fc.uint8Array({ maxLength: 300 }),
});

export const frames: fc.Arbitrary<PeerFrame> = fc.record({
  hello: fc.option(
    fc.record({
      protocolVersion: fc.nat({ max: 0xffffffff }),
      clusterId: fc.string({ unit: 'binary', maxLength: 40 }),
      nodeId: uint64,
      toNodeId: uint64,
      incarnation: fc.string({ unit: 'binary', maxLength: 40 }),
    }),
  ),
  messages: fc.array(
    fc.record({
      group: uint64,
      message: fc.record({
        type: fc.constantFrom(...Object.values(MessageType)),
        from: uint64,
        to: uint64,
        term: uint64,
        index: uint64,
        logTerm: uint64,
        commit: uint64,
        reject: fc.boolean(),
        rejectHint: uint64,
        context: uint64,
        transfer: fc.boolean(),
        entries: fc.array(entries, { maxLength: 4 }),
      }),
    }),
    { maxLength: 4 },
  ),
  ping: uint64,
  pong: uint64,
});

/** The frame with its data as hexadecimal, so that views and copies compare as equal. */
export function plain(value: PeerFrame): unknown {
  return {
    ...value,
    messages: value.messages.map(({ group, message: inner }) => ({
      group,
      message: {
        ...inner,
        entries: inner.entries.map((one) => ({ ...one, data: Buffer.from(one.data).toString('hex') })),
      },
    })),
  };
}
