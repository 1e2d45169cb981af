import { status, type ServerDuplexStream } from '@grpc/grpc-js';
import type { NodeId } from '../raft/types.ts';
import { impostorWords } from './certified-node.ts';
import { isRefusal, readHello, type Identity, type Refusal } from './handshake.ts';
import type { PeerTable } from './peers.ts';
import { fromWire, type SnapshotAnswer, type SnapshotFrame } from './snapshot-service.ts';
import type { ChunkSink, SnapshotListener } from './types.ts';

/** Pieces of a transfer whose stream broke are kept this long for the next attempt. */
const KEEP_MS = 60_000;

export interface SnapshotReceiverOptions {
  readonly identity: Identity;
  readonly peers: Pick<PeerTable, 'admit'>;
  /** Whether the link to this peer is cut by a fault. */
  readonly isCut: (node: NodeId) => boolean;
  readonly listener: SnapshotListener;
  /** Peers come with certificates, which must be of the node that the hello names. */
  readonly certified: boolean;
  readonly onRefused: (reason: string) => void;
}

/** What has arrived of one snapshot. */
interface Transfer {
  readonly id: number;
  readonly sink: ChunkSink;
  chunks: number;
  /** The stream that feeds it; what an earlier one still delivers is ignored. */
  call: SnapshotCall | null;
  expiry: NodeJS.Timeout | undefined;
}

export type SnapshotCall = ServerDuplexStream<SnapshotFrame, SnapshotAnswer>;

/** The receiving side of `RaftTransport.Snapshot`. */
export class SnapshotReceiver {
  readonly #options: SnapshotReceiverOptions;
  /** By sender and group. */
  readonly #transfers = new Map<string, Transfer>();
  #closed = false;

  constructor(options: SnapshotReceiverOptions) {
    this.#options = options;
  }

  accept(call: SnapshotCall): void {
    let transfer: Transfer | null = null;
    let key = '';
    const refuse = ({ code, reason }: Refusal): void => {
      this.#options.onRefused(`a snapshot from ${call.getPeer()}: ${reason}`);
      call.emit('error', { code, details: reason });
    };
    call.on('data', (frame: SnapshotFrame) => {
      if (this.#closed) return;
      if (transfer === null) {
        const opened = this.#open(call, frame);
        if (opened === null) return;
        if ('reason' in opened) return refuse(opened);
        ({ key, transfer } = opened);
        call.write({ wanted: true, chunksHeld: transfer.chunks, installed: false });
        return;
      }
      if (transfer.call !== call) return;
      const reason = this.#take(call, key, transfer, frame);
      if (reason !== null) refuse({ code: status.INVALID_ARGUMENT, reason });
    });
    const gone = (): void => {
      if (transfer === null || transfer.call !== call) return;
      transfer.call = null;
      const kept = transfer;
      transfer.expiry = setTimeout(() => this.#drop(key, kept), KEEP_MS);
    };
    call.on('cancelled', gone);
    call.on('close', gone);
    call.on('error', gone);
    call.on('end', () => {
      gone();
      call.end();
    });
  }

  close(): void {
    this.#closed = true;
    for (const [key, transfer] of this.#transfers) this.#drop(key, transfer);
  }

  /** The transfer that a first frame belongs to; null when it was answered, with that it is of no use. */
  #open(call: SnapshotCall, frame: SnapshotFrame): { key: string; transfer: Transfer } | Refusal | null {
    const { identity, peers, isCut, listener } = this.#options;
    const hello = readHello(identity, { hello: frame.hello ?? null, messages: [], ping: 0, pong: 0 });
    if (isRefusal(hello)) return hello;
    const from = hello.nodeId;
    const impostor = this.#options.certified ? impostorWords(call, identity, from) : null;
    if (impostor !== null) return { code: status.PERMISSION_DENIED, reason: impostor };
    const stranger = peers.admit(hello);
    if (stranger !== null) return stranger;
    if (isCut(from)) return { code: status.UNAVAILABLE, reason: 'unreachable' };
    const wire = frame.offer ?? null;
    const offer = wire === null ? null : fromWire(wire);
    if (wire === null || offer === null) {
      return { code: status.INVALID_ARGUMENT, reason: 'the first frame offers no snapshot that could be' };
    }
    const key = `${from}/${offer.group}`;
    const held = this.#transfers.get(key);
    if (held !== undefined && held.id === wire.transferId) {
      clearTimeout(held.expiry);
      held.call = call;
      return { key, transfer: held };
    }
    if (held !== undefined) this.#drop(key, held);
    const sink = listener.offered(from, offer);
    if (sink === null) {
      call.write({ wanted: false, chunksHeld: 0, installed: false });
      call.end();
      return null;
    }
    const transfer: Transfer = { id: wire.transferId, sink, chunks: 0, call, expiry: undefined };
    this.#transfers.set(key, transfer);
    return { key, transfer };
  }

  /** Why the stream cannot go on, or null. */
  #take(call: SnapshotCall, key: string, transfer: Transfer, frame: SnapshotFrame): string | null {
    if (frame.chunk !== undefined && frame.chunk.length > 0) {
      if (!transfer.sink.write(frame.chunk)) {
        this.#drop(key, transfer);
        return 'a piece of a snapshot cannot be taken in';
      }
      transfer.chunks++;
    }
    if (frame.done !== true) return null;
    this.#transfers.delete(key);
    transfer.call = null;
    call.write({ wanted: true, chunksHeld: transfer.chunks, installed: transfer.sink.finish() });
    call.end();
    return null;
  }

  #drop(key: string, transfer: Transfer): void {
    clearTimeout(transfer.expiry);
    transfer.call = null;
    if (this.#transfers.get(key) !== transfer) return;
    this.#transfers.delete(key);
    transfer.sink.abort();
  }
}
