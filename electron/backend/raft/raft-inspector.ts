import type { PartitionLive, RaftEvent } from '../../contract/model.ts';
import type { ClusterEvent } from '../../../engine/rpc/cluster.ts';
import type { NodeLink } from '../clusters/node-link.ts';
import { BackendError } from '../errors.ts';
import type { PartitionFacts } from './partition-facts.ts';
import { partitionLive } from './partition-live.ts';
import { PartitionWatch } from './partition-watch.ts';
import { RaftEvents } from './raft-events.ts';

/** The inside of one cluster's partitions, read while somebody looks. */
export class RaftInspector {
  readonly #events = new RaftEvents();
  readonly #watches = new Set<PartitionWatch>();
  readonly #options: {
    readonly facts: (partition: number) => PartitionFacts | null;
    readonly linkTo: (node: number) => NodeLink | null;
    readonly onEvent: (partition: number, event: RaftEvent) => void;
    readonly now: () => number;
  };

  constructor(options: {
    /** Null when there is no such partition. */
    readonly facts: (partition: number) => PartitionFacts | null;
    readonly linkTo: (node: number) => NodeLink | null;
    /** Each event of a partition, once. */
    readonly onEvent: (partition: number, event: RaftEvent) => void;
    readonly now: () => number;
  }) {
    this.#options = options;
  }

  /** Events are kept whether or not somebody looks, so that an inspector opened after an election can tell of it. */
  takeEvent(event: ClusterEvent): void {
    const added = this.#events.add(event);
    if (added === null) return;
    this.#options.onEvent(added.partition, added.event);
    this.changed();
  }

  /** A status came or a state was judged anew. */
  changed(): void {
    for (const watch of this.#watches) watch.changed();
  }

  /** See ClusterDriver.watchPartition. */
  watch(partition: number, listener: (live: PartitionLive) => void): () => void {
    const { linkTo, now } = this.#options;
    const facts = (): PartitionFacts => {
      const found = this.#options.facts(partition);
      if (found !== null) return found;
      throw new BackendError('notFound', `There is no partition p${partition}.`, 'Choose one from the list.');
    };
    const watch = new PartitionWatch({
      partition,
      links: () =>
        new Map(
          facts().replicas.flatMap(({ nodeId }) => {
            const link = linkTo(nodeId);
            return link === null ? [] : [[nodeId, link] as const];
          }),
        ),
      live: (tails) => partitionLive({ facts: facts(), tails, events: this.#events.of(partition), nowMs: now() }),
      emit: listener,
      now,
    });
    this.#watches.add(watch);
    return () => {
      watch.close();
      this.#watches.delete(watch);
    };
  }

  close(): void {
    for (const watch of this.#watches) watch.close();
    this.#watches.clear();
  }
}
