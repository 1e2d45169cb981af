import { EntryType, MessageType, type Entry, type Message } from '../raft/types.ts';
import {
  bytesFieldSize,
  fieldSize,
  MalformedFrameError,
  varintSize,
  WireReader,
  writeBytesField,
  writeField,
  writeTextField,
  writeVarint,
} from '../rpc/wire.ts';
import type { Envelope } from './types.ts';

/** The first frame on each side of a stream. */
export interface Hello {
  readonly protocolVersion: number;
  readonly clusterId: string;
  readonly nodeId: number;
  readonly toNodeId: number;
  /** Which data directory the node works on; empty from a node that has none. */
  readonly incarnation: string;
}

/** `PeerFrame` of proto/raft.proto. `ping` and `pong` are 0 when the frame carries none. */
export interface PeerFrame {
  readonly hello: Hello | null;
  readonly messages: readonly Envelope[];
  readonly ping: number;
  readonly pong: number;
}

/**
 * What one frame may hold. A few bytes on the wire become a whole object in memory, so a
 * limit on bytes alone would let a peer make this node allocate many times as much.
 */
export const MAX_FRAME_MESSAGES = 16_384;
export const MAX_FRAME_ENTRIES = 262_144;

const NO_ENVELOPES: readonly Envelope[] = Object.freeze([]);
const NO_ENTRIES: readonly Entry[] = Object.freeze([]);
const NO_DATA: Uint8Array = new Uint8Array(0);

const LAST_MESSAGE_TYPE = Math.max(...Object.values(MessageType));
const LAST_ENTRY_TYPE = Math.max(...Object.values(EntryType));

function entrySize(entry: Entry): number {
  return fieldSize(entry.index) + fieldSize(entry.term) + fieldSize(entry.type) + bytesFieldSize(entry.data.length);
}

function messageSize(message: Message): number {
  let size =
    fieldSize(message.type) +
    fieldSize(message.from) +
    fieldSize(message.to) +
    fieldSize(message.term) +
    fieldSize(message.logTerm) +
    fieldSize(message.index) +
    fieldSize(message.commit) +
    (message.reject ? 2 : 0) +
    fieldSize(message.rejectHint) +
    fieldSize(message.context) +
    (message.transfer ? 2 : 0);
  const { entries } = message;
  for (let i = 0; i < entries.length; i++) {
    const bytes = entrySize(entries[i] as Entry);
    size += 1 + varintSize(bytes) + bytes;
  }
  return size;
}

function groupMessageSize(group: number, messageBytes: number): number {
  return fieldSize(group) + 1 + varintSize(messageBytes) + messageBytes;
}

function helloSize(hello: Hello): number {
  return (
    fieldSize(hello.protocolVersion) +
    bytesFieldSize(Buffer.byteLength(hello.clusterId, 'utf8')) +
    fieldSize(hello.nodeId) +
    fieldSize(hello.toNodeId) +
    bytesFieldSize(Buffer.byteLength(hello.incarnation, 'utf8'))
  );
}

/** What an envelope adds to a frame, in bytes. */
export function envelopeSize(envelope: Envelope): number {
  const bytes = groupMessageSize(envelope.group, messageSize(envelope.message));
  return 1 + varintSize(bytes) + bytes;
}

function writeEntry(out: Buffer, entry: Entry, position: number): number {
  let at = writeField(out, 0x08, entry.index, position);
  at = writeField(out, 0x10, entry.term, at);
  at = writeField(out, 0x18, entry.type, at);
  return writeBytesField(out, 0x22, entry.data, at);
}

function writeMessage(out: Buffer, message: Message, position: number): number {
  let at = writeField(out, 0x08, message.type, position);
  at = writeField(out, 0x10, message.from, at);
  at = writeField(out, 0x18, message.to, at);
  at = writeField(out, 0x20, message.term, at);
  at = writeField(out, 0x28, message.logTerm, at);
  at = writeField(out, 0x30, message.index, at);
  at = writeField(out, 0x38, message.commit, at);
  at = writeField(out, 0x40, message.reject ? 1 : 0, at);
  at = writeField(out, 0x48, message.rejectHint, at);
  at = writeField(out, 0x50, message.context, at);
  const { entries } = message;
  for (let i = 0; i < entries.length; i++) {
    const entry = entries[i] as Entry;
    out[at] = 0x5a;
    at = writeVarint(out, entrySize(entry), at + 1);
    at = writeEntry(out, entry, at);
  }
  return writeField(out, 0x60, message.transfer ? 1 : 0, at);
}

