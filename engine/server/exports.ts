import * as grpc from '@grpc/grpc-js';
import { groupOfPartition } from '../config/ids.ts';
import type { ExportPart, ExportRequest } from '../rpc/cluster.ts';
import type { SnapshotSource, Store } from '../store/index.ts';

/** Until a majority has said what must be in it. */
const BEGIN_MS = 10_000;
const PART_BYTES = 1024 * 1024;
/** While a snapshot is open, the write-ahead log of the state machine grows: it is not left open for who does not read. */
const UNREAD_MS = 30_000;
const MAX_EXPORTS = 8;
const NO_KEY = new Uint8Array(0);

type ExportCall = grpc.ServerWritableStream<ExportRequest, ExportPart>;

/**
 * ClusterService.Export: all keys of one partition as they were at one applied index. The
 * index is chosen by a linearizable read, so that every write which was acknowledged before
 * the call is in it. Writes go on meanwhile. Closed by its owner, before the state machine.
 */
export class Exports {
  readonly #store: Store;
  readonly #monotonicMs: () => number;
  readonly #open = new Set<() => void>();

  constructor(store: Store, monotonicMs: () => number) {
    this.#store = store;
    this.#monotonicMs = monotonicMs;
  }

  serve(call: ExportCall): void {
    const { partition } = call.request;
    const { partitions } = this.#store.routing;
    const refuse = (code: grpc.status, details: string): void => void call.emit('error', { code, details });
    if (!(partition < partitions.length)) {
      return refuse(grpc.status.INVALID_ARGUMENT, `There is no partition ${partition}.`);
    }
    if (this.#open.size >= MAX_EXPORTS) {
      return refuse(
        grpc.status.RESOURCE_EXHAUSTED,
        `${MAX_EXPORTS} exports of this node are open, which is the limit.`,
      );
    }
    let source: SnapshotSource | null = null;
    let isOver = false;
    const end = (): void => {
      isOver = true;
      this.#open.delete(stop);
      source?.close();
      source = null;
    };
    const stop = (): void => {
      if (!isOver) refuse(grpc.status.UNAVAILABLE, 'The node is stopping.');
      end();
    };
    this.#open.add(stop);
    for (const over of ['cancelled', 'error', 'finish', 'close']) call.on(over, end);
    // Any replica will do: it waits until it has applied what its leader had committed.
    this.#store.read(partition, 'follower', this.#monotonicMs() + BEGIN_MS, (answer) => {
      if (isOver) return;
      if (!answer.ok) return refuse(grpc.status.UNAVAILABLE, beginWords(partition, answer.reason));
      const opened = this.#store.consult((state) => state.openSnapshot(groupOfPartition(partition)));
      if (!opened.ok) return refuse(grpc.status.UNAVAILABLE, 'The storage of this node has failed.');
      source = opened.value;
      this.#pump(call, partition, source, () => isOver);
    });
  }

  close(): void {
    for (const stop of this.#open) stop();
  }

  #pump(call: ExportCall, partition: number, source: SnapshotSource, isOver: () => boolean): void {
    const { epoch, partitions } = this.#store.routing;
    const { appliedIndex, revision, keyCount } = source.facts;
    call.write({
      start: { partition, partitions: partitions.length, epoch, index: appliedIndex, revision, keyCount },
      rows: [],
      end: false,
    });
    let after: Uint8Array = NO_KEY;
    let unread: NodeJS.Timeout | undefined;
    const next = (): void => {
      clearTimeout(unread);
      if (isOver()) return;
      try {
        const { rows, more } = source.rows(after, PART_BYTES);
        after = rows.at(-1)?.key ?? after;
        const part: ExportPart = {
          start: null,
          // What is known of keys that are gone stays behind.
          rows: rows
            .filter(({ gone }) => gone === 0)
            .map(({ key, value, revision, version, createdAtMs, updatedAtMs, expiresAtMs }) => ({
              key,
              value,
              revision,
              version,
              createdAtMs,
              updatedAtMs,
              expiresAtMs,
            })),
          end: !more,
        };
        const mayGoOn = call.write(part);
        if (!more) return void call.end();
        // Other callers come in between.
        if (mayGoOn) return void setImmediate(next);
      } catch (error) {
        const details = error instanceof Error ? error.message : String(error);
        call.emit('error', { code: grpc.status.DATA_LOSS, details });
        return;
      }
      call.once('drain', next);
      unread = setTimeout(() => {
        const details = `Nothing was read of the export for ${UNREAD_MS / 1000} s.`;
        call.emit('error', { code: grpc.status.DEADLINE_EXCEEDED, details });
      }, UNREAD_MS);
    };
    call.once('close', () => clearTimeout(unread));
    call.once('cancelled', () => clearTimeout(unread));
    next();
  }
}

function beginWords(partition: number, reason: string): string {
  if (reason === 'notReplica') return `This node has no replica of partition ${partition}.`;
  return `No majority of partition ${partition} said in time what must be in the export. Are most of its replicas up?`;
}
