import type { ClusterEvent } from '../../../engine/rpc/cluster.ts';
import { PATIENCE_MS } from './causes.ts';
import type { StoryContext } from './context.ts';
import type { StoryInput } from './input.ts';
import type { ReorderBuffer } from './reorder.ts';
import { nodeName, nodeNames, sentence } from './text.ts';

/** A node that has just come back finds its peers silent, since it was away itself. */
const CREDIBLE_AFTER_MS = 500;
/** After a restart, a resume or a heal the sentence about that says that the node is back. */
const JUST_BACK_MS = 5_000;

type EventInput = Extract<StoryInput, { type: 'event' }>;

interface Suspicion {
  readonly sinceMs: number;
  readonly reporters: Set<number>;
  /** Nothing is said of it, not of its end either: it began while a cluster starts or stops. */
  readonly isSilent: boolean;
  told: boolean;
}

/** Who misses whose heartbeats: told once for all who miss them. */
export class SuspectTeller {
  readonly #context: StoryContext;
  readonly #buffer: ReorderBuffer;
  readonly #suspicions = new Map<number, Suspicion>();

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
    const reporters = [event, ...together.map((input) => input.event).filter((e) => this.#isCredible(e))].map(
      (e) => e.nodeId,
    );
    const known = this.#suspicions.get(node);
    if (known !== undefined) {
      for (const reporter of reporters) known.reporters.add(reporter);
      return;
    }
    // Nobody is surprised that a node which was stopped in order sends no heartbeats.
    const isSilent = quiet || this.#context.condition(node).kind === 'stopped';
    const suspicion: Suspicion = { sinceMs: event.timeMs, reporters: new Set(reporters), isSilent, told: false };
    this.#suspicions.set(node, suspicion);
    if (!isSilent && this.#context.condition(node).kind !== 'up') this.#tell(node, suspicion);
  }

  live(event: ClusterEvent, quiet: boolean): void {
    const node = event.peer;
    const suspicion = this.#suspicions.get(node);
    if (suspicion === undefined || !this.#isCredible(event)) return;
    suspicion.reporters.delete(event.nodeId);
    if (suspicion.reporters.size > 0) return;
    this.#suspicions.delete(node);
    const { kind, sinceMs } = this.#context.condition(node);
    if (quiet || !suspicion.told || kind !== 'up' || event.timeMs - sinceMs < JUST_BACK_MS) return;
    this.#context.tell({
      timeMs: event.timeMs,
      kind: 'recovered',
      parts: sentence(nodeName(node), ' answers heartbeats again.'),
      node,
      fault: this.#context.faultOf(node, event.timeMs),
    });
  }

  /** Tells the suspicions that have lasted. */
  advance(nowMs: number): void {
    for (const [node, suspicion] of this.#suspicions) {
      // A silence that nothing explains must last: three heartbeats are soon missed on a machine that is busy.
      if (!suspicion.told && !suspicion.isSilent && nowMs - suspicion.sinceMs >= PATIENCE_MS)
        this.#tell(node, suspicion);
    }
  }

  /** The node starts, resumes or is connected again: its next silence is news. */
  forget(node: number): void {
    this.#suspicions.delete(node);
  }

  #tell(node: number, suspicion: Suspicion): void {
    suspicion.told = true;
    const reporters = [...suspicion.reporters].sort((a, b) => a - b);
    const telling = {
      timeMs: suspicion.sinceMs,
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
    const fault = this.#context.faultOf(node, suspicion.sinceMs);
    const isExplained = this.#context.condition(node).kind !== 'up' || (fault?.peers.length ?? 0) > 0;
    if (fault !== null && isExplained) this.#context.tell({ ...telling, fault });
    // Nothing we know of caused it, so the story begins here.
    else this.#context.tellFault(telling, this.#context.ledBy(node));
  }

  #isCredible(event: ClusterEvent): boolean {
    const { kind, sinceMs } = this.#context.condition(event.nodeId);
    return kind === 'up' && event.timeMs - sinceMs >= CREDIBLE_AFTER_MS;
  }
}
