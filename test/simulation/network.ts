import type { GroupId } from '../../engine/config/ids.ts';
import type { NodeId } from '../../engine/raft/types.ts';
import type { Store } from '../../engine/store/store.ts';
import type { Envelope, PeerLinkStatus } from '../../engine/transport/types.ts';
import type { SimulatedEvent } from './event-queue.ts';
import type { SimulatedNode } from './node.ts';
import type { TraceHash } from './trace-hash.ts';
import { messageWords } from './words.ts';
import type { World } from './world.ts';

/** The data directory that a node comes with. */
export function incarnationOf(node: NodeId): string {
  return `data of ${node}`;
}

/** What happens between two nodes, in one direction. */
class Link implements PeerLinkStatus {
  readonly nodeId: NodeId;
  readonly roundTripMs = 0;
  readonly incarnation: string;
  readonly #world: World;
  cut = false;
  dropChance = 0;
  lastHeardUs = -Infinity;

  /** `from` is the node at the other end, as the one who listens sees it. */
  constructor(from: NodeId, world: World) {
    this.nodeId = from;
    this.incarnation = world.plan.cluster === null ? '' : incarnationOf(from);
    this.#world = world;
  }

  get connected(): boolean {
    return !this.cut;
  }

  get lastHeardMsAgo(): number {
    return (this.#world.nowUs - this.lastHeardUs) / 1000;
  }
}

class Delivery implements SimulatedEvent {
  readonly #network: Network;
  readonly from: NodeId;
  readonly to: NodeId;
  readonly envelopes: readonly Envelope[];
  lost = false;

  constructor(network: Network, from: NodeId, to: NodeId, envelopes: readonly Envelope[]) {
    this.#network = network;
    this.from = from;
    this.to = to;
    this.envelopes = envelopes;
  }

  run(): void {
    this.#network.deliver(this);
  }

  readonly hand = (store: Store): void => store.receive(this.from, this.envelopes);

  digest(hash: TraceHash): void {
    hash.add(this.to);
    for (const { group, message } of this.envelopes) {
      hash.add(group * 16 + message.type);
      hash.add(message.from);
      hash.add(message.term);
      hash.add(message.index);
      hash.add(message.commit);
      hash.add(message.entries.length);
    }
  }

  words(group: GroupId): string | null {
    const lines = this.envelopes.filter((e) => e.group === group).map(({ message }) => messageWords(message));
    return lines.length === 0 ? null : lines.join('; ') + (this.lost ? ' (lost)' : '');
  }
}

/** A stream to a peer came up, or broke. */
class LinkChange implements SimulatedEvent {
  readonly #node: SimulatedNode;
  readonly #incarnation: number;
  readonly #peer: NodeId;
  readonly #up: boolean;

  constructor(node: SimulatedNode, peer: NodeId, up: boolean) {
    this.#node = node;
    this.#incarnation = node.incarnation;
    this.#peer = peer;
    this.#up = up;
  }

  run(): void {
    if (this.#node.incarnation !== this.#incarnation || this.#node.holds(this)) return;
    this.#node.run((store) => {
      if (this.#up) store.peerConnected(this.#peer);
      else store.peerDisconnected(this.#peer);
    });
  }

  digest(hash: TraceHash): void {
    hash.add(0x300 + this.#node.id * 16 + this.#peer);
  }

  words(): string {
    return `node ${this.#node.id} ${this.#up ? 'is connected to' : 'lost its connection to'} node ${this.#peer}`;
  }
}

/**
 * Delays, loses, repeats and reorders what nodes send each other. Streams of the real
 * transport keep their order; this network does not, because Raft must not need it.
 */
export class Network {
  readonly #world: World;
  readonly #nodes: readonly SimulatedNode[];
  /** By listener, then by sender. */
  readonly #links: readonly (readonly Link[])[];
  readonly #linksOf: readonly (readonly Link[])[];
  /** Who decides, under faults, that a frame is not delivered now; it can be queued again later. */
  holdBack: ((frame: Delivery) => boolean) | null = null;

  /** `nodes` is filled after this, in the order of the ids, from 1. */
  constructor(world: World, nodes: readonly SimulatedNode[]) {
    this.#world = world;
    this.#nodes = nodes;
    const ids = Array.from({ length: world.plan.nodes }, (_, i) => i + 1);
    this.#links = ids.map(() => ids.map((from) => new Link(from, world)));
    this.#linksOf = this.#links.map((links, i) => links.filter((link) => link.nodeId !== i + 1));
  }

  node(id: NodeId): SimulatedNode {
    return this.#nodes[id - 1]!;
  }

  link(from: NodeId, to: NodeId): Link {
    return this.#links[to - 1]![from - 1]!;
  }

  links(listener: NodeId): readonly PeerLinkStatus[] {
    return this.#linksOf[listener - 1]!;
  }

  send(from: NodeId, to: NodeId, envelopes: readonly Envelope[]): void {
    const { networkRandom: random, plan, faultsOn } = this.#world;
    const { splitChance } = plan.network;
    if (faultsOn && envelopes.length > 1 && splitChance > 0 && random.chance(splitChance)) {
      for (const envelope of envelopes) this.#sendFrame(from, to, [envelope]);
    } else {
      this.#sendFrame(from, to, envelopes);
    }
  }

  #sendFrame(from: NodeId, to: NodeId, envelopes: readonly Envelope[]): void {
    const { networkRandom: random, plan, faultsOn } = this.#world;
    const { dropChance, duplicateChance } = plan.network;
    const frame = new Delivery(this, from, to, envelopes);
    const link = this.link(from, to);
    this.#world.after(this.#delayUs(), frame);
    if (!faultsOn) return;
    frame.lost = link.cut || random.chance(dropChance) || random.chance(link.dropChance);
    if (random.chance(duplicateChance)) this.#world.after(this.#delayUs(), frame);
  }

  #delayUs(): number {
    const { networkRandom: random, plan, faultsOn } = this.#world;
    const { delayMinUs, delaySpreadUs, lateChance, lateMaxUs } = plan.network;
    if (faultsOn && random.chance(lateChance)) return random.below(lateMaxUs);
    return delayMinUs + random.float() * random.float() * delaySpreadUs;
  }

