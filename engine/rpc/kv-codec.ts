import {
  emptyResponse,
  type GetOperation,
  type KvEntry,
  type KvRequest,
  type KvRequests,
  type KvResponse,
  type KvResponses,
  type WriteOperation,
} from './kv.ts';
import {
  bytesFieldSize,
  fieldSize,
  varintSize,
  WireReader,
  writeBytesField,
  writeField,
  writeTextField,
  writeVarint,
} from './wire.ts';

/** Both directions of one message. */
export interface Codec<Message> {
  readonly encode: (message: Message) => Buffer;
  readonly decode: (bytes: Buffer) => Message;
}

/** Says that a message has something that is left to reflection. */
class Unusual extends Error {
  override readonly name = 'Unusual';
}

const NO_BYTES: Uint8Array = new Uint8Array(0);

function getSize({ key, readMode }: GetOperation): number {
  return bytesFieldSize(key.length) + fieldSize(readMode);
}

function writeGet(out: Buffer, { key, readMode }: GetOperation, position: number): number {
  return writeField(out, 0x10, readMode, writeBytesField(out, 0x0a, key, position));
}

function writeOperationSize(write: WriteOperation): number {
  return (
    fieldSize(write.kind) +
    bytesFieldSize(write.key.length) +
    bytesFieldSize(write.value.length) +
    (write.hasExpectedRevision ? 2 : 0) +
    fieldSize(write.expectedRevision) +
    fieldSize(write.clientId) +
    fieldSize(write.sequence) +
    fieldSize(write.session) +
    fieldSize(write.acknowledged) +
    fieldSize(write.ttlMs)
  );
}

function writeWriteOperation(out: Buffer, write: WriteOperation, position: number): number {
  let at = writeField(out, 0x08, write.kind, position);
  at = writeBytesField(out, 0x12, write.key, at);
  at = writeBytesField(out, 0x1a, write.value, at);
  at = writeField(out, 0x20, write.hasExpectedRevision ? 1 : 0, at);
  at = writeField(out, 0x28, write.expectedRevision, at);
  at = writeField(out, 0x30, write.clientId, at);
  at = writeField(out, 0x38, write.sequence, at);
  at = writeField(out, 0x40, write.session, at);
  at = writeField(out, 0x48, write.acknowledged, at);
  return writeField(out, 0x50, write.ttlMs, at);
}

function operationSize(request: KvRequest): number {
  if (request.scan ?? request.openSession ?? request.transact ?? request.history) throw new Unusual();
  if (request.write) return request.get ? refuse() : writeOperationSize(request.write);
  return request.get ? getSize(request.get) : refuse();
}

function refuse(): never {
  throw new Unusual();
}

function requestSize(request: KvRequest, operationBytes: number): number {
  return (
    fieldSize(request.id) +
    fieldSize(request.epoch) +
    fieldSize(request.timeoutMs) +
    (request.forwarded ? 2 : 0) +
    1 +
    varintSize(operationBytes) +
    operationBytes
  );
}

function encodeRequests(requests: readonly KvRequest[]): Buffer {
  let size = 0;
  // The lengths come before what they measure: measured once, written later.
  const operationSizes: number[] = [];
  const sizes: number[] = [];
  for (const request of requests) {
    const operationBytes = operationSize(request);
    const bytes = requestSize(request, operationBytes);
    operationSizes.push(operationBytes);
    sizes.push(bytes);
    size += 1 + varintSize(bytes) + bytes;
  }
  const out = Buffer.allocUnsafe(size);
  let at = 0;
  requests.forEach((request, i) => {
    out[at] = 0x0a;
    at = writeVarint(out, sizes[i]!, at + 1);
    at = writeField(out, 0x08, request.id, at);
    at = writeField(out, 0x10, request.epoch, at);
    at = writeField(out, 0x18, request.timeoutMs, at);
    at = writeField(out, 0x20, request.forwarded ? 1 : 0, at);
    out[at] = request.write ? 0x5a : 0x52;
    at = writeVarint(out, operationSizes[i]!, at + 1);
    at = request.write ? writeWriteOperation(out, request.write, at) : writeGet(out, request.get!, at);
  });
  return out;
}

function readGet(reader: WireReader): GetOperation {
  const get: GetOperation = { key: NO_BYTES, readMode: 0 };
  while (reader.position < reader.limit) {
    const tag = reader.tag();
    if (tag === 0x0a) get.key = reader.bytes();
    else if (tag === 0x10) get.readMode = reader.uint32() as GetOperation['readMode'];
    else throw new Unusual();
  }
  return get;
}

