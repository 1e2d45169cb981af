import { status } from '@grpc/grpc-js';
import type { NodeId } from '../raft/types.ts';
import type { Hello } from './codec.ts';
import type { Refusal } from './handshake.ts';
import { hostAndPort } from './service.ts';
import type { Peer } from './types.ts';

/** Longer ones are not ours. */
const MAX_INCARNATION_LENGTH = 64;

/** The nodes that this one talks to, as the cluster knows them now. Everybody else is refused. */
export class PeerTable {
  readonly #self: NodeId;
  #peers: ReadonlyMap<NodeId, Peer> = new Map();
  #removed: ReadonlySet<NodeId> = new Set();
  /** What each peer said of itself in its last hello that was accepted. */
  readonly #seen = new Map<NodeId, string>();

  constructor(self: NodeId, peers: readonly Peer[]) {
    this.#self = self;
    this.set(peers, []);
  }

  set(peers: readonly Peer[], removed: readonly NodeId[]): void {
    this.#peers = new Map(peers.filter(({ id }) => id !== this.#self).map((peer) => [peer.id, peer]));
    this.#removed = new Set(removed);
    for (const id of this.#seen.keys()) if (!this.#peers.has(id)) this.#seen.delete(id);
  }

  get all(): Iterable<Peer> {
    return this.#peers.values();
  }

  get(id: NodeId): Peer | undefined {
    return this.#peers.get(id);
  }

  /** `host:port`; undefined for a stranger. */
  addressOf(id: NodeId): string | undefined {
    const peer = this.#peers.get(id);
    return peer === undefined ? undefined : hostAndPort(peer.host, peer.raftPort);
  }

  /** The data directory that a peer came with; empty while it has not been heard. */
  seenIncarnation(id: NodeId): string {
    return this.#seen.get(id) ?? '';
  }

  /**
   * Why a node that said this hello is not let in, or null. One that is known by another data
   * directory has lost its log: it could vote twice in a term, or acknowledge what it no longer has.
   */
  admit({ nodeId, incarnation }: Hello): Refusal | null {
    const peer = this.#peers.get(nodeId);
    const refusal = (reason: string): Refusal => ({ code: status.FAILED_PRECONDITION, reason });
    if (this.#removed.has(nodeId) && peer === undefined) {
      return refusal(
        `node ${nodeId} was removed from this cluster: stop it, or add it anew with an empty data directory`,
      );
    }
    if (peer === undefined) {
      return refusal(
        `node ${nodeId} is not a peer of node ${this.#self}: check the members in its configuration, or add it to the cluster`,
      );
    }
    if (incarnation.length > MAX_INCARNATION_LENGTH) return refusal('its incarnation is too long to be one');
    if (peer.incarnation !== '' && incarnation !== peer.incarnation) {
      return refusal(
        `node ${nodeId} came with another data directory than the one this cluster knows it by: its disk was wiped or ` +
          `exchanged, or it is an old copy. It could vote twice, so it is not let in. Bring its data back, or replace it: prkdb node replace`,
      );
    }
    this.#seen.set(nodeId, incarnation);
    return null;
  }
}