  deliver(frame: Delivery): void {
    const { from, to } = frame;
    const node = this.#nodes[to - 1]!;
    const link = this.link(from, to);
    if (link.cut || !node.isUp) frame.lost = true;
    if (frame.lost || node.holds(frame)) return;
    if (this.holdBack !== null && this.#world.faultsOn && this.holdBack(frame)) return;
    this.#world.steps += frame.envelopes.length;
    link.lastHeardUs = this.#world.nowUs;
    node.run(frame.hand);
  }

  nodeStarted(id: NodeId): void {
    for (const peer of this.#nodes) {
      if (peer.id === id || !peer.isUp || this.link(peer.id, id).cut || this.link(id, peer.id).cut) continue;
      this.#connect(id, peer.id);
    }
  }

  nodeCrashed(id: NodeId): void {
    for (const peer of this.#nodes) if (peer.id !== id && peer.isUp) this.#change(peer.id, id, false);
  }

  /** Breaks the stream between two nodes, which comes up again. */
  reset(a: NodeId, b: NodeId): void {
    this.#change(a, b, false);
    this.#change(b, a, false);
    this.#connect(a, b);
  }

  setCut(from: NodeId, to: NodeId, cut: boolean): void {
    const link = this.link(from, to);
    if (from === to || link.cut === cut) return;
    link.cut = cut;
    // A node notices a dead stream some time later, or never if it is short enough.
    if (cut) {
      if (this.#world.networkRandom.chance(0.5)) this.#change(to, from, false);
      if (this.#world.networkRandom.chance(0.5)) this.#change(from, to, false);
    } else if (!this.link(to, from).cut) {
      this.#connect(from, to);
    }
  }

  /** Cuts the directions that `chosen` names, and returns what mends exactly these. */
  cutWhere(chosen: (from: NodeId, to: NodeId) => boolean): () => void {
    const cut: [NodeId, NodeId][] = [];
    for (const { id: from } of this.#nodes) {
      for (const { id: to } of this.#nodes) {
        if (from !== to && chosen(from, to) && !this.link(from, to).cut) cut.push([from, to]);
      }
    }
    for (const [from, to] of cut) this.setCut(from, to, true);
    return () => {
      for (const [from, to] of cut) this.setCut(from, to, false);
    };
  }

  heal(): void {
    for (const a of this.#nodes) {
      for (const b of this.#nodes) {
        this.setCut(a.id, b.id, false);
        this.link(a.id, b.id).dropChance = 0;
      }
    }
  }

  #connect(a: NodeId, b: NodeId): void {
    this.#change(a, b, true);
    this.#change(b, a, true);
  }

  #change(id: NodeId, peer: NodeId, up: boolean): void {
    const { networkRandom: random, plan } = this.#world;
    const node = this.#nodes[id - 1]!;
    if (!node.isUp) return;
    this.#world.after(
      plan.network.delayMinUs + random.below(plan.timing.tickMs * 2000),
      new LinkChange(node, peer, up),
    );
  }
}

export type { Delivery, Link };
