/** The TypeScript client of PrkDB: `PrkDbClient.connect(['http://localhost:7101'])`. */
export { PrkDbClient } from './client.ts';
export { Watcher } from './watch.ts';
export { ClusterClient, type ObserveHandlers, type ObserveOptions, type RpcOptions } from './cluster-client.ts';
export { credentialsFor, type ConnectionOptions, type Credentials, type TlsOptions } from './credentials.ts';
export { atSystemLeader, waitForToken } from './tokens.ts';
export { ReadMode } from '../rpc/kv.ts';
export type { MetadataResponse, NodeInfo, PartitionInfo } from '../rpc/kv.ts';
export type { BytesInput } from './bytes.ts';
export type { HealthResponse } from './metadata.ts';
export { LATENCY_BUCKET_COUNT, latencyBucket, latencyQuantileMs } from '../rpc/latency.ts';
export * from './errors.ts';
export type * from './types.ts';
