/** What a server needs of the store and of the layers below it. */
export { Store } from './store.ts';
export type { Group } from './group.ts';
export { genesisRouting, parseRouting, wantedMembers, type RoutingMember, type RoutingTable } from './routing.ts';
export { isSettled, movingPartitions, plan, type ClusterFacts, type Plan } from './planner.ts';
export { encodeToken, MAX_TOKENS, tokenKey, TokenSource, type TokenRecord } from './tokens.ts';
export { groupStatuses, leadersKnown } from './status.ts';
export type { Clock, Failure, ReadAnswer, StoreOptions, WriteAnswer } from './types.ts';
export type { Mutation } from '../storage/codec.ts';
export type {
  KeyRevision,
  KvChange,
  KvRow,
  KvRowMeta,
  LogStorage,
  MutationResult,
  PlainResult,
  SnapshotSource,
  StateMachine,
} from '../storage/types.ts';
export type { LinkFault, PeerLinkStatus, Transport } from '../transport/types.ts';
