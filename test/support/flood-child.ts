/**
 * A client that only takes: `node flood-child.ts ADDRESS KEY`. Streams of reads of one
 * large value whose answers it never reads, of writes without waiting, and of one unary
 * call after the other, as fast as the connection lets it.
 */
import * as grpc from '@grpc/grpc-js';
import { serviceDefinition } from '../../engine/rpc/protos.ts';

const [address = '', key = ''] = process.argv.slice(2);
const stream = serviceDefinition('prkdb', 'raft.KvService')['Stream']!;
const unary = serviceDefinition('prkdb', 'raft.PrkDbService')['Metadata']!;
const value = Buffer.alloc(256 * 1024);
let id = 1;

function flood(client: grpc.Client, requests: () => object[]): void {
  const call = client.makeBidiStreamRequest(stream.path, stream.requestSerialize, stream.responseDeserialize);
  call.on('error', () => setTimeout(flood, 20, client, requests));
  call.pause();
  const push = (): void => {
    if (call.destroyed) return;
    if (call.write({ requests: requests() })) setImmediate(push);
    else call.once('drain', push);
  };
  push();
}

for (let i = 0; i < 4; i++) {
  const client = new grpc.Client(address, grpc.credentials.createInsecure(), { 'grpc.use_local_subchannel_pool': 1 });
  const get = { key: Buffer.from(key), readMode: 0 };
  for (let s = 0; s < 4; s++) {
    flood(client, () => Array.from({ length: 500 }, () => ({ id: id++, timeoutMs: 60_000, get })));
  }
  flood(client, () =>
    Array.from({ length: 8 }, () => ({
      id: id++,
      timeoutMs: 60_000,
      write: { kind: 0, key: Buffer.from(`flood-${id % 100}`), value },
    })),
  );
  const ask = (): void => {
    client.makeUnaryRequest(unary.path, unary.requestSerialize, unary.responseDeserialize, {}, () => setImmediate(ask));
  };
  for (let s = 0; s < 20; s++) ask();
}
process.stdout.write('flooding\n');
