import type { NodeId } from '../../engine/raft/types.ts';
import type { ChunkSource, SnapshotOffer, SnapshotTransfers } from '../../engine/transport/types.ts';
import { Action } from './event-queue.ts';
import type { Network } from './network.ts';
import type { SimulatedNode } from './node.ts';
import type { World } from './world.ts';

/**
 * Carries snapshots between simulated nodes: an offer, then some time later everything at
 * once, then some time later the answer. Each of the three can get lost, and either node can
 * crash or pause in between.
 */
export class SimulatedTransfers {
  readonly #world: World;
  readonly #nodes: readonly SimulatedNode[];
  readonly #network: Network;

  constructor(world: World, nodes: readonly SimulatedNode[], network: Network) {
    this.#world = world;
    this.#nodes = nodes;
    this.#network = network;
  }

  /** What the store of this node sends by. */
  of(sender: SimulatedNode): SnapshotTransfers {
    return { send: (to, offer, source, done) => this.#send(sender, to, offer, source, done) };
  }

  #send(
    sender: SimulatedNode,
    to: NodeId,
    offer: SnapshotOffer,
    source: ChunkSource,
    done: (delivered: boolean) => void,
  ): void {
    const { incarnation } = sender;
    this.#world.onSnapshotSent?.(sender.id);
    const receiver = this.#nodes[to - 1]!;
    const answer = (delivered: boolean): void => {
      this.#later(() => {
        if (sender.incarnation === incarnation) sender.run(() => done(delivered));
      });
    };
    const hand = (): void => {
      if (sender.incarnation !== incarnation) return;
      if (!this.#arrives(sender.id, receiver)) return answer(false);
      const receiverIncarnation = receiver.incarnation;
      receiver.run((store) => {
        const sink = store.offerSnapshot(sender.id, offer);
        if (sink === null) return answer(false);
        // Read now and not when it was opened, so that a source that is not a snapshot shows.
        const chunks = readAll(source);
        if (chunks === null) {
          sink.abort();
          return answer(false);
        }
        this.#later(() => {
          if (receiver.incarnation !== receiverIncarnation) return answer(false);
          if (!this.#arrives(sender.id, receiver)) {
            sink.abort();
            return answer(false);
          }
          receiver.run(() => answer(chunks.every((chunk) => sink.write(chunk)) && sink.finish()));
        });
      });
    };
    this.#later(() => {
      const { faultsOn, onOffer } = this.#world;
      if (faultsOn && onOffer?.(sender.id, to, offer, hand) === true) return;
      hand();
    });
  }

  #arrives(from: NodeId, receiver: SimulatedNode): boolean {
    const { faultsOn, networkRandom: random, plan } = this.#world;
    if (!receiver.isUp || receiver.paused || this.#network.link(from, receiver.id).cut) return false;
    return !faultsOn || !random.chance(plan.network.dropChance);
  }

  #later(run: () => void): void {
    const { networkRandom: random, plan, faultsOn } = this.#world;
    const { delayMinUs, delaySpreadUs, lateMaxUs } = plan.network;
    const delayUs = faultsOn && random.chance(0.2) ? random.below(lateMaxUs) : delayMinUs + random.below(delaySpreadUs);
    this.#world.after(delayUs, new Action(0xa00, run));
  }
}

/** Null when the sender cannot read its state any more. */
function readAll(source: ChunkSource): Uint8Array[] | null {
  const chunks: Uint8Array[] = [];
  try {
    for (let chunk = source.chunk(0); chunk !== null; chunk = source.chunk(chunks.length)) chunks.push(chunk);
  } catch {
    return null;
  }
  return chunks;
}
