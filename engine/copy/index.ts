export {
  copyKeys,
  CopyError,
  noCounts,
  type ConflictPolicy,
  type CopyCheckpoint,
  type CopyCounts,
  type CopyOptions,
} from './copy.ts';
export { EtcdStore } from './etcd-store.ts';
export { PrkDbStore } from './prkdb-store.ts';
export type { CreateResult, KeyStore, Pair } from './store.ts';
