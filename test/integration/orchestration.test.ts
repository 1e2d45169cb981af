import * as grpc from '@grpc/grpc-js';
import { service as healthService } from 'grpc-health-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { packageDefinition } from '../../engine/rpc/protos.ts';
import { eventually, nodeCluster, type NodeCluster } from '../support/node-cluster.ts';

/** Protobuf by hand: what a tool without our .proto files would send. */
const noBytes = Buffer.alloc(0);
const field = (number: number, text: string): Buffer =>
  Buffer.concat([Buffer.from([number * 8 + 2, text.length]), Buffer.from(text)]);

function raw(client: grpc.Client, path: string, request = noBytes): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const asIs = (bytes: Buffer): Buffer => bytes;
    client.makeUnaryRequest(path, asIs, asIs, request, { deadline: Date.now() + 10_000 }, (error, response) =>
      error === null ? resolve(response ?? noBytes) : reject(error),
    );
  });
}

function rawStream(client: grpc.Client, path: string, request: Buffer): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const asIs = (bytes: Buffer): Buffer => bytes;
    const call = client.makeBidiStreamRequest(path, asIs, asIs, { deadline: Date.now() + 10_000 });
    call.on('data', (bytes: Buffer) => resolve(bytes));
    call.on('error', reject);
    call.on('end', () => reject(new Error('it ended without an answer')));
    call.end(request);
  });
}

describe('what orchestrators and tools ask a node', () => {
  let cluster: NodeCluster;
  let client: grpc.Client;
  let health: grpc.Client & {
    check(request: object, callback: (error: grpc.ServiceError | null, answer?: { status: string }) => void): void;
    watch(request: object): grpc.ClientReadableStream<{ status: string }>;
  };
  const check = (service: string): Promise<string> =>
    new Promise((resolve, reject) => {
      health.check({ service }, (error, answer) => (error === null ? resolve(answer!.status) : reject(error)));
    });

  beforeAll(async () => {
    cluster = await nodeCluster(3, { partitions: 4 });
    await cluster.nodes[0]!.start();
    client = new grpc.Client(cluster.nodes[0]!.address, grpc.credentials.createInsecure());
    const Health = grpc.makeGenericClientConstructor(healthService, 'Health');
    health = new Health(cluster.nodes[0]!.address, grpc.credentials.createInsecure()) as unknown as typeof health;
  });

  afterAll(async () => {
    client?.close();
    health?.close();
    await cluster?.dispose();
  });

  it('health follows readiness, for the node and each of its services', async () => {
    // One node of three leads nothing.
    expect(await check('')).toBe('NOT_SERVING');
    expect(await check('raft.PrkDbService')).toBe('NOT_SERVING');
    expect(await check('prkdb.cluster.ClusterService')).toBe('SERVING');
    await expect(check('no.such.Service')).rejects.toMatchObject({ code: grpc.status.NOT_FOUND });

    const seen: string[] = [];
    const watch = health.watch({ service: 'raft.KvService' });
    watch.on('data', ({ status }: { status: string }) => seen.push(status));
    watch.on('error', () => undefined);
    await cluster.nodes[1]!.start();
    await eventually('the change', () => Promise.resolve(seen.at(-1) === 'SERVING'));
    expect(seen).toEqual(['NOT_SERVING', 'SERVING']);
    expect(await check('')).toBe('SERVING');

    await cluster.nodes[1]!.kill();
    await eventually('the loss of the quorum', () => Promise.resolve(seen.at(-1) === 'NOT_SERVING'));
    watch.cancel();
  });

  it('reflection lists the services and hands out their descriptors', async () => {
    for (const version of ['v1', 'v1alpha']) {
      const path = `/grpc.reflection.${version}.ServerReflection/ServerReflectionInfo`;
      // ServerReflectionRequest: list_services = 7, file_containing_symbol = 4.
      const list = (await rawStream(client, path, field(7, '*'))).toString('latin1');
      for (const name of ['raft.PrkDbService', 'raft.KvService', 'prkdb.cluster.ClusterService']) {
        expect(list).toContain(name);
      }
      const files = (await rawStream(client, path, field(4, 'raft.PrkDbService'))).toString('latin1');
      expect(files).toContain('BatchPutRequest');
    }
  });

  it('methods of PrkDbService that are not offered say what to use instead', async () => {
    const failure = (name: string) =>
      raw(client, `/raft.PrkDbService/${name}`).then(
        () => Promise.reject(new Error(`${name} answered`)),
        (error: grpc.ServiceError) => error,
      );
    for (const [name, words] of [
      ['CreateCollection', 'prefix'],
      ['ListPartitions', 'Metadata'],
      ['GetReplicationLag', 'ClusterService/Status'],
      ['ResetConsumerOffset', 'KvService/Stream'],
      ['RegisterSchema', 'bytes'],
      ['FetchSegment', 'ClusterService/Log'],
    ] as const) {
      const error = await failure(name);
      expect(error).toMatchObject({ code: grpc.status.UNIMPLEMENTED });
      expect(error.details).toMatch(new RegExp(`^${name} is not offered\\. .*${words}`));
    }
    expect((await failure('Unheard')).code).toBe(grpc.status.UNIMPLEMENTED);
    expect(Object.keys(packageDefinition('prkdb'))).not.toContain('raft.CreateCollectionRequest');
  });
});
