import type { PartitionLive } from '../../contract/model.ts';
import type { LogTail } from '../../../engine/rpc/cluster.ts';
import type { NodeLink } from '../clusters/node-link.ts';
import { Pacer } from '../clusters/pacer.ts';

const READ_MS = 100;
/** Entries at the end of each log: as many as the strips can show, and some to line up replicas that lag. */
export const TAIL_ENTRIES = 64;

/**
 * Follows one partition for one watcher: reads the ends of its logs ten times a second from
 * every node there is a link to, one call at a time for each, and sends what changed.
 */
export class PartitionWatch {
  readonly #partition: number;
  readonly #links: () => ReadonlyMap<number, NodeLink>;
  readonly #tails = new Map<number, LogTail>();
  readonly #asked = new Set<NodeLink>();
  readonly #pacer: Pacer<PartitionLive>;
  readonly #live: () => PartitionLive;
  readonly #timer: NodeJS.Timeout;
  #closed = false;

  constructor(options: {
    readonly partition: number;
    /** To the nodes that hold the partition and whose processes exist. */
    readonly links: () => ReadonlyMap<number, NodeLink>;
    readonly live: (tails: ReadonlyMap<number, LogTail>) => PartitionLive;
    readonly emit: (live: PartitionLive) => void;
    readonly now: () => number;
  }) {
    this.#partition = options.partition;
    this.#links = options.links;
    this.#live = () => options.live(this.#tails);
    this.#pacer = new Pacer({
      view: this.#live,
      contentOf: (live) =>
        JSON.stringify(live, (key, value: unknown) => (key === 'timeMs' || key === 'heardAtMs' ? undefined : value)),
      emit: options.emit,
      now: options.now,
    });
    options.emit(this.#live());
    this.#timer = setInterval(() => this.#read(), READ_MS);
    this.#read();
  }

  /** A node reported, or something was noticed. */
  changed(): void {
    if (this.#closed) return;
    this.#pacer.changed(fingerprint(this.#live()));
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#pacer.close();
  }

  #read(): void {
    // Also while no node can be asked: that the watch goes on is news to who would else call it silent.
    this.changed();
    for (const [node, link] of this.#links()) {
      if (this.#asked.has(link)) continue;
      this.#asked.add(link);
      link
        .log(this.#partition, TAIL_ENTRIES)
        .then((tail) => this.#tails.set(node, tail))
        // A node that does not answer keeps its last log; its state says that it is silent.
        .catch(() => undefined)
        .finally(() => {
          this.#asked.delete(link);
          this.changed();
        });
    }
  }
}

function fingerprint(live: PartitionLive): string {
  const replicas = live.replicas.map(({ node, state, word }) => `${node}${state}${word?.role}${word?.term}`);
  return `${live.partition.leader}/${live.partition.term}|${replicas.join(';')}|${live.cuts.length}`;
}
