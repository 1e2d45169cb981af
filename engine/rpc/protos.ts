import { fileURLToPath } from 'node:url';
import path from 'node:path';
import * as grpc from '@grpc/grpc-js';
import * as protoLoader from '@grpc/proto-loader';
import { kvRequestsCodec } from './kv-requests-codec.ts';
import { kvResponsesCodec } from './kv-responses-codec.ts';
import type { KvRequests, KvResponses } from './kv.ts';

const protoDir = fileURLToPath(new URL('../../proto/', import.meta.url));

/** The files of proto/, by base name. */
export type ProtoFile = 'prkdb' | 'raft' | 'cluster' | 'etcd';

const definitions = new Map<ProtoFile, protoLoader.PackageDefinition>();
const cache = new Map<ProtoFile, grpc.GrpcObject>();

/** All that one of our .proto files defines, by full name. */
export function packageDefinition(file: ProtoFile): protoLoader.PackageDefinition {
  let definition = definitions.get(file);
  if (definition === undefined) {
    definition = protoLoader.loadSync(path.join(protoDir, `${file}.proto`), {
      // etcd's member and cluster ids use all 64 bits.
      longs: file === 'etcd' ? String : Number,
      enums: Number,
      defaults: true,
      oneofs: true,
    });
    if (file === 'prkdb') shapeKvStream(definition);
    definitions.set(file, definition);
  }
  return definition;
}

/** The messages of the data path are encoded by hand: see kv-requests-codec.ts and kv-responses-codec.ts. */
function shapeKvStream(definition: protoLoader.PackageDefinition): void {
  const service = definition['raft.KvService'] as protoLoader.ServiceDefinition;
  const method = service['Stream']!;
  const requests = kvRequestsCodec({
    encode: method.requestSerialize,
    decode: (bytes) => method.requestDeserialize(bytes) as KvRequests,
  });
  const responses = kvResponsesCodec({
    encode: method.responseSerialize,
    decode: (bytes) => method.responseDeserialize(bytes) as KvResponses,
  });
  service['Stream'] = {
    ...method,
    requestSerialize: (message) => requests.encode(message as KvRequests),
    requestDeserialize: requests.decode,
    responseSerialize: (message) => responses.encode(message as KvResponses),
    responseDeserialize: responses.decode,
  };
}

function load(file: ProtoFile): grpc.GrpcObject {
  let loaded = cache.get(file);
  if (loaded === undefined) {
    loaded = grpc.loadPackageDefinition(packageDefinition(file));
    cache.set(file, loaded);
  }
  return loaded;
}

/**
 * A service of one of our .proto files by its full name, such as `raft.KvService`.
 * Throws when the file has no such service.
 */
export function serviceClient(file: ProtoFile, fullName: string): grpc.ServiceClientConstructor {
  let node: unknown = load(file);
  for (const part of fullName.split('.')) node = (node as Record<string, unknown> | undefined)?.[part];
  if (typeof node !== 'function') throw new Error(`${file}.proto has no service ${fullName}`);
  return node as grpc.ServiceClientConstructor;
}

/** The same, as what a server registers. */
export function serviceDefinition(file: ProtoFile, fullName: string): grpc.ServiceDefinition {
  return serviceClient(file, fullName).service;
}
