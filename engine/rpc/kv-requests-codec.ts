import type { GetOperation, KvRequest, KvRequests, WriteOperation } from './kv.ts';
import { NO_BYTES, orReflected, readAll, Unusual, type Codec } from './message-codec.ts';
import {
  bytesFieldSize,
  fieldSize,
  varintSize,
  type WireReader,
  writeBytesField,
  writeField,
  writeVarint,
} from './wire.ts';

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

/**
 * `raft.KvRequests` of gets and writes in hand-made code, since reflection costs as much as the
 * rest of such a request; everything else, and whatever is unusual about them, by `reflected`.
 * Keys and values are views of what was decoded, as with reflection.
 */
export function kvRequestsCodec(reflected: Codec<KvRequests>): Codec<KvRequests> {
  const shaped = {
    encode: (message) => encodeRequests(message.requests),
    decode: (bytes) => ({ requests: readAll(bytes, readRequest) }),
  } satisfies Codec<KvRequests>;
  return orReflected(shaped, reflected);
}
