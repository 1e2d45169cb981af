import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { checkFields, UnacceptableRequestError } from '../../engine/node/bounded-requests.ts';
import { FaultControl } from '../../engine/node/faults.ts';
import type { Faults } from '../../engine/rpc/cluster.ts';
import type { KvRequests } from '../../engine/rpc/kv.ts';
import { serviceDefinition } from '../../engine/rpc/protos.ts';
import { requestProblem } from '../../engine/server/validate.ts';
import { decodeCommand, encodeCommand } from '../../engine/storage/codec.ts';
import { compileFaults } from '../../engine/transport/faults.ts';
import { anyUint64, mutated } from './bytes.ts';
import { refusalOf } from './typed-errors.ts';

const stream = serviceDefinition('prkdb', 'raft.KvService')['Stream']!;
const decode = stream.requestDeserialize as (bytes: Buffer) => KvRequests;

const writes = fc
  .record({
    kind: fc.nat({ max: 2 }),
    key: fc.uint8Array({ minLength: 1, maxLength: 20 }),
    value: fc.uint8Array({ maxLength: 20 }),
    hasExpectedRevision: fc.boolean(),
    expectedRevision: anyUint64,
    clientId: anyUint64,
    sequence: anyUint64,
    session: fc.nat(),
    acknowledged: fc.nat(),
    ttlMs: fc.nat(),
  })
  .map((write) => stream.requestSerialize({ requests: [{ id: 1, write }] }));

describe('a request from a socket', () => {
  it('that is let through becomes a command that every replica can decode', () => {
    let accepted = 0;
    fc.assert(
      fc.property(fc.oneof(writes, mutated(writes)), (bytes) => {
        let decoded: KvRequests;
        try {
          checkFields(bytes);
          decoded = decode(bytes);
        } catch {
          return;
        }
        for (const request of decoded.requests) {
          if (requestProblem(request, 4) !== null || !request.write) continue;
          const { kind, key, value, expectedRevision, clientId, sequence, session, acknowledged, ttlMs } =
            request.write;
          const mutation = {
            kind: kind === 0 ? ('put' as const) : ('delete' as const),
            key,
            value,
            expectedRevision,
            clientId,
            sequence,
            session,
            acknowledged,
            ttlMs,
            parts: undefined,
          };
          const [back] = decodeCommand(encodeCommand([mutation], 1)).mutations;
          expect({ ...back, key: Buffer.from(back!.key), value: Buffer.from(back!.value) }).toEqual({
            ...mutation,
            key: Buffer.from(key),
            value: Buffer.from(value),
          });
          accepted++;
        }
      }),
      { numRuns: 2000 },
    );
    expect(accepted).toBeGreaterThan(5);
  });

  it('is looked over in the same way as it is decoded: what is meant is never refused', () => {
    fc.assert(
      fc.property(writes, (bytes) => {
        expect(() => checkFields(bytes)).not.toThrow();
      }),
    );
  });

  it('with too many elements, or of any bytes, is refused with a typed error or let through, at once', () => {
    expect(() => checkFields(Buffer.from('0a00'.repeat(16_384), 'hex'))).not.toThrow();
    expect(() => checkFields(Buffer.from('0a00'.repeat(16_385), 'hex'))).toThrow(UnacceptableRequestError);
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), mutated(writes)), (bytes) => {
        const refusal = refusalOf(UnacceptableRequestError, () => checkFields(bytes));
        expect(refusal?.message ?? '.').toMatch(/\.$|send several/);
      }),
      { numRuns: 5000 },
    );
  });
});

describe('faults that a node is asked to suffer', () => {
  it('are ones that the transport understands, or are refused with a sentence and change nothing', () => {
    const number = fc.oneof(fc.double(), fc.nat(), fc.constantFrom(0, -1, 0.5, 1, 2, 60_000, 60_001, Infinity, NaN));
    const faults: fc.Arbitrary<Faults> = fc.record({
      links: fc.array(fc.record({ toNodeId: fc.nat({ max: 4 }), cut: fc.boolean(), delayMs: number, drop: number }), {
        maxLength: 3,
      }),
      diskDelayMs: number,
      logLimitBytes: number,
      stateLimitBytes: number,
    });
    fc.assert(
      fc.property(faults, (asked) => {
        const control = new FaultControl({ nodeId: 1, enabled: true, onChange: () => undefined });
        const before = control.current;
        const refusal = refusalOf(Error, () => {
          control.set(asked, { setFaults: (links) => void compileFaults(links, Math.random) });
        });
        expect(control.current).toBe(refusal === null ? asked : before);
        expect(refusal?.message ?? '.').toMatch(/\.$/);
      }),
      { numRuns: 2000 },
    );
  });
});
