import type { NodeStatus } from '../../../engine/rpc/cluster.ts';
import type { StoryContext } from './context.ts';
import { counted, duration, nodeName, sentence } from './text.ts';

interface Pending {
  readonly sinceMs: number;
  /** Where its logs ended before it was away, by partition. */
  readonly from: ReadonlyMap<number, number>;
  /** What the others had committed when it was first heard again. */
  target: ReadonlyMap<number, number> | null;
}

/** Tells when a node that was away has applied all that was committed without it. */
export class CatchUpTeller {
  readonly #context: StoryContext;
  readonly #lastIndexes = new Map<number, ReadonlyMap<number, number>>();
  readonly #committed = new Map<number, number>();
  readonly #pending = new Map<number, Pending>();

  constructor(context: StoryContext) {
    this.#context = context;
  }

  /** The node is back: from here on it has to catch up. */
  begin(node: number, timeMs: number): void {
    this.#pending.set(node, { sinceMs: timeMs, from: this.#lastIndexes.get(node) ?? new Map(), target: null });
  }

  /** It went away again. */
  cancel(node: number): void {
    this.#pending.delete(node);
  }

  reset(): void {
    this.#pending.clear();
  }

  status(status: NodeStatus): void {
    const pending = this.#pending.get(status.nodeId);
    if (pending !== undefined && status.startedAtMs <= status.timeMs && status.timeMs >= pending.sinceMs) {
      this.#follow(status, pending);
    }
    for (const group of status.groups) {
      if (group.partition === undefined) continue;
      this.#committed.set(group.partition, Math.max(this.#committed.get(group.partition) ?? 0, group.commitIndex));
    }
    this.#lastIndexes.set(status.nodeId, lastIndexes(status));
  }

  #follow(status: NodeStatus, pending: Pending): void {
    const groups = status.groups.filter((group) => group.partition !== undefined);
    pending.target ??= new Map(this.#committed);
    const target = pending.target;
    if (groups.length === 0 || groups.some((group) => group.appliedIndex < (target.get(group.partition!) ?? 0))) return;
    // A node that was alone knows no leader yet: it has nobody to be in step with.
    if (groups.some((group) => group.leader === 0)) return;
    this.#pending.delete(status.nodeId);
    const entries = groups.reduce((sum, group) => {
      const from = pending.from.get(group.partition!) ?? group.lastLogIndex;
      return sum + Math.max(0, group.lastLogIndex - from);
    }, 0);
    const partitions = groups.length === 1 ? 'its 1 partition' : `all ${groups.length} partitions`;
    this.#context.tell({
      timeMs: status.timeMs,
      kind: 'recovered',
      parts: sentence(
        nodeName(status.nodeId),
        ` caught up on ${partitions}, ${counted(entries, 'entry', 'entries')} in ${duration(status.timeMs - pending.sinceMs)}.`,
      ),
      node: status.nodeId,
      fault: this.#context.faultOf(status.nodeId, status.timeMs),
    });
  }
}

function lastIndexes(status: NodeStatus): Map<number, number> {
  return new Map(
    status.groups.flatMap((group): [number, number][] =>
      group.partition === undefined ? [] : [[group.partition, group.lastLogIndex]],
    ),
  );
}
