import type { StoryContext } from './context.ts';
import { counted, duration, nodeName, sentence, strong, type Part } from './text.ts';

/** The start is over when every partition has been led this long without a change. */
const SETTLED_MS = 300;
/** A start that takes longer is told as it stands. */
const PATIENCE_MS = 30_000;

/**
 * A cluster that starts elects every leader at once: that is one sentence, not one for
 * each partition. While it is under way the other tellers learn and keep quiet.
 */
export class StartupTeller {
  readonly #context: StoryContext;
  #startedMs: number | null = null;
  #lastChangeMs = 0;
  #leadersSeen = new Map<number, string>();

  constructor(context: StoryContext) {
    this.#context = context;
  }

  get isUnderWay(): boolean {
    return this.#startedMs !== null;
  }

  begin(timeMs: number): void {
    this.#startedMs = timeMs;
    this.#lastChangeMs = timeMs;
    this.#leadersSeen.clear();
    this.#context.leaders.clear();
  }

  /** A fault ends it: from here on everything is worth a sentence. */
  interrupt(): void {
    if (this.#startedMs === null) return;
    this.#tell(this.#startedMs, this.#lastChangeMs);
  }

  /** Leaders may have changed. */
  update(timeMs: number): void {
    for (const [partition, { leader, term }] of this.#context.leaders) {
      const word = `${leader}@${term}`;
      if (this.#leadersSeen.get(partition) === word) continue;
      this.#leadersSeen.set(partition, word);
      this.#lastChangeMs = Math.max(this.#lastChangeMs, timeMs);
    }
  }

  advance(nowMs: number): void {
    if (this.#startedMs === null) return;
    const allLed = this.#context.leaders.size >= this.#context.replicas.length;
    if (allLed && nowMs - this.#lastChangeMs >= SETTLED_MS) this.#tell(this.#startedMs, this.#lastChangeMs);
    else if (nowMs - this.#startedMs >= PATIENCE_MS) this.#tell(this.#startedMs, nowMs);
  }

  #tell(startedMs: number, timeMs: number): void {
    this.#startedMs = null;
    const { leaders, replicas, nodes } = this.#context;
    const led = leaders.size;
    const took = duration(timeMs - startedMs);
    const up = nodes.length - this.#context.nodesDown.length;
    const parts: Part[] =
      led >= replicas.length
        ? sentence(
            strong(`Cluster started`),
            `: ${counted(up, 'node', 'nodes')}, ${led === 1 ? 'the 1 partition has its leader' : `all ${led} partitions have a leader`} after ${took}. `,
            this.#spread(),
          )
        : sentence(
            strong('Cluster started'),
            `: ${counted(up, 'node', 'nodes')}; ${led} of ${replicas.length} partitions have a leader after ${took}.`,
          );
    this.#context.tell({ timeMs, kind: 'started', parts });
  }

  /** "n1 leads 3, n2 3, n3 2." */
  #spread(): Part[] {
    const leading = this.#context.nodes
      .map((node) => ({ node, led: this.#context.ledBy(node).length }))
      .filter(({ led }) => led > 0);
    return sentence(
      ...leading.flatMap(({ node, led }, i) => [
        nodeName(node),
        `${i === 0 ? ' leads' : ''} ${led}${i === leading.length - 1 ? '.' : ', '}`,
      ]),
    );
  }
}
