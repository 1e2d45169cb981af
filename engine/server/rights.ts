import type { Right } from '../config/tokens.ts';

/** Anybody may ask whether a node is well and what it offers: orchestrators and grpcurl have no token, and learn nothing of the data. */
const OPEN_SERVICES = ['grpc.health.v1.Health', 'grpc.reflection.v1.ServerReflection', 'grpc.reflection.v1alpha.'];

/** What needs another right than its service in general. */
const RIGHTS: Readonly<Record<string, Right>> = {
  '/raft.PrkDbService/Get': 'read',
  '/raft.PrkDbService/Health': 'read',
  '/raft.PrkDbService/Metadata': 'read',
  '/raft.PrkDbService/Watch': 'read',
  '/raft.KvService/Watch': 'read',
  // Writes on it are looked at one by one.
  '/raft.KvService/Stream': 'read',
  '/prkdb.cluster.ClusterService/Status': 'read',
  '/prkdb.cluster.ClusterService/Observe': 'read',
  // Hands out nothing that Get and Stream do not.
  '/prkdb.cluster.ClusterService/Export': 'read',
  // Terms and sizes of entries, as in the status.
  '/prkdb.cluster.ClusterService/Log': 'read',
  '/prkdb.cluster.ClusterService/Members': 'read',
};

/** What a call needs; null: nothing. What is not named above may change all that its service is for. */
export function rightFor(path: string): Right | null {
  if (OPEN_SERVICES.some((service) => path.startsWith(`/${service}`))) return null;
  const general = path.startsWith('/raft.') ? 'write' : 'admin';
  return RIGHTS[path] ?? general;
}
