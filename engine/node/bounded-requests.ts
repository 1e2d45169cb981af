import type * as grpc from '@grpc/grpc-js';

/**
 * Fields that a request may have at its top level. An empty element of a list takes two
 * bytes on the wire and some hundred in memory, so a limit on bytes alone would let one
 * message of the allowed size take gigabytes.
 */
const MAX_FIELDS = 16_384;
const WIRE_VARINT = 0;
const WIRE_64 = 1;
const WIRE_BYTES = 2;
const WIRE_32 = 5;

/** Lists within lists: the fields that lead to them, by the path of the method. */
const NESTED: Readonly<Record<string, readonly number[]>> = {
  // KvRequests.requests, KvRequest.transact: its writes.
  '/raft.KvService/Stream': [1, 14],
};

/** A request that is refused before anything is allocated for it. */
export class UnacceptableRequestError extends Error {
  override readonly name = 'UnacceptableRequestError';
}

/** The same service, whose requests are looked over before they are decoded. */
export function withBoundedRequests(definition: grpc.ServiceDefinition): grpc.ServiceDefinition {
  return Object.fromEntries(
    Object.entries(definition).map(([name, method]) => {
      const requestDeserialize = (bytes: Buffer): object => {
        checkFields(bytes, NESTED[method.path]);
        return method.requestDeserialize(bytes) as object;
      };
      return [name, { ...method, requestDeserialize }];
    }),
  );
}

/**
 * Throws UnacceptableRequestError for what is no protobuf message, and for one with too many
 * fields: at its top level, and in each message that the field numbers of `path` lead to.
 */
export function checkFields(bytes: Uint8Array, path: readonly number[] = []): void {
  new FieldCheck(bytes, path).check(bytes.length, 0);
}

/** Looks through one request. Every request passes through it, so it takes no views and no copies. */
class FieldCheck {
  readonly #bytes: Uint8Array;
  readonly #path: readonly number[];
  #at = 0;

  constructor(bytes: Uint8Array, path: readonly number[]) {
    this.#bytes = bytes;
    this.#path = path;
  }

  /** The message that begins here and ends at `end`, which is `depth` fields of the path down. */
  check(end: number, depth: number): void {
    const nested = this.#path[depth] ?? 0;
    for (let fields = 0; this.#at < end; fields++) {
      if (fields === MAX_FIELDS) {
        throw new UnacceptableRequestError(`A request has at most ${MAX_FIELDS} elements; send several.`);
      }
      const tag = this.#varint(end);
      const wireType = tag % 8;
      if (wireType === WIRE_VARINT) this.#varint(end);
      else if (wireType === WIRE_64) this.#at += 8;
      else if (wireType === WIRE_32) this.#at += 4;
      else if (wireType === WIRE_BYTES) {
        const length = this.#varint(end);
        const fieldEnd = this.#at + length;
        if (fieldEnd <= end && nested !== 0 && (tag - wireType) / 8 === nested) this.check(fieldEnd, depth + 1);
        this.#at = fieldEnd;
      } else throw new UnacceptableRequestError(`Wire type ${wireType} is not used by this protocol.`);
      if (this.#at > end) throw new UnacceptableRequestError('A field of the request runs past its end.');
    }
  }

  #varint(end: number): number {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      if (this.#at >= end) throw new UnacceptableRequestError('The request ends in the middle of a number.');
      const byte = this.#bytes[this.#at++] as number;
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw new UnacceptableRequestError('A number of the request has more than ten bytes.');
  }
}
