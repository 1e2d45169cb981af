import { fileURLToPath } from 'node:url';
import * as protoLoader from '@grpc/proto-loader';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { kvRequestsCodec } from '../../../engine/rpc/kv-requests-codec.ts';
import { kvResponsesCodec } from '../../../engine/rpc/kv-responses-codec.ts';
import type { Codec } from '../../../engine/rpc/message-codec.ts';
import type { KvEntry, KvRequest, KvRequests, KvResponse, KvResponses } from '../../../engine/rpc/kv.ts';

const file = fileURLToPath(new URL('../../../proto/prkdb.proto', import.meta.url));
const options = { longs: Number, enums: Number, defaults: true, oneofs: false };
const method = (protoLoader.loadSync(file, options)['raft.KvService'] as protoLoader.ServiceDefinition)['Stream']!;

/** By the definition in the .proto alone. */
const reflectedRequests: Codec<KvRequests> = {
  encode: method.requestSerialize,
  decode: (bytes) => method.requestDeserialize(bytes) as KvRequests,
};
const reflectedResponses: Codec<KvResponses> = {
  encode: method.responseSerialize,
  decode: (bytes) => method.responseDeserialize(bytes) as KvResponses,
};

/** Fails when it is asked: for what the hand-made code must do by itself. */
const none = {
  encode: (): Buffer => {
    throw new Error('this was left to reflection');
  },
  decode: (): never => {
    throw new Error('this was left to reflection');
  },
};

const number = fc.oneof(fc.constant(0), fc.nat(300), fc.maxSafeNat());
const uint32 = fc.oneof(fc.constant(0), fc.nat(2 ** 32 - 1));
const bytes = fc.uint8Array({ maxLength: 300 }).map((b) => Buffer.from(b));
const text = fc.string({ unit: 'grapheme', maxLength: 40 });

const get = fc.record({ key: bytes, readMode: fc.constantFrom(0 as const, 1 as const, 2 as const) });
const write = fc.record({
  kind: fc.constantFrom(0 as const, 1 as const, 2 as const),
  key: bytes,
  value: bytes,
  hasExpectedRevision: fc.boolean(),
  expectedRevision: number,
  clientId: number,
  sequence: number,
  session: number,
  acknowledged: number,
  ttlMs: number,
});
const head = { id: number, epoch: number, timeoutMs: uint32, forwarded: fc.boolean() };
const request: fc.Arbitrary<KvRequest> = fc.oneof(fc.record({ ...head, get }), fc.record({ ...head, write }));
const entry: fc.Arbitrary<KvEntry> = fc.record({
  key: bytes,
  value: bytes,
  revision: number,
  version: number,
  createdAtMs: number,
  updatedAtMs: number,
  valueSizeBytes: number,
  expiresAtMs: number,
});
const response: fc.Arbitrary<KvResponse> = fc.record({
  id: number,
  status: fc.constantFrom(0 as const, 4 as const, 16 as const),
  message: text,
  leaderId: number,
  leaderAddress: text,
  epoch: number,
  partition: number,
  entry: fc.option(entry),
  entries: fc.constant([]),
  more: fc.boolean(),
  found: fc.boolean(),
  stalenessMs: number,
  session: number,
  revisions: fc.constant([]),
  results: fc.constant([]),
  conflictAt: uint32,
});

/** Without what stands for "not set" in one of the two ways to decode. */
function plain(message: KvRequests | KvResponses): unknown {
  return JSON.parse(JSON.stringify(message, (_, value: unknown) => value ?? undefined));
}

describe('the data path, encoded by hand', () => {
  it('is what the definition says, requests', () => {
    const shaped = kvRequestsCodec(none);
    fc.assert(
      fc.property(fc.array(request, { maxLength: 5 }), (requests) => {
        const encoded = shaped.encode({ requests });
        expect(plain(reflectedRequests.decode(encoded))).toEqual(plain({ requests }));
        expect(plain(shaped.decode(reflectedRequests.encode({ requests })))).toEqual(plain({ requests }));
      }),
    );
  });

  it('is what the definition says, responses', () => {
    const shaped = kvResponsesCodec(none);
    fc.assert(
      fc.property(fc.array(response, { maxLength: 5 }), (responses) => {
        const encoded = shaped.encode({ responses });
        expect(plain(reflectedResponses.decode(encoded))).toEqual(plain({ responses }));
        expect(shaped.decode(reflectedResponses.encode({ responses }))).toEqual({ responses });
      }),
    );
  });

  it('leaves to reflection what it does not know', () => {
    const requests: KvRequest[] = [
      { id: 1, epoch: 0, timeoutMs: 0, forwarded: false, get: { key: Buffer.from('k'), readMode: 0 } },
      { id: 2, epoch: 0, timeoutMs: 0, forwarded: false, openSession: { partition: 3 } },
    ];
    const codec = kvRequestsCodec(reflectedRequests);
    expect(plain(codec.decode(codec.encode({ requests })))).toEqual(plain({ requests }));
    expect(() => kvRequestsCodec(none).encode({ requests })).toThrow('left to reflection');
    expect(() => kvRequestsCodec(none).decode(reflectedRequests.encode({ requests }))).toThrow('left to reflection');
  });

  it('lets reflection judge numbers that are not safe integers, and bytes that are no message', () => {
    const reflected = {
      encode: vi.fn<Codec<KvRequests>['encode']>(reflectedRequests.encode),
      decode: vi.fn<Codec<KvRequests>['decode']>(reflectedRequests.decode),
    };
    const codec = kvRequestsCodec(reflected);
    const [sample] = fc.sample(fc.record({ ...head, write }), 1);
    const huge = { ...sample!, write: { ...sample!.write, sequence: 2 ** 60 } };
    expect(codec.decode(codec.encode({ requests: [huge] })).requests[0]?.write?.sequence).toBe(2 ** 60);
    expect(reflected.encode).toHaveBeenCalledOnce();
    expect(reflected.decode).toHaveBeenCalledOnce();
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), (noise) => {
        const outcome = (decode: (bytes: Buffer) => KvRequests) => {
          try {
            return plain(decode(Buffer.from(noise)));
          } catch {
            return 'refused';
          }
        };
        expect(outcome(codec.decode)).toEqual(outcome(reflectedRequests.decode));
      }),
    );
  });
});
