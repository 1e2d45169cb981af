import type { GroupId } from '../config/ids.ts';
import type { LogPoint, Message, NodeId, Term } from '../raft/types.ts';

/** One message of one group on its way between two nodes. */
export interface Envelope {
  readonly group: GroupId;
  readonly message: Message;
}

/** Another node, and how it is known. */
export interface Peer {
  readonly id: NodeId;
  readonly host: string;
  readonly raftPort: number;
  /** The data directory it must come with; empty: any, since none is known yet. */
  readonly incarnation: string;
}

/** What a node hears from its peers. Called on the event loop, in the order of the stream. */
export interface PeerListener {
  messages(from: NodeId, envelopes: readonly Envelope[]): void;
  connected(peer: NodeId): void;
  /** The stream to this peer broke; what was queued or in flight may be lost. */
  disconnected(peer: NodeId): void;
}

/** What a leader offers to a follower whose next entry is no longer in the log. */
export interface SnapshotOffer {
  readonly group: GroupId;
  /** The leader's term now. */
  readonly term: Term;
  /** The last entry that the snapshot covers. */
  readonly point: LogPoint;
  /** What the state comes to, encoded; see `SnapshotFacts` in proto/raft.proto. */
  readonly facts: Uint8Array;
}

/** The pieces of a snapshot. A piece that was given once is given again alike. */
export interface ChunkSource {
  /**
   * The piece of this number, from 0, at most one past the last one given; null when there
   * are no more. Throws when the rest cannot be had: then the transfer has failed.
   */
  chunk(number: number): Uint8Array | null;
  /** The same, without holding up the event loop; only where there is a way to. */
  chunkAside?(number: number): Promise<Uint8Array | null>;
}

/** Where the pieces of a snapshot go, in order. After `finish` or `abort` it is not used again. */
export interface ChunkSink {
  /** False when the piece makes no sense; then nothing more is taken. */
  write(chunk: Uint8Array): boolean;
  /** All pieces are there. Whether this node now has what the snapshot covers. */
  finish(): boolean;
  abort(): void;
}

/**
 * Carries snapshots to other nodes, beside the streams of Raft. `done` is called exactly
 * once, with whether the other node now has what the snapshot covers.
 */
export interface SnapshotTransfers {
  send(to: NodeId, offer: SnapshotOffer, source: ChunkSource, done: (delivered: boolean) => void): void;
}

/** Who takes in what other nodes send. */
export interface SnapshotListener {
  /** Null when the snapshot is of no use here. */
  offered(from: NodeId, offer: SnapshotOffer): ChunkSink | null;
}

export interface PeerLinkStatus {
  readonly nodeId: NodeId;
  readonly connected: boolean;
  /** Since the last frame from this peer; Infinity when there was none. */
  readonly lastHeardMsAgo: number;
  /** Smoothed; 0 while not measured. */
  readonly roundTripMs: number;
  readonly cut: boolean;
  /** The data directory that the peer came with; empty while it was not heard. */
  readonly incarnation: string;
}

/** What happens to frames that this node sends to one peer. */
export interface LinkFault {
  readonly to: NodeId;
  readonly cut: boolean;
  readonly delayMs: number;
  /** The share of frames dropped, 0 to 1. */
  readonly drop: number;
}

/**
 * Carries messages between nodes. `send` never blocks and never fails: a message that
 * cannot be sent soon is dropped, and Raft sends it again in its own time.
 */
export interface Transport {
  send(to: NodeId, envelopes: readonly Envelope[]): void;
  links(): readonly PeerLinkStatus[];
  /**
   * From now on these are the peers (this node itself is ignored in the list): new ones are
   * dialed, links to others end. `removed` were members once and are told so.
   */
  setPeers(peers: readonly Peer[], removed: readonly NodeId[]): void;
  setFaults(faults: readonly LinkFault[]): void;
  close(): Promise<void>;
}
