import { raftEventSchema, type RaftEvent } from '../../contract/model.ts';
import type { ClusterEvent } from '../../../engine/rpc/cluster.ts';

/** Enough for a few elections of a group of nine. */
const MAX_EVENTS = 64;
const kinds: ReadonlySet<string> = new Set(raftEventSchema.shape.kind.options);

/** The last events of every partition, in order of their time, bounded. */
export class RaftEvents {
  readonly #byPartition = new Map<number, RaftEvent[]>();

  /** Returns what was added and to which partition; null for events of other kinds. */
  add(event: ClusterEvent): { partition: number; event: RaftEvent } | null {
    if (event.partition === undefined || !kinds.has(event.kind)) return null;
    const events = this.#byPartition.get(event.partition) ?? [];
    this.#byPartition.set(event.partition, events);
    const { timeMs, nodeId, term, peer, voters, detail } = event;
    const kind = event.kind as RaftEvent['kind'];
    // Each node reports in order, but one may be heard later than another.
    const after = events.findLastIndex((other) => other.timeMs <= timeMs);
    const added: RaftEvent = { timeMs, node: nodeId, kind, term, peer, voters: [...voters], detail };
    events.splice(after + 1, 0, added);
    if (events.length > MAX_EVENTS) events.shift();
    return { partition: event.partition, event: added };
  }

  of(partition: number): readonly RaftEvent[] {
    return this.#byPartition.get(partition) ?? [];
  }
}
