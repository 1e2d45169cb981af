import type { GroupId } from '../config/ids.ts';
import type { Message, NodeId } from '../raft/types.ts';

/** One message of one group on its way between two nodes. */
export interface Envelope {
  readonly group: GroupId;
  readonly message: Message;
}

/** What a node hears from its peers. Called on the event loop, in the order of the stream. */
export interface PeerListener {
  messages(from: NodeId, envelopes: readonly Envelope[]): void;
  connected(peer: NodeId): void;
  /** The stream to this peer broke; what was queued or in flight may be lost. */
  disconnected(peer: NodeId): void;
}

export interface PeerLinkStatus {
  readonly nodeId: NodeId;
  readonly connected: boolean;
  /** Since the last frame from this peer; Infinity when there was none. */
  readonly lastHeardMsAgo: number;
  /** Smoothed; 0 while not measured. */
  readonly roundTripMs: number;
  readonly cut: boolean;
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
  setFaults(faults: readonly LinkFault[]): void;
  close(): Promise<void>;
}
