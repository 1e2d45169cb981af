import { SYSTEM_GROUP, groupOfPartition, type GroupId } from '../config/ids.ts';
import { Raft } from '../raft/raft.ts';
import { NONE, type InitialState, type Membership, type NodeId } from '../raft/types.ts';
import { Group } from './group.ts';
import { systemMembership } from './routing.ts';
import type { StoreLimits, StoreOptions } from './types.ts';

const MiB = 1024 * 1024;

/** Far below the safe integers, so that a process never runs out of rounds. */
const MAX_FIRST_READ_ROUND = 2 ** 50;

/** Sizes of the consensus core in a node. Many groups share one process, so caches are small. */
const DEFAULT_LIMITS: StoreLimits = {
  maxAppendBytes: 1 * MiB,
  maxInflightAppends: 64,
  maxInflightBytes: 8 * MiB,
  maxUncommittedBytes: 16 * MiB,
  maxPromotionLagEntries: 256,
  maxCachedBytes: 4 * MiB,
};

function membership(voters: readonly NodeId[], learners: readonly NodeId[] = []): Membership {
  return { voters: [...voters].sort((a, b) => a - b), votersOutgoing: [], learners };
}

/**
 * What the disk says of a group, or the beginning of a new one. When the process ended
 * between the installation of a snapshot and the cut of the log that belongs to it, that
 * is finished now: the old log ends before, or goes another way than, what was installed.
 */
function initialState(options: StoreOptions, id: GroupId, genesis: Membership): InitialState {
  const members = options.state.membership(id) ?? genesis;
  const recovered = options.log.recovered(id);
  const restored = options.state.restoredPoint(id);
  if (restored !== null && restored.index > (recovered?.snapshotIndex ?? 0)) {
    options.log.write([{ group: id, cut: { ...restored, all: true }, hardState: null, entries: [] }], () => {
      // A failure also fails every later write, and the store hears of it there.
    });
    return {
      hardState: recovered?.hardState ?? { term: restored.term, votedFor: NONE, commitIndex: restored.index },
      membership: members,
      snapshotIndex: restored.index,
      snapshotTerm: restored.term,
      lastIndex: restored.index,
      lastTerm: restored.term,
      appliedIndex: options.state.appliedIndex(id),
    };
  }
  return {
    hardState: recovered?.hardState ?? { term: 0, votedFor: NONE, commitIndex: 0 },
    membership: members,
    snapshotIndex: recovered?.snapshotIndex ?? 0,
    snapshotTerm: recovered?.snapshotTerm ?? 0,
    lastIndex: recovered?.lastIndex ?? 0,
    lastTerm: recovered?.lastTerm ?? 0,
    appliedIndex: options.state.appliedIndex(id),
  };
}

/** The groups this node has a replica of, ordered by id. */
export function createGroups(options: StoreOptions): ReadonlyMap<GroupId, Group> {
  const groups = new Map<GroupId, Group>();
  const add = (id: GroupId, members: Membership, preferredLeader: NodeId): void => {
    const core = new Raft({
      id: options.nodeId,
      initial: initialState(options, id, members),
      log: options.log.reader(id),
      random: options.random,
      heartbeatTicks: options.timing.heartbeatTicks,
      electionTicksMin: options.timing.electionTicksMin,
      electionTicksMax: options.timing.electionTicksMax,
      ...(options.limits ?? DEFAULT_LIMITS),
    });
    const firstReadRound = 1 + Math.floor(options.random() * MAX_FIRST_READ_ROUND);
    groups.set(id, new Group(id, core, preferredLeader, options.clock.monotonicMs(), firstReadRound));
  };
  const system = systemMembership(options.genesis);
  add(SYSTEM_GROUP, membership(system.voters, system.learners), system.voters[0] ?? NONE);
  for (const { partition, replicas } of options.genesis.partitions) {
    if (!replicas.includes(options.nodeId)) continue;
    add(groupOfPartition(partition), membership(replicas), replicas[0] ?? NONE);
  }
  return groups;
}