function writeHello(out: Buffer, hello: Hello, position: number): number {
  out[position] = 0x0a;
  let at = writeVarint(out, helloSize(hello), position + 1);
  at = writeField(out, 0x08, hello.protocolVersion, at);
  at = writeTextField(out, 0x12, hello.clusterId, at);
  at = writeField(out, 0x18, hello.nodeId, at);
  at = writeField(out, 0x20, hello.toNodeId, at);
  return writeTextField(out, 0x2a, hello.incarnation, at);
}

/** Encodes one frame. Throws RangeError for numbers outside of [0, 2^53). */
export function encodePeerFrame(frame: PeerFrame): Buffer {
  const { hello, messages } = frame;
  let size = fieldSize(frame.ping) + fieldSize(frame.pong);
  if (hello !== null) {
    const bytes = helloSize(hello);
    size += 1 + varintSize(bytes) + bytes;
  }
  // The lengths inside a frame come before what they measure: measured once, written later.
  const messageSizes: number[] = [];
  for (let i = 0; i < messages.length; i++) {
    const { group, message } = messages[i] as Envelope;
    const bytes = messageSize(message);
    messageSizes.push(bytes);
    const groupBytes = groupMessageSize(group, bytes);
    size += 1 + varintSize(groupBytes) + groupBytes;
  }

  const out = Buffer.allocUnsafe(size);
  let at = hello === null ? 0 : writeHello(out, hello, 0);
  for (let i = 0; i < messages.length; i++) {
    const { group, message } = messages[i] as Envelope;
    const bytes = messageSizes[i] as number;
    out[at] = 0x12;
    at = writeVarint(out, groupMessageSize(group, bytes), at + 1);
    at = writeField(out, 0x08, group, at);
    out[at] = 0x12;
    at = writeVarint(out, bytes, at + 1);
    at = writeMessage(out, message, at);
  }
  at = writeField(out, 0x18, frame.ping, at);
  writeField(out, 0x20, frame.pong, at);
  return out;
}

/** Counts what a frame holds while it is read. */
interface Budget {
  entries: number;
}

/**
 * Entries stay in the log's cache for long, and a view keeps all of its buffer alive: the
 * frame, or the slab that the frame came from. A copy is made unless the entry is most of it.
 */
function detached(data: Uint8Array): Uint8Array {
  if (data.length * 2 > data.buffer.byteLength) return data;
  // A Buffer, as an entry of our own is: its keys are looked up without another view of them.
  const copy = Buffer.allocUnsafeSlow(data.length);
  copy.set(data);
  return copy;
}

function readEntry(reader: WireReader, end: number): Entry {
  let index = 0;
  let term = 0;
  let type = 0;
  let data = NO_DATA;
  const outer = reader.limit;
  reader.limit = end;
  while (reader.position < end) {
    const tag = reader.tag();
    switch (tag) {
      case 0x08:
        index = reader.uint64();
        break;
      case 0x10:
        term = reader.uint64();
        break;
      case 0x18:
        type = reader.uint32();
        break;
      case 0x22:
        data = reader.bytes();
        break;
      default:
        reader.skip(tag);
    }
  }
  reader.limit = outer;
  if (type > LAST_ENTRY_TYPE) throw new MalformedFrameError(`entry type ${type} is unknown`);
  return { index, term, type: type as EntryType, data: data.length === 0 ? NO_DATA : detached(data) };
}

