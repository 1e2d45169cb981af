import { SYSTEM_GROUP, groupOfPartition, type GroupId } from '../config/ids.ts';
import { Raft } from '../raft/raft.ts';
import { NONE, type InitialState, type Membership, type NodeId } from '../raft/types.ts';
import { ChangeRing } from './change-ring.ts';
import { Group } from './group.ts';
import { preferredLeader, wantedMembers, type RoutingTable, type WantedMembers } from './routing.ts';
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
  const givenUpAt = options.state.givenUpAt(id) ?? { index: 0, term: 0 };
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
      givenUpAt,
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
    givenUpAt,
  };
}

/** Nothing is known of the members: such a replica is silent until the log or a snapshot tells it. */
const UNKNOWN: Membership = membership([]);

/** Makes the groups of one node out of what is on its disk. */
export class GroupFactory {
  readonly #options: StoreOptions;

  constructor(options: StoreOptions) {
    this.#options = options;
  }

  /** The groups that this node has a replica of, or should have one by `table`, ordered by id. */
  present(table: RoutingTable): GroupId[] {
    const { log, state, drops } = this.#options;
    const begun = drops?.dropsBegun() ?? [];
    const isPresent = (id: GroupId): boolean => {
      if (begun.includes(id)) return false;
      if (isWanted(table, id, this.#options.nodeId)) return true;
      // One that is to go, and has not gone yet.
      const recovered = log.recovered(id);
      const hasLog = recovered !== undefined && (recovered.lastIndex > 0 || recovered.snapshotIndex > 0);
      return hasLog || state.appliedIndex(id) > 0 || this.#founding(id) !== null;
    };
    return [SYSTEM_GROUP, ...table.partitions.map((p) => groupOfPartition(p.partition))].filter(isPresent);
  }

  create(id: GroupId, table: RoutingTable): Group {
    const options = this.#options;
    const core = new Raft({
      id: options.nodeId,
      initial: initialState(options, id, this.#founding(id) ?? UNKNOWN),
      log: options.log.reader(id),
      random: options.random,
      heartbeatTicks: options.timing.heartbeatTicks,
      electionTicksMin: options.timing.electionTicksMin,
      electionTicksMax: options.timing.electionTicksMax,
      ...(options.limits ?? DEFAULT_LIMITS),
    });
    const firstReadRound = 1 + Math.floor(options.random() * MAX_FIRST_READ_ROUND);
    const changes = new ChangeRing(table.partitions.length);
    changes.reset(options.state.revision(id));
    const group = new Group(id, core, options.clock.monotonicMs(), firstReadRound, changes);
    group.wanted = wantedMembers(table, id);
    group.preferredLeader = preferredLeader(table, id) ?? NONE;
    return group;
  }

  /** The membership that a group was founded with, if this node is one of those who founded it and never gave it up. */
  #founding(id: GroupId): Membership | null {
    const { genesis, joined = false, state, nodeId } = this.#options;
    if (joined || state.givenUpAt(id) !== null) return null;
    const founding = wantedMembers(genesis, id);
    if (founding === null || !isOneOf(founding, nodeId)) return null;
    return membership(founding.voters, founding.learners);
  }
}

function isOneOf({ voters, learners }: WantedMembers, node: NodeId): boolean {
  return voters.includes(node) || learners.includes(node);
}

/** Whether the table wants a replica of the group on this node. */
export function isWanted(table: RoutingTable, id: GroupId, node: NodeId): boolean {
  // Whoever is started takes part in the system group: there it learns whether it still should.
  if (id === SYSTEM_GROUP) return true;
  const wanted = wantedMembers(table, id);
  return wanted !== null && isOneOf(wanted, node);
}
