import { emptyResponse, type KvEntry, type KvResponse, type KvResponses } from './kv.ts';
import { NO_BYTES, orReflected, readAll, Unusual, type Codec } from './message-codec.ts';
import {
  bytesFieldSize,
  fieldSize,
  varintSize,
  type WireReader,
  writeBytesField,
  writeField,
  writeTextField,
  writeVarint,
} from './wire.ts';

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

/** `raft.KvResponses` in hand-made code, as kv-requests-codec.ts has it: all but lists of entries, revisions and results. */
export function kvResponsesCodec(reflected: Codec<KvResponses>): Codec<KvResponses> {
  const shaped = {
    encode: (message) => encodeResponses(message.responses),
    decode: (bytes) => ({ responses: readAll(bytes, readResponse) }),
  } satisfies Codec<KvResponses>;
  return orReflected(shaped, reflected);
}
