export {
  copyKeys,
  CopyError,
  noCounts,
  type ConflictPolicy,
  type CopyCheckpoint,
  type CopyCounts,
  type CopyOptions,
} from './copy.ts';
export { followChanges, type FollowCounts, type FollowOptions } from './follow.ts';
export { EtcdStore } from './etcd-store.ts';
export { PrkDbStore } from './prkdb-store.ts';
export type { CreateResult, KeyChange, KeyStore, Pair } from './store.ts';
