import type { StoryEvent } from '../../contract/model.ts';
import { majorityOf } from '../clusters/placement.ts';
import type { Part } from './text.ts';

/** What happened last to a node, as far as the story knows. */
export interface Condition {
  readonly kind: 'up' | 'dead' | 'paused' | 'stopped' | 'isolated';
  readonly sinceMs: number;
}

/** Something that began a story; what follows carries its id and the time since. */
export interface Fault {
  readonly id: string;
  readonly timeMs: number;
  readonly node: number;
  /** The other end, of a link; empty for what befell one node alone. */
  readonly peers: readonly number[];
  /** Partitions the node led when it happened. */
  readonly led: readonly number[];
}

/** After this long nothing is told as a consequence of a fault any more. */
const STORY_LENGTH_MS = 10 * 60_000;
/** An election of a partition that the faulted node did not lead still belongs to the fault for this long. */
const AFTERMATH_MS = 10_000;
const MAX_FAULTS = 32;
const MAX_RECENT_IDS = 128;

export interface Telling {
  readonly timeMs: number;
  readonly kind: StoryEvent['kind'];
  readonly parts: Part[];
  readonly node?: number | null;
  readonly partition?: number | null;
  readonly term?: number | null;
  readonly fault?: Fault | null;
}

/** What all tellers of one cluster's story know together, and where their sentences go. */
export class StoryContext {
  readonly nodes: readonly number[];
  /** replicas[p]: the nodes that hold partition p. */
  readonly replicas: readonly (readonly number[])[];
  readonly leaders = new Map<number, { readonly leader: number; readonly term: number }>();
  readonly #conditions = new Map<number, Condition>();
  #faults: Fault[] = [];
  #told: StoryEvent[] = [];
  #recentIds: string[] = [];

  constructor(nodes: readonly number[], replicas: readonly (readonly number[])[]) {
    this.nodes = nodes;
    this.replicas = replicas;
  }

  condition(node: number): Condition {
    return this.#conditions.get(node) ?? { kind: 'stopped', sinceMs: 0 };
  }

  setCondition(node: number, kind: Condition['kind'], timeMs: number): void {
    this.#conditions.set(node, { kind, sinceMs: timeMs });
  }

  get nodesDown(): number[] {
    return this.nodes.filter((node) => this.condition(node).kind !== 'up');
  }

  hasQuorum(partition: number): boolean {
    const replicas = this.replicas[partition] ?? [];
    const up = replicas.filter((node) => this.condition(node).kind === 'up').length;
    return up >= majorityOf(replicas.length);
  }

  ledBy(node: number): number[] {
    return [...this.leaders]
      .filter(([, { leader }]) => leader === node)
      .map(([partition]) => partition)
      .sort((a, b) => a - b);
  }

  /** The node leads no longer; its partitions keep their terms. Returns what it led. */
  unseat(node: number): number[] {
    const led = this.ledBy(node);
    for (const partition of led) {
      this.leaders.set(partition, { leader: 0, term: this.leaders.get(partition)?.term ?? 0 });
    }
    return led;
  }

  /** Begins a story with its first sentence. */
  tellFault(
    telling: Telling & { readonly node: number },
    led: readonly number[],
    peers: readonly number[] = [],
  ): Fault {
    const event = this.tell(telling, true);
    const fault: Fault = { id: event.id, timeMs: telling.timeMs, node: telling.node, peers, led };
    this.#faults = [...this.#faults, fault].slice(-MAX_FAULTS);
    return fault;
  }

  /** The newest story about this node, or about a link of it. */
  faultOf(node: number, timeMs: number): Fault | null {
    const isAbout = (fault: Fault) => fault.node === node || fault.peers.includes(node);
    return this.#faults.findLast((fault) => isAbout(fault) && isWithin(fault, timeMs, STORY_LENGTH_MS)) ?? null;
  }

  /** The story that an election of this partition belongs to: of the node that led it, else of what just happened. */
  faultBehind(partition: number, timeMs: number): Fault | null {
    return (
      this.#faults.findLast((fault) => fault.led.includes(partition) && isWithin(fault, timeMs, STORY_LENGTH_MS)) ??
      this.latestFault(timeMs, AFTERMATH_MS)
    );
  }

  latestFault(timeMs: number, withinMs: number): Fault | null {
    return this.#faults.findLast((fault) => isWithin(fault, timeMs, withinMs)) ?? null;
  }

  /** Partitions change hands: the faults that led them before have no more claim on later elections. */
  settle(partition: number): void {
    this.#faults = this.#faults.map((fault) =>
      fault.led.includes(partition) ? { ...fault, led: fault.led.filter((p) => p !== partition) } : fault,
    );
  }

  tell(telling: Telling, isFault = false): StoryEvent {
    const fault = telling.fault ?? null;
    const node = telling.node ?? null;
    const partition = telling.partition ?? null;
    const term = telling.term ?? null;
    const id = this.#freshId(
      [telling.timeMs.toString(36), telling.kind, node ?? '', partition ?? '', term ?? ''].join('-'),
    );
    const event: StoryEvent = {
      id,
      timeMs: telling.timeMs,
      kind: telling.kind,
      parts: telling.parts,
      node,
      partition,
      term,
      storyId: isFault ? id : (fault?.id ?? null),
      offsetMs: isFault ? 0 : fault === null ? null : telling.timeMs - fault.timeMs,
    };
    this.#told.push(event);
    return event;
  }

  drain(): StoryEvent[] {
    const told = this.#told;
    this.#told = [];
    return told;
  }

  /** The same happening always gets the same id, so that two apps that watch one cluster agree on it. */
  #freshId(base: string): string {
    let id = base;
    for (let n = 2; this.#recentIds.includes(id); n++) id = `${base}-${n}`;
    this.#recentIds = [...this.#recentIds, id].slice(-MAX_RECENT_IDS);
    return id;
  }
}

function isWithin(fault: Fault, timeMs: number, lengthMs: number): boolean {
  return timeMs >= fault.timeMs && timeMs - fault.timeMs <= lengthMs;
}
