import * as grpc from '@grpc/grpc-js';

/**
 * Methods of PrkDB's published `raft.PrkDbService` that this node does not have, with what
 * to use instead. Streaming ones answer a stream.
 */
const collections = 'There are no collections here: give the keys that belong together a common prefix.';
const consumers =
  'There are no consumer groups here: read with Get, or scan a prefix with raft.KvService/Stream, and keep your place yourself.';
const replication =
  'Ask prkdb.cluster.ClusterService/Status of each node: it has the role, term and progress of every replica.';
const schemas = 'There is no schema registry here: keys and values are bytes. Keep a schema under a key of its own.';
const replicated =
  'Replication is not started and stopped one by one here: every member replicates what is placed on it.';

const NOT_OFFERED: readonly { readonly name: string; readonly stream?: boolean; readonly instead: string }[] = [
  { name: 'CreateCollection', instead: collections },
  { name: 'ListCollections', instead: collections },
  { name: 'DropCollection', instead: collections },
  { name: 'ListConsumerGroups', instead: consumers },
  { name: 'DescribeConsumerGroup', instead: consumers },
  { name: 'GetPartitionAssignments', instead: consumers },
  { name: 'ResetConsumerOffset', instead: consumers },
  { name: 'ListPartitions', instead: 'Ask raft.PrkDbService/Metadata: it has every partition and its leader.' },
  { name: 'GetReplicationStatus', instead: replication },
  { name: 'GetReplicationNodes', instead: replication },
  { name: 'GetReplicationLag', instead: replication },
  { name: 'StartReplication', instead: replicated },
  { name: 'StopReplication', instead: replicated },
  {
    name: 'FetchSegment',
    stream: true,
    instead:
      'Files of the log are not handed out: scan with raft.KvService/Stream, or see the log with prkdb.cluster.ClusterService/Log.',
  },
  { name: 'RegisterSchema', instead: schemas },
  { name: 'GetSchema', instead: schemas },
  { name: 'ListSchemas', instead: schemas },
  { name: 'CheckCompatibility', instead: schemas },
];

const SERVICE = 'raft.PrkDbService';
const asIs = (bytes: Buffer): Buffer => bytes;

/** The methods above that `offered` does not have, as a service that answers each with UNIMPLEMENTED. */
export function notOffered(offered: grpc.ServiceDefinition): {
  definition: grpc.ServiceDefinition;
  implementation: grpc.UntypedServiceImplementation;
} {
  const missing = NOT_OFFERED.filter(({ name }) => offered[name] === undefined);
  const definition: Record<string, grpc.MethodDefinition<Buffer, Buffer>> = {};
  const implementation: grpc.UntypedServiceImplementation = {};
  for (const { name, stream = false, instead } of missing) {
    definition[name] = {
      path: `/${SERVICE}/${name}`,
      requestStream: false,
      responseStream: stream,
      requestSerialize: asIs,
      requestDeserialize: asIs,
      responseSerialize: asIs,
      responseDeserialize: asIs,
    };
    const error = { code: grpc.status.UNIMPLEMENTED, details: `${name} is not offered. ${instead}` };
    implementation[name] = stream
      ? (call: grpc.ServerWritableStream<Buffer, Buffer>) => void call.emit('error', error)
      : (_call: unknown, callback: grpc.sendUnaryData<Buffer>) => callback(error);
  }
  return { definition, implementation };
}
