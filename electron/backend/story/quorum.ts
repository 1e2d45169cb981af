import type { StoryContext } from './context.ts';
import { counted, duration, nodeNames, sentence, strong } from './text.ts';

/** Tells when too few replicas are up for some partitions, and when all of those have a leader again. */
export class QuorumTeller {
  readonly #context: StoryContext;
  #lost = new Set<number>();
  #lostAtMs = 0;
  #lostCount = 0;

  constructor(context: StoryContext) {
    this.#context = context;
  }

  /** The condition of a node changed. */
  update(timeMs: number, quiet: boolean): void {
    const without = this.#context.replicas.flatMap((_, partition) =>
      this.#context.hasQuorum(partition) ? [] : [partition],
    );
    const fresh = without.filter((partition) => !this.#lost.has(partition));
    if (fresh.length === 0) return;
    if (this.#lost.size === 0) this.#lostAtMs = timeMs;
    for (const partition of fresh) this.#lost.add(partition);
    this.#lostCount = this.#lost.size;
    if (quiet) return;
    const down = this.#context.nodesDown;
    this.#context.tell({
      timeMs,
      kind: 'leaderless',
      parts: sentence(
        strong('Quorum lost'),
        ': ',
        nodeNames(down),
        down.length === 1 ? ' is down, so ' : ' are down, so ',
        without.length === this.#context.replicas.length && without.length > 1
          ? `all ${without.length} partitions take`
          : counted(without.length, 'partition takes', 'partitions take'),
        ' no writes and no linearizable reads until enough nodes are back.',
      ),
      fault: this.#context.latestFault(timeMs, 60_000),
    });
  }

  /** A node is heard to lead the partition. It counts only once there are enough nodes to follow it. */
  led(partition: number, timeMs: number, quiet: boolean): void {
    if (!this.#lost.has(partition) || !this.#context.hasQuorum(partition)) return;
    this.#lost.delete(partition);
    if (this.#lost.size > 0 || quiet) return;
    this.#context.tell({
      timeMs,
      kind: 'recovered',
      parts: sentence(
        strong('Quorum is back'),
        `: ${this.#lostCount === 1 ? 'the partition has' : `all ${this.#lostCount} partitions have`} a leader again, ${duration(timeMs - this.#lostAtMs)} after it was lost.`,
      ),
      fault: this.#context.latestFault(timeMs, 600_000),
    });
  }

  reset(): void {
    this.#lost.clear();
  }
}
