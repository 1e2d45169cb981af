import type { GroupId } from '../../engine/config/ids.ts';
import { decodeConfChange } from '../../engine/raft/confchange-codec.ts';
import { EntryType } from '../../engine/raft/types.ts';
import type { Entry, LogIndex, Membership, NodeId, RaftCore, Role, Term } from '../../engine/raft/types.ts';
import type { MutationResult } from '../../engine/storage/types.ts';
import { checkConfigurations, membershipAfter } from './invariants/configurations.ts';
import type { DurableLog } from './disk.ts';

/** An entry as it was first seen, with the term of the entry before it. */
export interface KnownEntry {
  readonly entry: Entry;
  readonly previousTerm: Term;
}

export interface Configuration {
  /** The entry that brought it. */
  readonly index: LogIndex;
  readonly membership: Membership;
}

/** What is known of one replica from outside; kept across its restarts. */
export class ReplicaGhost {
  readonly node: NodeId;
  readonly group: GroupGhost;
  readonly durable: DurableLog;
  /** The log with everything that was handed to the disk, synced or not. */
  submitted: Entry[] = [];
  /** Whom this replica gave its vote, by term, as far as it is durable. */
  readonly durableVotes = new Map<Term, NodeId>();
  /** Whom this replica told that it has its vote, by term. */
  readonly toldVotes = new Map<Term, NodeId>();
  /** The highest term on its disk. */
  durableTerm: Term = 0;
  /** For each write that is not synced, oldest first, the node's tick at which it was handed to the disk. */
  pendingWriteTicks: number[] = [];
  /** Where the snapshot ended that was installed last. */
  restoredIndex: LogIndex = 0;
  /** Null while the process is down. */
  core: RaftCore | null = null;
  role: Role = 'follower';
  term: Term = 0;
  commitIndex: LogIndex = 0;
  appliedIndex: LogIndex = 0;
  /** It began anew, without what a founder knows. */
  wasDeleted = false;
  /** In force when it was last looked at; null right after a start. */
  membership: Membership | null = null;
  /** The tick of its node since which it leads without being a voter; null while it does not. */
  removedSinceTick: number | null = null;
  /** The tick of its node since which it hands over its leadership; null while it does not. */
  transferSinceTick: number | null = null;

  constructor(node: NodeId, group: GroupGhost, durable: DurableLog) {
    this.node = node;
    this.group = group;
    this.durable = durable;
  }

  termAt(index: LogIndex): Term {
    return index === 0 ? 0 : (this.submitted[index - 1]?.term ?? -1);
  }

  durableTermAt(index: LogIndex): Term {
    // Its state machine holds what was committed up to there, whatever its log says yet.
    if (index > 0 && index <= this.restoredIndex) return this.group.committed[index - 1]?.term ?? -1;
    return index === 0 ? 0 : (this.durable.entries[index - 1]?.term ?? -1);
  }
}

/**
 * What is true of one group as a whole, which no member can know: the "history
 * variables" of the TLA+ specification of Raft.
 */
export class GroupGhost {
  readonly id: GroupId;
  /** What each committed change made of the members, the founders first. */
  readonly configurations: Configuration[];
  readonly replicas = new Map<NodeId, ReplicaGhost>();
  /** By index, then by term: every entry that was ever in a log. */
  readonly known: KnownEntry[][] = [];
  /** The entries that were ever committed. Entry i has index i + 1. */
  readonly committed: Entry[] = [];
  /** How far the log was committed in each term, ascending; for leader completeness. */
  readonly committedInTerm: { readonly term: Term; index: LogIndex }[] = [];
  readonly leaders = new Map<Term, NodeId>();
  /** The hash of the whole content after each applied entry. Entry i belongs to index i + 1. */
  readonly contentHashes: number[] = [];
  /** What each write of a session came to when it was first applied, by session and sequence. */
  readonly sessionWrites = new Map<string, { readonly index: LogIndex; readonly result: MutationResult }>();
  /** For each session that was ever opened, when a command used it last; the one used last at the end. */
  readonly sessionsUsedMs = new Map<number, number>();
  /** The latest time that a command carried. */
  timeMs = 0;
  /** Changes that were made to the rows, by writes that were applied for the first time. */
  revision = 0;

  constructor(id: GroupId, founders: Membership) {
    this.id = id;
    this.configurations = [{ index: 0, membership: founders }];
  }

  get commitIndex(): LogIndex {
    return this.committed.length;
  }

  /** What a replica that has applied so much must have in force. */
  configurationAt(index: LogIndex): Configuration {
    for (let i = this.configurations.length - 1; i > 0; i--) {
      const configuration = this.configurations[i]!;
      if (configuration.index <= index) return configuration;
    }
    return this.configurations[0]!;
  }

  /** Notes that a replica takes more for committed than anyone before. True for the first time in its term. */
  noteCommitted(replica: ReplicaGhost, upTo: LogIndex): boolean {
    const { term } = replica;
    for (let index = this.committed.length + 1; index <= upTo; index++) {
      const entry = replica.submitted[index - 1]!;
      this.committed.push(entry);
      if (entry.type === EntryType.ConfChange) this.#changeMembers(replica, entry);
    }
    const last = this.committedInTerm.at(-1);
    if (last !== undefined && last.term >= term) {
      last.index = upTo;
      return false;
    }
    this.committedInTerm.push({ term, index: upTo });
    return true;
  }

  #changeMembers({ node }: ReplicaGhost, { index, data }: Entry): void {
    const before = this.configurations.at(-1)!.membership;
    const after = membershipAfter(before, decodeConfChange(data));
    if (after === null) return;
    checkConfigurations(this.id, node, before, after);
    this.configurations.push({ index, membership: after });
  }
}
