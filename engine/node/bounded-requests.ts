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
  let at = 0;
  const varint = (): number => {
    let value = 0;
    let scale = 1;
    for (let i = 0; i < 10; i++) {
      const byte = bytes[at++];
      if (byte === undefined) throw new UnacceptableRequestError('The request ends in the middle of a number.');
      value += (byte & 0x7f) * scale;
      if (byte < 0x80) return value;
      scale *= 128;
    }
    throw new UnacceptableRequestError('A number of the request has more than ten bytes.');
  };
  for (let fields = 0; at < bytes.length; fields++) {
    if (fields === MAX_FIELDS) {
      throw new UnacceptableRequestError(`A request has at most ${MAX_FIELDS} elements; send several.`);
    }
    const tag = varint();
    const wireType = tag % 8;
    if (wireType === WIRE_VARINT) varint();
    else if (wireType === WIRE_64) at += 8;
    else if (wireType === WIRE_32) at += 4;
    else if (wireType === WIRE_BYTES) {
      const length = varint();
      if (path.length > 0 && (tag - wireType) / 8 === path[0])
        checkFields(bytes.subarray(at, at + length), path.slice(1));
      at += length;
    } else throw new UnacceptableRequestError(`Wire type ${wireType} is not used by this protocol.`);
    if (at > bytes.length) throw new UnacceptableRequestError('A field of the request runs past its end.');
  }
}
