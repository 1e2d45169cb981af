import { createHash } from 'node:crypto';
import type * as grpc from '@grpc/grpc-js';
import { KvStatus, ReadMode, type KvRequests, type KvResponse, type KvResponses } from '../../engine/rpc/kv.ts';
import { serviceClient } from '../../engine/rpc/protos.ts';
import type { TortureNode } from './node.ts';

const TIMEOUT_MS = 30_000;
const PAGE_KEYS = 1000;

/** The hash over all rows that one node has of a partition, in key order, and how many there are. */
export interface ReplicaHash {
  readonly node: number;
  readonly partition: number;
  readonly rows: number;
  readonly hash: string;
}

/** Reads this very node's own replicas, whoever leads. */
export async function hashReplicas(node: TortureNode, partitions: readonly number[]): Promise<ReplicaHash[]> {
  const Service = serviceClient('prkdb', 'raft.KvService');
  const { credentials, options } = node.dial();
  const client = new Service(node.process.address, credentials, options);
  const open = client['Stream'] as (options: grpc.CallOptions) => grpc.ClientDuplexStream<KvRequests, KvResponses>;
  const stream = open.call(client, { deadline: Date.now() + TIMEOUT_MS });
  // Its end is our own doing; a failure before that rejects what was asked.
  stream.on('error', () => undefined);
  try {
    const hashes: ReplicaHash[] = [];
    for (const partition of partitions) hashes.push(await hashPartition(stream, node.id, partition));
    return hashes;
  } finally {
    stream.cancel();
    client.close();
  }
}

async function hashPartition(
  stream: grpc.ClientDuplexStream<KvRequests, KvResponses>,
  node: number,
  partition: number,
): Promise<ReplicaHash> {
  const hash = createHash('sha256');
  let rows = 0;
  let after: Uint8Array = new Uint8Array(0);
  for (;;) {
    const scan = {
      partition,
      prefix: new Uint8Array(0),
      after,
      limit: PAGE_KEYS,
      readMode: ReadMode.Stale,
      keysOnly: false,
    };
    const page = await ask(stream, { requests: [{ id: 1, epoch: 0, timeoutMs: TIMEOUT_MS, forwarded: true, scan }] });
    if (page.status !== KvStatus.Ok)
      throw new Error(`node ${node} cannot list partition ${partition}: ${page.message}`);
    for (const { key, value, revision, version, createdAtMs, updatedAtMs } of page.entries) {
      hash.update(`${key.length} ${value.length} ${revision} ${version} ${createdAtMs} ${updatedAtMs}\n`);
      hash.update(key);
      hash.update(value);
      rows++;
    }
    const last = page.entries.at(-1);
    if (!page.more || last === undefined) return { node, partition, rows, hash: hash.digest('hex') };
    after = last.key;
  }
}

function ask(stream: grpc.ClientDuplexStream<KvRequests, KvResponses>, requests: KvRequests): Promise<KvResponse> {
  return new Promise((resolve, reject) => {
    const end = (): void => {
      stream.off('data', data);
      stream.off('error', error);
    };
    const data = (message: KvResponses): void => {
      end();
      resolve(message.responses[0]!);
    };
    const error = (reason: Error): void => {
      end();
      reject(reason);
    };
    stream.on('data', data);
    stream.on('error', error);
    stream.write(requests);
  });
}
