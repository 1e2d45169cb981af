import type { NodeId } from '../raft/types.ts';
import type { Transport } from '../transport/types.ts';
import type { EventSource } from './events.ts';

/** A peer is suspect after this many heartbeat intervals without a frame. */
const MISSED_HEARTBEATS = 3;

/** Watches when peers were last heard and tells when one falls silent or comes back. */
export class PeerMonitor {
  readonly #links: Pick<Transport, 'links'>;
  readonly #events: EventSource;
  readonly #suspectAfterMs: number;
  readonly #suspects = new Set<NodeId>();
  readonly #known = new Set<NodeId>();

  constructor(links: Pick<Transport, 'links'>, events: EventSource, heartbeatMs: number) {
    this.#links = links;
    this.#events = events;
    this.#suspectAfterMs = MISSED_HEARTBEATS * heartbeatMs;
  }

  isSuspect(peer: NodeId): boolean {
    return this.#suspects.has(peer);
  }

  check(): void {
    for (const link of this.#links.links()) {
      const silent = !(link.lastHeardMsAgo <= this.#suspectAfterMs);
      if (silent) {
        // A peer never heard is not news: the cluster is still starting.
        if (this.#known.has(link.nodeId) && !this.#suspects.has(link.nodeId)) {
          this.#suspects.add(link.nodeId);
          this.#events.emit('peerSuspect', { peer: link.nodeId, durationMs: Math.round(link.lastHeardMsAgo) });
        }
        continue;
      }
      this.#known.add(link.nodeId);
      if (this.#suspects.delete(link.nodeId)) this.#events.emit('peerLive', { peer: link.nodeId });
    }
  }
}
