import type { LogPoint, Membership, NodeId } from '../raft/types.ts';
import {
  decodeFacts,
  decodePiece,
  encodeFacts,
  encodeRows,
  encodeSessions,
  type SnapshotPiece,
} from '../storage/codec.ts';
import { CorruptDataError } from '../storage/errors.ts';
import { MAX_INDEX } from '../storage/log/rows.ts';
import type { EncodedRows, SnapshotSink, SnapshotSource, StateFacts, StateMachine } from '../storage/types.ts';
import type { ChunkSink, ChunkSource, SnapshotOffer, SnapshotTransfers } from '../transport/types.ts';
import type { EventSource } from './events.ts';
import type { Group } from './group.ts';
import { MAX_TERM } from './plausible.ts';

/** More at a time would only make each of them slower, and keep more of the past alive. */
const MAX_SENDING = 2;
/** A millisecond or two of writing on the node that takes it in, in which nothing else moves there. */
const CHUNK_BYTES = 32 * 1024;
const FROM_THE_FIRST = new Uint8Array(0);

export interface SnapshotsOptions {
  readonly state: StateMachine;
  readonly transfers: SnapshotTransfers;
  readonly events: EventSource;
  readonly touch: (group: Group) => void;
  /** Runs what reads or writes storage; what storage throws is the node's failure. False then, and once it has failed. */
  readonly guard: (run: () => void) => boolean;
}

interface Wanted {
  readonly group: Group;
  readonly peer: NodeId;
}

/** The snapshots that this node sends and takes in. */
export class Snapshots {
  readonly #options: SnapshotsOptions;
  #waiting: Wanted[] = [];
  readonly #sending = new Map<Wanted, RowChunks>();
  /** What each group takes in now, or took in last. */
  readonly #receiving = new WeakMap<Group, RowSink>();

  constructor(options: SnapshotsOptions) {
    this.#options = options;
  }

  /** The core wants these peers of a group to have a snapshot. */
  want(group: Group, peers: readonly NodeId[]): void {
    for (const peer of peers) {
      const isSame = (wanted: Wanted) => wanted.group === group && wanted.peer === peer;
      if (this.#waiting.some(isSame) || [...this.#sending.keys()].some(isSame)) continue;
      this.#waiting.push({ group, peer });
    }
    this.#sendNext();
  }

  /** How much of the snapshot that this peer is to have was sent, 0 to 1; null when none is on its way. */
  share(group: Group, peer: NodeId): number | null {
    const isIt = (wanted: Wanted) => wanted.group === group && wanted.peer === peer;
    for (const [wanted, chunks] of this.#sending) if (isIt(wanted)) return chunks.share;
    return this.#waiting.some(isIt) ? 0 : null;
  }

  #sendNext(): void {
    while (this.#sending.size < MAX_SENDING) {
      const next = this.#waiting.shift();
      if (next === undefined) return;
      this.#send(next);
    }
  }

  #send(wanted: Wanted): void {
    const { state, transfers, events, touch, guard } = this.#options;
    const { group, peer } = wanted;
    const { core, id } = group;
    if (!group.isLeader) return;
    let source: SnapshotSource | undefined;
    if (!guard(() => (source = state.openSnapshot(id))) || source === undefined) return;
    const opened = source;
    const { facts } = opened;
    // One that was never stored is that of the group's beginning, which no change has touched.
    const withMembership = { ...facts, membership: facts.membership ?? core.membership };
    const point = { index: facts.appliedIndex, term: core.logTerm(facts.appliedIndex) ?? 0 };
    const chunks = new RowChunks(opened, guard);
    this.#sending.set(wanted, chunks);
    events.emit('snapshotStarted', { group: id, term: core.term, peer, index: point.index });
    const startedMs = events.nowMs();
    const offer = { group: id, term: core.term, point, facts: encodeFacts(withMembership) };
    transfers.send(peer, offer, chunks, (delivered) => {
      opened.close();
      this.#sending.delete(wanted);
      const durationMs = events.nowMs() - startedMs;
      const kind = delivered ? 'snapshotSent' : 'snapshotFailed';
      events.emit(kind, { group: id, term: core.term, peer, index: point.index, durationMs });
      core.snapshotFinished(peer, delivered ? point.index : 0);
      touch(group);
      this.#sendNext();
    });
  }

  /** Where the pieces of an offered snapshot go, or null when it is of no use; the leader is told how far this replica is. */
  take(group: Group, leader: NodeId, offer: SnapshotOffer): ChunkSink | null {
    const { state, touch, guard } = this.#options;
    const facts = factsOf(offer);
    if (facts === null) return null;
    let sink: SnapshotSink | null = null;
    guard(() => {
      if (!group.core.considerSnapshot(leader, offer.term, offer.point)) return;
      sink = state.beginRestore(group.id, facts, offer.point.term);
    });
    touch(group);
    if (sink === null) return null;
    // The one before has ended with that; its leader, who may lead no more, does not know yet.
    this.#receiving.get(group)?.supersede();
    const rows = new RowSink(this.#options, group, leader, offer, facts.membership, sink);
    this.#receiving.set(group, rows);
    return rows;
  }
}

/** What is offered, or null when no node that works would offer it. */
function factsOf({ term, point, facts }: SnapshotOffer): (StateFacts & { membership: Membership }) | null {
  const isPlausible =
    term <= MAX_TERM && point.index >= 1 && point.index <= MAX_INDEX && point.term >= 1 && point.term <= term;
  if (!isPlausible) return null;
  try {
    const decoded = decodeFacts(facts, point.index);
    const { membership } = decoded;
    return membership === null || membership.voters.length === 0 ? null : { ...decoded, membership };
  } catch (error) {
    if (error instanceof CorruptDataError) return null;
    throw error;
  }
}

/** Cuts a source into pieces, first the sessions and then the rows, and remembers where each piece of rows began. */
class RowChunks implements ChunkSource {
  readonly #source: SnapshotSource;
  readonly #guard: SnapshotsOptions['guard'];
  /** The key after which each piece begins; undefined past the last. */
  readonly #begins: (Uint8Array | undefined)[] = [FROM_THE_FIRST];
  readonly #sessionChunks: number;
  /** Rows of all pieces that were given. */
  #rowsGiven = 0;
  /** Pieces of rows that were given; a piece that is given again counts once. */
  #piecesGiven = 0;

