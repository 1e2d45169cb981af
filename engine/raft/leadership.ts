import { Inflights } from './inflights.ts';
import { allMembers } from './membership.ts';
import type { RaftLog } from './log.ts';
import { Progress } from './progress.ts';
import { ReadRounds } from './readonly.ts';
import type { Transfer } from './transfer.ts';
import type { LogIndex, Membership, NodeId, RaftConfig } from './types.ts';

/** What only a leader keeps (Raft paper, figure 2, "volatile state on leaders"). Made new at each election won. */
export class Leadership {
  /** All other members, by ascending id. */
  peers: readonly Progress[] = [];
  /** The index of the empty entry that began this term; reads wait until it is committed. */
  readonly termStart: LogIndex;
  /**
   * No change is proposed before this entry is applied: it is the last change, or the last
   * entry that earlier leaders left, any of which may be one.
   */
  pendingConfIndex: LogIndex;
  /** An entry whose commit means that a majority knows durably of every change applied so far; see dismissal.ts. */
  settledIndex: LogIndex;
  /** Removed, and not dismissed yet. */
  leaving: readonly Progress[] = [];
  readonly reads = new ReadRounds();
  ticksSinceHeartbeat = 0;
  /** Bytes of this leader's own proposals that are not committed. */
  uncommittedBytes = 0;
  /** While leadership is being handed over, nothing is proposed. */
  transfer: Transfer | null = null;
  /** Something changed that may let an append out; looked at when the next ready is made. */
  replicationDue = true;

  /** The predicates that quorum arithmetic asks, made once so that hot paths make none. */
  readonly matchIndexOf: (id: NodeId) => LogIndex;
  readonly ackedReadRoundOf: (id: NodeId) => number;
  readonly isActive: (id: NodeId) => boolean;
  /** Set before `isActive` is asked: whoever was not heard from since then is not active. */
  activeSinceTick = 0;
  readonly #byId = new Map<NodeId, Progress>();
  readonly #config: RaftConfig;

  constructor(config: RaftConfig, membership: Membership, log: RaftLog, nowTick: number) {
    const self = config.id;
    this.#config = config;
    this.termStart = log.lastIndex + 1;
    this.pendingConfIndex = log.lastIndex;
    this.settledIndex = this.termStart;
    this.follow(membership, 0, this.termStart, nowTick);
    // The leader's own copy counts once it is durable, like everyone's (etcd#14370).
    this.matchIndexOf = (id) => (id === self ? log.persistedIndex : (this.#byId.get(id)?.matchIndex ?? 0));
    this.ackedReadRoundOf = (id) => (id === self ? this.reads.current : (this.#byId.get(id)?.ackedReadRound ?? 0));
    this.isActive = (id) => id === self || (this.#byId.get(id)?.lastHeardTick ?? -1) > this.activeSinceTick;
  }

  /** Keeps what is known of those who stay, probes those who are new in this `life`, and returns those who are gone. */
  follow(membership: Membership, life: LogIndex, nextIndex: LogIndex, nowTick: number): readonly Progress[] {
    const { id: self, maxInflightAppends, maxInflightBytes } = this.#config;
    const before = this.peers;
    this.peers = allMembers(membership)
      .filter((id) => id !== self)
      .map((id) => {
        const window = () => new Inflights(maxInflightAppends, maxInflightBytes);
        return this.#byId.get(id) ?? new Progress(id, life, nextIndex, window(), nowTick);
      });
    this.#byId.clear();
    for (const peer of this.peers) this.#byId.set(peer.id, peer);
    return before.filter((peer) => !this.#byId.has(peer.id));
  }

  peer(id: NodeId): Progress | undefined {
    return this.#byId.get(id);
  }
}
