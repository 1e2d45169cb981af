import type { ClusterEvent, ClusterEventKind } from '../../../engine/rpc/cluster.ts';
import type { Fault, StoryContext } from './context.ts';
import type { StoryInput } from './input.ts';
import type { ReorderBuffer } from './reorder.ts';
import { count, nodeName, nodeNames, partitionNames, sentence, type Part } from './text.ts';

type EventInput = Extract<StoryInput, { type: 'event' }>;

/** Steps on the way to what is told. */
const silent: ReadonlySet<ClusterEventKind> = new Set([
  'snapshotNeeded',
  'snapshotStarted',
  'snapshotSent',
  'logCompacted',
  'membershipChanged',
  'membershipRefused',
  'partitionsMoving',
  'replicaAdded',
  'replicaRemoved',
]);

/** What a cluster does to stay well: leaders that hand over, followers that need a snapshot, strangers that are kept out. */
export class UpkeepTeller {
  readonly #context: StoryContext;
  readonly #buffer: ReorderBuffer;
  /** Of the routing table whose change was told last. */
  #epochTold = 0;

  constructor(context: StoryContext, buffer: ReorderBuffer) {
    this.#context = context;
    this.#buffer = buffer;
  }

  /** False for events that are somebody else's to tell. */
  event(event: ClusterEvent, quiet: boolean): boolean {
    if (silent.has(event.kind)) return true;
    if (event.kind === 'transferStarted') {
      if (!quiet) this.#handsOver(event);
    } else if (event.kind === 'transferFailed') {
      if (!quiet) this.#keeps(event);
    } else if (event.kind === 'snapshotRestored') {
      this.#restored(event);
    } else if (event.kind === 'snapshotFailed') {
      this.#failed(event);
    } else if (event.kind === 'membersChanged') {
      this.#members(event);
    } else if (event.kind === 'nodeRemoved') {
      this.#removed(event);
    } else if (event.kind === 'accessRefused' || event.kind === 'peerRefused') {
      if (!quiet) this.#refused(event);
    } else {
      return false;
    }
    return true;
  }

  /** A node that hands over all it leads does so at once: one sentence. */
  #handsOver(event: ClusterEvent): void {
    const together = this.#buffer.takeMoment(
      event.timeMs,
      (input): input is EventInput =>
        input.type === 'event' && input.event.kind === 'transferStarted' && input.event.nodeId === event.nodeId,
    );
    const events = [event, ...together.map((input) => input.event)].filter((e) => e.partition !== undefined);
    if (events.length === 0) return;
    const partitions = events.map((e) => e.partition!).sort((a, b) => a - b);
    const heirs = [...new Set(events.map((e) => e.peer))].sort((a, b) => a - b);
    this.#context.tell({
      timeMs: event.timeMs,
      kind: 'handover',
      parts: sentence(
        nodeName(event.nodeId),
        ' hands ',
        partitionNames(partitions),
        ' over to ',
        nodeNames(heirs),
        '.',
      ),
      node: event.nodeId,
      partition: partitions.length === 1 ? partitions[0]! : null,
    });
  }

  #keeps(event: ClusterEvent): void {
    this.#notice(event, event.nodeId, (partition) => [
      nodeName(event.nodeId),
      ' goes on leading ',
      partition,
      ': ',
      nodeName(event.peer),
      ` did not take over (${event.detail}).`,
    ]);
  }

  #restored(event: ClusterEvent): void {
    const fault = this.#context.faultOf(event.nodeId, event.timeMs);
    this.#notice(
      event,
      event.nodeId,
      (partition) => [
        nodeName(event.nodeId),
        ' took in a snapshot of ',
        partition,
        ' from ',
        nodeName(event.peer),
        `, up to entry ${count(event.index)}: the entries that it missed were no longer in the log.`,
      ],
      fault,
    );
  }

  #failed(event: ClusterEvent): void {
    this.#notice(event, event.peer, (partition) => [
      'A snapshot of ',
      partition,
      ' from ',
      nodeName(event.nodeId),
      ' did not reach ',
      nodeName(event.peer),
      '; it is sent again when that node is heard from.',
    ]);
  }

  /** Every node hears of it; the first one tells, in its own words. */
  #members({ timeMs, index, detail }: ClusterEvent): void {
    if (index <= this.#epochTold || detail === '') return;
    this.#epochTold = index;
    this.#context.tell({
      timeMs,
      kind: 'notice',
      parts: sentence(`The cluster changes: ${detail}.`),
      node: null,
      partition: null,
    });
  }

  #removed({ timeMs, nodeId, detail }: ClusterEvent): void {
    this.#context.tell({
      timeMs,
      kind: 'notice',
      parts: sentence(nodeName(nodeId), ` stops: ${detail}`),
      node: nodeId,
      partition: null,
    });
  }

  /** The node's own words, which begin with what was refused, or with the peer that it dialed in vain. */
  #refused({ timeMs, nodeId, kind, detail }: ClusterEvent): void {
    const words = detail.startsWith('node ')
      ? ' has no connection to a peer: '
      : ` refused somebody${kind === 'peerRefused' ? ' on the port of its peers' : ''}: `;
    this.#context.tell({
      timeMs,
      kind: 'notice',
      parts: sentence(nodeName(nodeId), `${words}${detail}.`),
      node: nodeId,
      partition: null,
    });
  }

  /** About one partition; what happens to the system group is not told. */
  #notice(
    { timeMs, partition }: ClusterEvent,
    node: number,
    pieces: (partition: Part[]) => Parameters<typeof sentence>,
    fault: Fault | null = null,
  ): void {
    if (partition === undefined) return;
    const parts = sentence(...pieces(partitionNames([partition])));
    this.#context.tell({ timeMs, kind: 'notice', parts, node, partition, fault });
  }
}
