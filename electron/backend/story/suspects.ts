import type { ClusterEvent } from '../../../engine/rpc/cluster.ts';
import type { StoryContext } from './context.ts';
import type { StoryInput } from './input.ts';
import type { ReorderBuffer } from './reorder.ts';
import { nodeName, nodeNames, sentence } from './text.ts';

/** A node that has just come back finds its peers silent, since it was away itself. */
const CREDIBLE_AFTER_MS = 500;

type EventInput = Extract<StoryInput, { type: 'event' }>;

/** Who misses whose heartbeats: told once for all who miss them. */
export class SuspectTeller {
  readonly #context: StoryContext;
  readonly #buffer: ReorderBuffer;
  readonly #suspected = new Set<number>();

  constructor(context: StoryContext, buffer: ReorderBuffer) {
    this.#context = context;
    this.#buffer = buffer;
  }

  suspect(event: ClusterEvent, quiet: boolean): void {
    const node = event.peer;
    if (!this.#isCredible(event)) return;
    const together = this.#buffer.takeMoment(
      event.timeMs,
      (input): input is EventInput =>
        input.type === 'event' && input.event.kind === 'peerSuspect' && input.event.peer === node,
    );
    if (this.#suspected.has(node)) return;
    this.#suspected.add(node);
    // Nobody is surprised that a node which was stopped in order sends no heartbeats.
    if (quiet || this.#context.condition(node).kind === 'stopped') return;
    const reporters = [event, ...together.map((input) => input.event).filter((e) => this.#isCredible(e))]
      .map((e) => e.nodeId)
      .filter((reporter, i, all) => all.indexOf(reporter) === i)
      .sort((a, b) => a - b);
    const telling = {
      timeMs: event.timeMs,
      kind: 'suspect' as const,
      parts: sentence(
        nodeNames(reporters),
        reporters.length === 1 ? ' misses' : ' miss',
        ' 3 heartbeats from ',
        nodeName(node),
        ': suspect.',
      ),
      node,
    };
    const fault = this.#context.faultOf(node, event.timeMs);
    if (fault !== null && this.#context.condition(node).kind !== 'up') this.#context.tell({ ...telling, fault });
    // Nothing we know of caused it, so the story begins here.
    else this.#context.tellFault(telling, this.#context.ledBy(node));
  }

  live(event: ClusterEvent, quiet: boolean): void {
    const node = event.peer;
    if (!this.#isCredible(event) || !this.#suspected.delete(node)) return;
    const { kind, sinceMs } = this.#context.condition(node);
    // After a restart, a resume or a heal the sentence about that says it.
    if (quiet || kind !== 'up' || event.timeMs - sinceMs < 5_000) return;
    this.#context.tell({
      timeMs: event.timeMs,
      kind: 'recovered',
      parts: sentence(nodeName(node), ' answers heartbeats again.'),
      node,
      fault: this.#context.faultOf(node, event.timeMs),
    });
  }

  /** The node starts, resumes or is connected again: its next silence is news. */
  forget(node: number): void {
    this.#suspected.delete(node);
  }

  #isCredible(event: ClusterEvent): boolean {
    const { kind, sinceMs } = this.#context.condition(event.nodeId);
    return kind === 'up' && event.timeMs - sinceMs >= CREDIBLE_AFTER_MS;
  }
}