  constructor(source: SnapshotSource, guard: SnapshotsOptions['guard']) {
    this.#source = source;
    this.#guard = guard;
    this.#sessionChunks = Math.ceil(source.sessions.length / CHUNK_BYTES);
  }

  /** How much of the rows was given, 0 to 1. The few of keys that are gone are not in the count of all, so 1 may come early. */
  get share(): number {
    const { keyCount } = this.#source.facts;
    if (this.#begins[this.#piecesGiven] === undefined) return 1;
    return Math.min(1, this.#rowsGiven / Math.max(1, keyCount));
  }

  chunk(number: number): Uint8Array | null {
    if (number >= this.#sessionChunks) return this.#rows(number - this.#sessionChunks);
    const from = number * CHUNK_BYTES;
    return encodeSessions(this.#source.sessions.subarray(from, from + CHUNK_BYTES));
  }

  async chunkAside(number: number): Promise<Uint8Array | null> {
    const at = number - this.#sessionChunks;
    const after = this.#begins[Math.max(0, at)];
    if (at < 0 || after === undefined || this.#source.readAside === undefined) return this.chunk(number);
    let error: unknown;
    const read = await this.#source.readAside(after, CHUNK_BYTES).catch((failure: unknown) => {
      error = failure;
    });
    return this.#give(at, () => {
      if (read === undefined) throw error;
      return read;
    });
  }

  #rows(number: number): Uint8Array | null {
    const after = this.#begins[number];
    if (after === undefined) return null;
    return this.#give(number, () => {
      const { rows, more } = this.#source.rows(after, CHUNK_BYTES);
      return { bytes: encodeRows(rows), count: rows.length, last: rows.at(-1)?.key ?? after, more };
    });
  }

  #give(number: number, read: () => EncodedRows): Uint8Array | null {
    let chunk: Uint8Array | null = null;
    const isRead = this.#guard(() => {
      const { bytes, count, last, more } = read();
      this.#begins[number + 1] = more ? last : undefined;
      if (count > 0) chunk = bytes;
      if (number < this.#piecesGiven) return;
      this.#piecesGiven = number + 1;
      this.#rowsGiven += count;
    });
    // A snapshot without its end must not pass for a whole one.
    if (!isRead) throw new Error('the storage of this node has failed, or the node is stopping');
    return chunk;
  }
}

class RowSink implements ChunkSink {
  readonly #options: SnapshotsOptions;
  readonly #group: Group;
  readonly #leader: NodeId;
  readonly #offer: SnapshotOffer;
  readonly #membership: Membership;
  readonly #sink: SnapshotSink;
  #isSuperseded = false;

  constructor(
    options: SnapshotsOptions,
    group: Group,
    leader: NodeId,
    offer: SnapshotOffer,
    membership: Membership,
    sink: SnapshotSink,
  ) {
    this.#options = options;
    this.#group = group;
    this.#leader = leader;
    this.#offer = offer;
    this.#membership = membership;
    this.#sink = sink;
  }

  write(chunk: Uint8Array): boolean {
    let piece: SnapshotPiece;
    try {
      piece = decodePiece(chunk);
    } catch (error) {
      if (error instanceof CorruptDataError) return false;
      throw error;
    }
    if (this.#isOver) return false;
    const { rows, sessions } = piece;
    return this.#options.guard(() => {
      if (sessions.length > 0) this.#sink.writeSessions(sessions);
      this.#sink.write(rows);
    });
  }

  finish(): boolean {
    const { core } = this.#group;
    const { term, point } = this.#offer;
    let done = false;
    if (this.#isOver) return false;
    this.#options.guard(() => {
      done = core.considerSnapshot(this.#leader, term, point) ? this.#install(point) : core.commitIndex >= point.index;
    });
    this.#options.touch(this.#group);
    return done;
  }

  abort(): void {
    if (this.#isOver) return;
    this.#options.guard(() => this.#sink.abort());
  }

  /** Another snapshot of the group comes in. */
  supersede(): void {
    this.#isSuperseded = true;
  }

  /** Nothing may come any more: whoever gave the replica up, or began another restore, has ended this one. */
  get #isOver(): boolean {
    return this.#isSuperseded || this.#group.closed;
  }

  #install(point: LogPoint): boolean {
    if (!this.#sink.install()) return false;
    this.#group.core.restoreSnapshot(this.#leader, point, this.#membership);
    this.#group.stateReplaced();
    this.#group.changes.reset(this.#options.state.revision(this.#group.id));
    return true;
  }
}
