import { encodeConfChange } from '../../../engine/raft/confchange-codec.ts';
import type { ConfChange } from '../../../engine/raft/confchange.ts';
import { Raft } from '../../../engine/raft/raft.ts';
import { EntryType, MessageType } from '../../../engine/raft/types.ts';
import type {
  Entry,
  HardState,
  LogIndex,
  LogPoint,
  LogReader,
  Membership,
  Message,
  NodeId,
  RaftConfig,
  RaftEvent,
  Ready,
  Term,
} from '../../../engine/raft/types.ts';

/** A small generator with a 32-bit seed (mulberry32): the same seed, the same run. */
export function seededRandom(seed: number): () => number {
  let a = seed >>> 0;
  return () => {
    a = (a + 0x6d2b79f5) >>> 0;
    let t = a;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function bytes(text: string): Uint8Array {
  return encoder.encode(text);
}

export function text(data: Uint8Array): string {
  return decoder.decode(data);
}

export function entry(index: LogIndex, term: Term, data = ''): Entry {
  return { index, term, type: EntryType.Normal, data: bytes(data) };
}

export function changeEntry(index: LogIndex, term: Term, change: ConfChange): Entry {
  return { index, term, type: EntryType.ConfChange, data: encodeConfChange(change) };
}

/** A log with these terms, from index 1 on. */
export function logOf(...terms: Term[]): Entry[] {
  return terms.map((term, i) => entry(i + 1, term, `${i + 1}@${term}`));
}

/** What survives a crash. Counts how often it is read, so that tests can bound that. */
export class MemoryDisk implements LogReader {
  log: Entry[];
  hardState: HardState;
  reads = 0;

  constructor(log: Entry[] = [], hardState: HardState = { term: log.at(-1)?.term ?? 0, votedFor: 0, commitIndex: 0 }) {
    this.log = log;
    this.hardState = hardState;
  }

  write(hardState: HardState | null, entries: readonly Entry[]): void {
    if (hardState !== null) this.hardState = hardState;
    const first = entries[0];
    if (first === undefined) return;
    if (first.index > this.log.length + 1) throw new Error(`the log would have a gap before ${first.index}`);
    this.log = [...this.log.slice(0, first.index - 1), ...entries];
  }

  entries(from: LogIndex, to: LogIndex, maxBytes: number): readonly Entry[] {
    this.reads++;
    const found: Entry[] = [];
    let size = 0;
    for (let i = from; i < to; i++) {
      const next = this.log[i - 1]!;
      size += next.data.length;
      if (size > maxBytes && found.length > 0) break;
      found.push(next);
    }
    return found;
  }

  term(index: LogIndex): Term | undefined {
    this.reads++;
    return this.log[index - 1]?.term;
  }
}

export interface Options {
  id?: NodeId;
  voters?: readonly NodeId[];
  votersOutgoing?: readonly NodeId[];
  learners?: readonly NodeId[];
  disk?: MemoryDisk;
  appliedIndex?: LogIndex;
  givenUpAt?: LogPoint;
  random?: () => number;
  limits?: Partial<RaftConfig>;
}

export const ELECTION_MIN = 10;
export const ELECTION_MAX = 20;

export function configOf(options: Options, disk: MemoryDisk): RaftConfig {
  const membership: Membership = {
    voters: options.voters ?? [1, 2, 3],
    votersOutgoing: options.votersOutgoing ?? [],
    learners: options.learners ?? [],
  };
  const last = disk.log.at(-1);
  return {
    id: options.id ?? 1,
    initial: {
      hardState: disk.hardState,
      membership,
      snapshotIndex: 0,
      snapshotTerm: 0,
      lastIndex: last?.index ?? 0,
      lastTerm: last?.term ?? 0,
      appliedIndex: options.appliedIndex ?? 0,
      givenUpAt: options.givenUpAt ?? { index: 0, term: 0 },
    },
    log: disk,
    random: options.random ?? seededRandom(options.id ?? 1),
    heartbeatTicks: 2,
    electionTicksMin: ELECTION_MIN,
    electionTicksMax: ELECTION_MAX,
    maxAppendBytes: 1024 * 1024,
    maxInflightAppends: 64,
    maxInflightBytes: 16 * 1024 * 1024,
    maxUncommittedBytes: 64 * 1024 * 1024,
    maxPromotionLagEntries: 16,
    maxCachedBytes: 1024 * 1024,
    ...options.limits,
  };
}

/** One member under a microscope: every step by hand, everything it says kept. */
export class Member {
  readonly raft: Raft;
  readonly disk: MemoryDisk;
  readonly events: RaftEvent[] = [];
  readonly applied: Entry[] = [];

  constructor(options: Options = {}) {
    this.disk = options.disk ?? new MemoryDisk();
    this.raft = new Raft(configOf(options, this.disk));
  }

  /** Takes one ready and does nothing that it asks for. */
  take(): Ready {
    const ready = this.raft.ready();
    this.events.push(...ready.events);
    return ready;
  }

  /** What the disk does when the write of a ready that was taken completes. */
  persist(ready: Ready): readonly Message[] {
    this.disk.write(ready.hardState, ready.entries);
    this.raft.persisted(ready.mark);
    return ready.messagesAfterPersist;
  }

  apply(ready: Ready): void {
    for (const entry of ready.committed) {
      this.applied.push(entry);
      if (entry.type === EntryType.ConfChange) this.raft.applyMembership(entry);
    }
    const last = ready.committed.at(-1);
    if (last !== undefined) this.raft.applied(last.index);
  }

  /** Takes and completes readies until there are none; returns all messages in order. */
  settle(): Message[] {
    const sent: Message[] = [];
    while (this.raft.hasReady()) {
      const ready = this.take();
      sent.push(...ready.messages, ...this.persist(ready));
      this.apply(ready);
    }
    return sent;
  }

  tick(count = 1): void {
    for (let i = 0; i < count; i++) this.raft.tick();
  }

  /** Ticks until the election timer fires. */
  timeOut(): void {
    this.tick(this.raft.status().electionTicksLeft);
  }

  step(partial: Partial<Message> & Pick<Message, 'type' | 'from'>): void {
    this.raft.step(message({ to: this.raft.id, term: this.raft.term, ...partial }));
  }

  stepAndSettle(partial: Partial<Message> & Pick<Message, 'type' | 'from'>): Message[] {
    this.step(partial);
    return this.settle();
  }

  /** Wins an election with the votes of `voters`, and settles; its appends are returned. */
  becomeLeader(voters: readonly NodeId[] = [2, 3]): Message[] {
    this.raft.campaign();
    const requests = this.settle();
    const round = requests.findLast((m) => m.type === MessageType.PreVote)?.context ?? 0;
    for (const from of voters) {
      this.step({ type: MessageType.PreVoteResponse, from, term: this.raft.term + 1, context: round });
      if (this.raft.role !== 'preCandidate') break;
    }
    this.settle();
    for (const from of voters) this.step({ type: MessageType.VoteResponse, from });
    return this.settle();
  }

  ofKind<K extends RaftEvent['kind']>(kind: K): Extract<RaftEvent, { kind: K }>[] {
    return this.events.filter((event): event is Extract<RaftEvent, { kind: K }> => event.kind === kind);
  }
}

export function message(partial: Partial<Message> & Pick<Message, 'type' | 'from' | 'to' | 'term'>): Message {
  return {
    index: 0,
    logTerm: 0,
    commit: 0,
    reject: false,
    rejectHint: 0,
    context: 0,
    transfer: false,
    entries: [],
    ...partial,
  };
}

export function ofType(messages: readonly Message[], type: MessageType, to?: NodeId): Message[] {
  return messages.filter((m) => m.type === type && (to === undefined || m.to === to));
}

/** A leader in term 1 whose empty entry the given followers have acknowledged. */
export function leaderMember(options: Options = {}, acknowledging: readonly NodeId[] = [2, 3]): Member {
  const member = new Member(options);
  member.becomeLeader(acknowledging);
  const index = member.raft.lastIndex;
  for (const from of acknowledging) member.step({ type: MessageType.AppendResponse, from, index });
  member.settle();
  return member;
}

/** A follower of node 2 in `term`. */
export function followerMember(options: Options = {}, term = 1): Member {
  const member = new Member(options);
  member.step({ type: MessageType.Heartbeat, from: 2, term });
  member.settle();
  return member;
}
