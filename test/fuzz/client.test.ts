import * as grpc from '@grpc/grpc-js';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ClusterClient } from '../../engine/client/cluster-client.ts';
import { PrkDbClient, PrkDbError } from '../../engine/client/index.ts';
import { serviceDefinition } from '../../engine/rpc/protos.ts';
import { mutated } from './bytes.ts';
import { rejectionOf } from './typed-errors.ts';

const RUNS = { numRuns: 60 };
const pass = (value: Buffer): Buffer => value;

/** A service whose answers are bytes of our choice. */
function raw(definition: grpc.ServiceDefinition): grpc.ServiceDefinition {
  return Object.fromEntries(
    Object.entries(definition).map(([name, method]) => [
      name,
      { ...method, requestDeserialize: pass, responseSerialize: pass },
    ]),
  ) as grpc.ServiceDefinition;
}

const kv = serviceDefinition('prkdb', 'raft.KvService');
const prkDb = serviceDefinition('prkdb', 'raft.PrkDbService');
const admin = serviceDefinition('cluster', 'prkdb.cluster.ClusterService');

function encode(definition: grpc.ServiceDefinition, method: string, message: object): Buffer {
  return (definition[method] as grpc.MethodDefinition<object, object>).responseSerialize(message);
}

describe('a client of a node that answers with garbage', () => {
  const server = new grpc.Server();
  let address: string;
  let metadata: Buffer;
  let goodMetadata: Buffer;
  let answer: Buffer = Buffer.alloc(0);
  let status: Buffer = Buffer.alloc(0);

  beforeAll(async () => {
    server.addService(raw(prkDb), {
      Metadata: (_: unknown, reply: grpc.sendUnaryData<Buffer>) => reply(null, metadata),
    });
    server.addService(raw(kv), {
      Stream: (call: grpc.ServerDuplexStream<Buffer, Buffer>) => {
        call.on('data', () => call.write(answer));
        call.on('error', () => undefined);
        call.on('end', () => call.end());
      },
    });
    server.addService(raw(admin), {
      Status: (_: unknown, reply: grpc.sendUnaryData<Buffer>) => reply(null, status),
      Observe: (call: grpc.ServerWritableStream<Buffer, Buffer>) => {
        call.write(status);
        call.end();
      },
    });
    const port = await new Promise<number>((resolve, reject) => {
      server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
        error === null ? resolve(bound) : reject(error),
      );
    });
    address = `127.0.0.1:${port}`;
    goodMetadata = encode(prkDb, 'Metadata', {
      clusterId: 'c',
      clusterName: 'c',
      epoch: 1,
      nodes: [{ nodeId: 1, address: `http://${address}`, metricsUrl: '' }],
      partitions: [{ partitionId: 0, leaderId: 1, replicas: [1], term: 1 }],
    });
  });

  afterAll(() => server.forceShutdown());

  /** Resolves or rejects in time, and rejects only with errors that a client documents. */
  async function settles(call: Promise<unknown>): Promise<boolean> {
    const error = await rejectionOf(PrkDbError, call);
    return error?.message !== '';
  }

  it('connects or says why not, and its calls end', async () => {
    await fc.assert(
      fc.asyncProperty(mutated(fc.constant(0).map(() => goodMetadata)), async (bytes) => {
        metadata = bytes;
        answer = Buffer.alloc(0);
        let client: PrkDbClient | undefined;
        const connecting = PrkDbClient.connect([address], { connectTimeoutMs: 1000 });
        expect(await settles(connecting.then((connected) => (client = connected)))).toBe(true);
        if (client === undefined) return;
        expect(await settles(client.get('key', { timeoutMs: 30 }))).toBe(true);
        client.close();
      }),
      RUNS,
    );
  });

  it('ends its calls with a value or a typed error, whatever the answer', async () => {
    metadata = goodMetadata;
    const client = await PrkDbClient.connect([address]);
    const good = fc
      .record({ id: fc.integer({ min: 1, max: 200 }), status: fc.nat({ max: 12 }), value: fc.uint8Array() })
      .map(({ id, status: code, value }) => {
        const entry = { key: Buffer.from('key'), value, revision: 1, version: 1 };
        return encode(kv, 'Stream', { responses: [{ id, status: code, entry, entries: [entry], more: true }] });
      });
    await fc.assert(
      fc.asyncProperty(fc.oneof(good, mutated(good)), async (bytes) => {
        answer = bytes;
        const settled = await Promise.all([
          settles(client.get('key', { timeoutMs: 40 })),
          settles(client.put('key', 'value', { timeoutMs: 40 })),
          settles(client.scan({ timeoutMs: 40, limit: 5 })),
        ]);
        expect(settled).toEqual([true, true, true]);
      }),
      RUNS,
    );
    client.close();
  });

  it('reads a status and events, or says why not', async () => {
    const client = new ClusterClient(address);
    const good = fc
      .constant(0)
      .map(() =>
        encode(admin, 'Status', { nodeId: 1, groups: [{ group: 1, role: 'leader', voters: [1, 2] }], version: '1' }),
      );
    await fc.assert(
      fc.asyncProperty(mutated(good), async (bytes) => {
        status = bytes;
        expect(await settles(client.status({ timeoutMs: 1000 }))).toBe(true);
        const error = await new Promise<PrkDbError | null>((end) => {
          client.observe({}, { observation: () => undefined, end });
        });
        expect(error === null || error instanceof PrkDbError).toBe(true);
      }),
      RUNS,
    );
    client.close();
  });
});