function readWrite(reader: WireReader): WriteOperation {
  const write: WriteOperation = {
    kind: 0,
    key: NO_BYTES,
    value: NO_BYTES,
    hasExpectedRevision: false,
    expectedRevision: 0,
    clientId: 0,
    sequence: 0,
    session: 0,
    acknowledged: 0,
    ttlMs: 0,
  };
  while (reader.position < reader.limit) {
    switch (reader.tag()) {
      case 0x08:
        write.kind = reader.uint32() as WriteOperation['kind'];
        break;
      case 0x12:
        write.key = reader.bytes();
        break;
      case 0x1a:
        write.value = reader.bytes();
        break;
      case 0x20:
        write.hasExpectedRevision = reader.uint64() !== 0;
        break;
      case 0x28:
        write.expectedRevision = reader.uint64();
        break;
      case 0x30:
        write.clientId = reader.uint64();
        break;
      case 0x38:
        write.sequence = reader.uint64();
        break;
      case 0x40:
        write.session = reader.uint64();
        break;
      case 0x48:
        write.acknowledged = reader.uint64();
        break;
      case 0x50:
        write.ttlMs = reader.uint64();
        break;
      default:
        throw new Unusual();
    }
  }
  return write;
}

function readRequest(reader: WireReader): KvRequest {
  const request: KvRequest = { id: 0, epoch: 0, timeoutMs: 0, forwarded: false };
  while (reader.position < reader.limit) {
    const tag = reader.tag();
    if (tag === 0x08) request.id = reader.uint64();
    else if (tag === 0x10) request.epoch = reader.uint64();
    else if (tag === 0x18) request.timeoutMs = reader.uint32();
    else if (tag === 0x20) request.forwarded = reader.uint64() !== 0;
    else if (request.get !== undefined || request.write !== undefined) throw new Unusual();
    else if (tag === 0x52) request.get = reader.message(readGet);
    else if (tag === 0x5a) request.write = reader.message(readWrite);
    else throw new Unusual();
  }
  return request;
}

function entrySize(entry: KvEntry): number {
  return (
    bytesFieldSize(entry.key.length) +
    bytesFieldSize(entry.value.length) +
    fieldSize(entry.revision) +
    fieldSize(entry.version) +
    fieldSize(entry.createdAtMs) +
    fieldSize(entry.updatedAtMs) +
    fieldSize(entry.valueSizeBytes) +
    fieldSize(entry.expiresAtMs)
  );
}

function writeEntry(out: Buffer, entry: KvEntry, position: number): number {
  let at = writeBytesField(out, 0x0a, entry.key, position);
  at = writeBytesField(out, 0x12, entry.value, at);
  at = writeField(out, 0x18, entry.revision, at);
  at = writeField(out, 0x20, entry.version, at);
  at = writeField(out, 0x28, entry.createdAtMs, at);
  at = writeField(out, 0x30, entry.updatedAtMs, at);
  at = writeField(out, 0x38, entry.valueSizeBytes, at);
  return writeField(out, 0x40, entry.expiresAtMs, at);
}

function responseSize(response: KvResponse, entryBytes: number): number {
  if (response.entries.length > 0 || response.revisions.length > 0 || response.results.length > 0) throw new Unusual();
  return (
    fieldSize(response.id) +
    fieldSize(response.status) +
    bytesFieldSize(Buffer.byteLength(response.message, 'utf8')) +
    fieldSize(response.leaderId) +
    bytesFieldSize(Buffer.byteLength(response.leaderAddress, 'utf8')) +
    fieldSize(response.epoch) +
    fieldSize(response.partition) +
    (response.entry === null ? 0 : 1 + varintSize(entryBytes) + entryBytes) +
    (response.more ? 2 : 0) +
    (response.found ? 2 : 0) +
    fieldSize(response.stalenessMs) +
    fieldSize(response.session) +
    // Its tag takes two bytes.
    (response.conflictAt === 0 ? 0 : 1 + fieldSize(response.conflictAt))
  );
}

function encodeResponses(responses: readonly KvResponse[]): Buffer {
  let size = 0;
  const entrySizes: number[] = [];
  const sizes: number[] = [];
  for (const response of responses) {
    const entryBytes = response.entry === null ? 0 : entrySize(response.entry);
    const bytes = responseSize(response, entryBytes);
    entrySizes.push(entryBytes);
    sizes.push(bytes);
    size += 1 + varintSize(bytes) + bytes;
  }
  const out = Buffer.allocUnsafe(size);
  let at = 0;
  responses.forEach((response, i) => {
    out[at] = 0x0a;
    at = writeVarint(out, sizes[i]!, at + 1);
    at = writeField(out, 0x08, response.id, at);
    at = writeField(out, 0x10, response.status, at);
    at = writeTextField(out, 0x1a, response.message, at);
    at = writeField(out, 0x20, response.leaderId, at);
    at = writeTextField(out, 0x2a, response.leaderAddress, at);
    at = writeField(out, 0x30, response.epoch, at);
    at = writeField(out, 0x38, response.partition, at);
    if (response.entry !== null) {
      out[at] = 0x52;
      at = writeEntry(out, response.entry, writeVarint(out, entrySizes[i]!, at + 1));
    }
    at = writeField(out, 0x60, response.more ? 1 : 0, at);
    at = writeField(out, 0x68, response.found ? 1 : 0, at);
    at = writeField(out, 0x70, response.stalenessMs, at);
    at = writeField(out, 0x78, response.session, at);
    if (response.conflictAt !== 0) at = writeVarint(out, response.conflictAt, writeVarint(out, 0x90, at));
  });
  return out;
}