function readMessage(reader: WireReader, end: number, budget: Budget): Message {
  let type = 0;
  let from = 0;
  let to = 0;
  let term = 0;
  let logTerm = 0;
  let index = 0;
  let commit = 0;
  let reject = false;
  let rejectHint = 0;
  let context = 0;
  let transfer = false;
  let entries: Entry[] | undefined;
  const outer = reader.limit;
  reader.limit = end;
  while (reader.position < end) {
    const tag = reader.tag();
    switch (tag) {
      case 0x08:
        type = reader.uint32();
        break;
      case 0x10:
        from = reader.uint64();
        break;
      case 0x18:
        to = reader.uint64();
        break;
      case 0x20:
        term = reader.uint64();
        break;
      case 0x28:
        logTerm = reader.uint64();
        break;
      case 0x30:
        index = reader.uint64();
        break;
      case 0x38:
        commit = reader.uint64();
        break;
      case 0x40:
        reject = reader.uint64() !== 0;
        break;
      case 0x48:
        rejectHint = reader.uint64();
        break;
      case 0x50:
        context = reader.uint64();
        break;
      case 0x60:
        transfer = reader.uint64() !== 0;
        break;
      case 0x5a: {
        const length = reader.length();
        if (++budget.entries > MAX_FRAME_ENTRIES) {
          throw new MalformedFrameError(`a frame holds more than ${MAX_FRAME_ENTRIES} entries`);
        }
        entries ??= [];
        entries.push(readEntry(reader, reader.position + length));
        break;
      }
      default:
        reader.skip(tag);
    }
  }
  reader.limit = outer;
  if (type < 1 || type > LAST_MESSAGE_TYPE) throw new MalformedFrameError(`message type ${type} is unknown`);
  return {
    type: type as MessageType,
    from,
    to,
    term,
    index,
    logTerm,
    commit,
    reject,
    rejectHint,
    context,
    transfer,
    entries: entries ?? NO_ENTRIES,
  };
}

function readEnvelope(reader: WireReader, end: number, budget: Budget): Envelope {
  let group = 0;
  let message: Message | undefined;
  const outer = reader.limit;
  reader.limit = end;
  while (reader.position < end) {
    const tag = reader.tag();
    switch (tag) {
      case 0x08:
        group = reader.uint64();
        break;
      case 0x12: {
        if (message !== undefined) throw new MalformedFrameError('a group message holds two messages');
        const length = reader.length();
        message = readMessage(reader, reader.position + length, budget);
        break;
      }
      default:
        reader.skip(tag);
    }
  }
  reader.limit = outer;
  if (message === undefined) throw new MalformedFrameError('a group message holds no message');
  return { group, message };
}

function readHello(reader: WireReader, end: number): Hello {
  let protocolVersion = 0;
  let clusterId = '';
  let nodeId = 0;
  let toNodeId = 0;
  let incarnation = '';
  const outer = reader.limit;
  reader.limit = end;
  while (reader.position < end) {
    const tag = reader.tag();
    switch (tag) {
      case 0x08:
        protocolVersion = reader.uint32();
        break;
      case 0x12:
        clusterId = reader.bytes().toString('utf8');
        break;
      case 0x18:
        nodeId = reader.uint64();
        break;
      case 0x20:
        toNodeId = reader.uint64();
        break;
      case 0x2a:
        incarnation = reader.bytes().toString('utf8');
        break;
      default:
        reader.skip(tag);
    }
  }
  reader.limit = outer;
  return { protocolVersion, clusterId, nodeId, toNodeId, incarnation };
}

/**
 * Decodes one frame. The data of its entries are views into `buffer`, which must not be
 * changed afterwards and lives as long as any of them. Throws MalformedFrameError, and
 * nothing else, for bytes that are not a frame.
 */
export function decodePeerFrame(buffer: Buffer): PeerFrame {
  const reader = new WireReader(buffer);
  const budget: Budget = { entries: 0 };
  let hello: Hello | null = null;
  let messages: Envelope[] | undefined;
  let ping = 0;
  let pong = 0;
  while (reader.position < reader.limit) {
    const tag = reader.tag();
    switch (tag) {
      case 0x0a: {
        if (hello !== null) throw new MalformedFrameError('a frame holds two hellos');
        const length = reader.length();
        hello = readHello(reader, reader.position + length);
        break;
      }
      case 0x12: {
        const length = reader.length();
        messages ??= [];
        if (messages.length === MAX_FRAME_MESSAGES) {
          throw new MalformedFrameError(`a frame holds more than ${MAX_FRAME_MESSAGES} messages`);
        }
        messages.push(readEnvelope(reader, reader.position + length, budget));
        break;
      }
      case 0x18:
        ping = reader.uint64();
        break;
      case 0x20:
        pong = reader.uint64();
        break;
      default:
        reader.skip(tag);
    }
  }
  return { hello, messages: messages ?? NO_ENVELOPES, ping, pong };
}
