export { compareKeys, type Comparison, type Difference } from './compare.ts';
export { atBeginning, copyKeys, type ConflictPolicy, type CopyOptions, type Notable, type Progress } from './copy.ts';
export { ChangesLostError, CopyError, CopyRefusedError, keyText } from './errors.ts';
export { noFollowCounts, type FollowCounts } from './follow.ts';
export { EtcdStore } from './etcd-store.ts';
export { PrkDbStore } from './prkdb-store.ts';
export { runCopy, type CopyRun, type RunResult } from './run.ts';
export { copyCheckpointSchema, copyCountsSchema, noCounts, type CopyCheckpoint, type CopyCounts } from './state.ts';
export type { ChangeBatch, CreateResult, KeyChange, KeyStore, PageOptions, Pair } from './store.ts';
