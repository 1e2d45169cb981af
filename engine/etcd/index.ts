export { EtcdClient, type EtcdClientOptions } from './client.ts';
export { EtcdError, type EtcdErrorCode } from './errors.ts';
export {
  countKeys,
  createKeys,
  deleteKey,
  grantLease,
  keyHistory,
  prefixEnd,
  putKey,
  readKey,
  readKeys,
  readLease,
  readRange,
  writeKey,
} from './keys.ts';
export {
  addMember,
  compact,
  defragment,
  disarmAlarm,
  listAlarms,
  listMembers,
  listRoles,
  listUsers,
  moveLeader,
  promoteMember,
  removeMember,
  saveSnapshot,
} from './maintenance.ts';
export type {
  EtcdAlarm,
  EtcdChange,
  EtcdEntry,
  EtcdLease,
  EtcdMember,
  EtcdPermission,
  EtcdStatus,
  RangeOptions,
  RangePage,
  WriteResult,
} from './types.ts';
export { watchPrefix } from './watch.ts';