function readEntry(reader: WireReader): KvEntry {
  const entry: KvEntry = {
    key: NO_BYTES,
    value: NO_BYTES,
    revision: 0,
    version: 0,
    createdAtMs: 0,
    updatedAtMs: 0,
    valueSizeBytes: 0,
    expiresAtMs: 0,
  };
  while (reader.position < reader.limit) {
    switch (reader.tag()) {
      case 0x0a:
        entry.key = reader.bytes();
        break;
      case 0x12:
        entry.value = reader.bytes();
        break;
      case 0x18:
        entry.revision = reader.uint64();
        break;
      case 0x20:
        entry.version = reader.uint64();
        break;
      case 0x28:
        entry.createdAtMs = reader.uint64();
        break;
      case 0x30:
        entry.updatedAtMs = reader.uint64();
        break;
      case 0x38:
        entry.valueSizeBytes = reader.uint64();
        break;
      case 0x40:
        entry.expiresAtMs = reader.uint64();
        break;
      default:
        throw new Unusual();
    }
  }
  return entry;
}

function readResponse(reader: WireReader): KvResponse {
  const response = emptyResponse(0, 0, 0);
  while (reader.position < reader.limit) {
    switch (reader.tag()) {
      case 0x08:
        response.id = reader.uint64();
        break;
      case 0x10:
        response.status = reader.uint32() as KvResponse['status'];
        break;
      case 0x1a:
        response.message = reader.bytes().toString('utf8');
        break;
      case 0x20:
        response.leaderId = reader.uint64();
        break;
      case 0x2a:
        response.leaderAddress = reader.bytes().toString('utf8');
        break;
      case 0x30:
        response.epoch = reader.uint64();
        break;
      case 0x38:
        response.partition = reader.uint64();
        break;
      case 0x52:
        if (response.entry !== null) throw new Unusual();
        response.entry = reader.message(readEntry);
        break;
      case 0x60:
        response.more = reader.uint64() !== 0;
        break;
      case 0x68:
        response.found = reader.uint64() !== 0;
        break;
      case 0x70:
        response.stalenessMs = reader.uint64();
        break;
      case 0x78:
        response.session = reader.uint64();
        break;
      case 0x90:
        response.conflictAt = reader.uint32();
        break;
      default:
        throw new Unusual();
    }
  }
  return response;
}

function readAll<Item>(bytes: Buffer, read: (reader: WireReader) => Item): Item[] {
  const reader = new WireReader(bytes);
  const items: Item[] = [];
  while (reader.position < reader.limit) {
    if (reader.tag() !== 0x0a) throw new Unusual();
    items.push(reader.message(read));
  }
  return items;
}

/** What hand-made code cannot do, or refuses, reflection decides: it alone says what is right and what is wrong. */
function orReflected<Result>(shaped: () => Result, reflected: () => Result): Result {
  try {
    return shaped();
  } catch {
    return reflected();
  }
}

/**
 * `raft.KvRequests` of gets and writes in hand-made code, since reflection costs as much as the
 * rest of such a request; everything else, and whatever is unusual about them, by `reflected`.
 * Keys and values are views of what was decoded, as with reflection.
 */
export function kvRequestsCodec(reflected: Codec<KvRequests>): Codec<KvRequests> {
  return {
    encode: (message) =>
      orReflected(
        () => encodeRequests(message.requests),
        () => reflected.encode(message),
      ),
    decode: (bytes) =>
      orReflected(
        () => ({ requests: readAll(bytes, readRequest) }),
        () => reflected.decode(bytes),
      ),
  };
}

/** `raft.KvResponses` likewise: all but lists of entries, revisions and results. */
export function kvResponsesCodec(reflected: Codec<KvResponses>): Codec<KvResponses> {
  return {
    encode: (message) =>
      orReflected(
        () => encodeResponses(message.responses),
        () => reflected.encode(message),
      ),
    decode: (bytes) =>
      orReflected(
        () => ({ responses: readAll(bytes, readResponse) }),
        () => reflected.decode(bytes),
      ),
  };
}
