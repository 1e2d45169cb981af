import { status } from '@grpc/grpc-js';
import type { NodeId } from '../raft/types.ts';
import type { PeerFrame } from './codec.ts';
import type { FaultFilter } from './faults.ts';
import type { Refusal } from './handshake.ts';
import { OutboundQueue, type QueueLimits } from './outbound-queue.ts';
import type { Envelope, PeerLinkStatus, PeerListener } from './types.ts';

/** One end of an open stream, whichever side dialed it. */
export interface PeerStream {
  /** `done` is called once the frame has left for the network; never, if the stream breaks first. */
  write(frame: PeerFrame, done: () => void): void;
  /** Ends the stream and tells the peer why. Harmless on one that has ended. */
  end(refusal: Refusal): void;
}

/**
 * What may be on its way into the network at once. Small, so that what waits is in our own
 * bounded queue, where it can still be merged into larger frames, and not in gRPC's.
 */
const MAX_UNSENT_FRAMES = 8;
const MAX_UNSENT_BYTES = 1024 * 1024;

/** Above this a round trip tells of a paused process, not of the link. */
const MAX_ROUND_TRIP_MS = 10_000;
/** Falls faster than it rises, so that a pause of the peer is soon forgotten. */
const RISING_WEIGHT = 0.25;
const FALLING_WEIGHT = 0.5;

export interface PeerLinkOptions {
  readonly self: NodeId;
  readonly peer: NodeId;
  readonly listener: PeerListener;
  readonly limits: QueueLimits;
}

/**
 * This node's view of one peer: the stream when there is one, what waits to be sent, what
 * was heard. At most one stream is attached; what an earlier one still delivers is ignored.
 */
export class PeerLink {
  readonly peer: NodeId;
  readonly #self: NodeId;
  readonly #listener: PeerListener;
  readonly #queue: OutboundQueue;
  #stream: PeerStream | undefined;
  #fault: FaultFilter | undefined;
  #unsentFrames = 0;
  #unsentBytes = 0;
  #flushPlanned = false;
  /** The next thing that is sent takes a ping along. */
  #pingDue = false;
  #delayTimer: NodeJS.Timeout | undefined;
  #lastHeardAtMs = -Infinity;
  #roundTripMs = 0;
  #droppedMessages = 0;

  constructor(options: PeerLinkOptions) {
    this.peer = options.peer;
    this.#self = options.self;
    this.#listener = options.listener;
    this.#queue = new OutboundQueue(options.limits);
  }

  get cut(): boolean {
    return this.#fault?.cut === true;
  }

  /** Messages that were not sent since the start, for whatever reason. */
  get droppedMessages(): number {
    return this.#droppedMessages;
  }

  /** Messages that wait for the network or for an injected delay. */
  get queuedMessages(): number {
    return this.#queue.messageCount;
  }

  /** Takes over a stream whose handshake is done. A stream that was there before is ended. */
  attach(stream: PeerStream): void {
    const previous = this.#stream;
    if (previous !== undefined) {
      this.detach(previous);
      previous.end({ code: status.ABORTED, reason: `replaced by a newer stream from node ${this.peer}` });
    }
    this.#stream = stream;
    this.#lastHeardAtMs = performance.now();
    this.#listener.connected(this.peer);
  }

  /** Lets go of a stream that broke; nothing happens when it is not the attached one. */
  detach(stream: PeerStream): void {
    if (this.#stream !== stream) return;
    this.#stream = undefined;
    this.#unsentFrames = 0;
    this.#unsentBytes = 0;
    this.#roundTripMs = 0;
    this.#pingDue = false;
    this.#droppedMessages += this.#queue.clear();
    this.#stopDelayTimer();
    this.#listener.disconnected(this.peer);
  }

  /** Lets go of the stream without a word to the listener. */
  close(refusal: Refusal): void {
    const stream = this.#stream;
    this.#stream = undefined;
    this.#queue.clear();
    this.#stopDelayTimer();
    stream?.end(refusal);
  }

  send(envelopes: readonly Envelope[]): void {
    if (this.#stream === undefined || this.cut) {
      this.#droppedMessages += envelopes.length;
      return;
    }
    if (this.#pingDue) this.#pushPing();
    this.#droppedMessages += this.#queue.push(envelopes, this.#releaseAtMs());
    this.#planFlush();
  }

  /**
   * Asks the peer for an echo, which proves that it lives and measures the round trip: with what
   * is sent to it next, since a frame costs much more than what is in it, or with a frame of its
   * own when nothing was until the next call. To be called at a steady interval.
   */
  ping(): void {
    if (this.#stream === undefined || this.cut) return;
    if (this.#pingDue) {
      this.#pushPing();
      this.#planFlush();
    }
    this.#pingDue = true;
  }

  #pushPing(): void {
    this.#pingDue = false;
    // The clock itself in microseconds, so that the echo needs no memory of what was asked.
    this.#queue.pushProbe(Math.round(performance.now() * 1000), 0, this.#releaseAtMs());
  }

  /** Takes in a frame. Returns why the stream must be refused when it breaks the protocol. */
  receive(stream: PeerStream, frame: PeerFrame): Refusal | undefined {
    if (this.#stream !== stream) return undefined;
    if (frame.hello !== null) return { code: status.INVALID_ARGUMENT, reason: 'a second hello on one stream' };
    for (const { message } of frame.messages) {
      if (message.from !== this.peer || message.to !== this.#self) {
        return {
          code: status.INVALID_ARGUMENT,
          reason: `a message from node ${message.from} to node ${message.to} on the stream from node ${this.peer} to node ${this.#self}`,
        };
      }
    }
    this.#lastHeardAtMs = performance.now();
    if (frame.pong !== 0) this.#measure(frame.pong);
    if (frame.ping !== 0 && !this.cut) this.#queue.pushProbe(0, frame.ping, this.#releaseAtMs());
    if (frame.messages.length > 0) this.#listener.messages(this.peer, frame.messages);
    // After the listener: what it answers in this turn of the event loop takes the echo along.
    if (frame.ping !== 0) setImmediate(() => this.#flush());
    return undefined;
  }

  setFault(fault: FaultFilter | undefined): void {
    if (this.#fault === undefined && fault === undefined) return;
    this.#fault = fault;
    if (this.cut) this.#droppedMessages += this.#queue.clear();
    else if (fault?.delays !== true) this.#queue.releaseAll();
    this.#stopDelayTimer();
    this.#flush();
  }

  status(): Omit<PeerLinkStatus, 'incarnation'> {
    return {
      nodeId: this.peer,
      connected: this.#stream !== undefined,
      lastHeardMsAgo: performance.now() - this.#lastHeardAtMs,
      roundTripMs: this.#roundTripMs,
      cut: this.cut,
    };
  }

  #releaseAtMs(): number {
    return this.#fault === undefined ? 0 : this.#fault.releaseAtMs(performance.now());
  }

  /** Everything sent in one turn of the event loop goes out together, at the end of it. */
  #planFlush(): void {
    if (this.#flushPlanned) return;
    this.#flushPlanned = true;
    queueMicrotask(() => {
      this.#flushPlanned = false;
      this.#flush();
    });
  }

  #flush(): void {
    const stream = this.#stream;
    if (stream === undefined) return;
    while (this.#mayWrite()) {
      // The clock is only asked where something is delayed.
      const taken = this.#queue.takeFrame(this.#fault === undefined ? 0 : performance.now());
      if (taken === undefined) break;
      if (this.#fault?.losesFrame() === true) {
        this.#droppedMessages += taken.frame.messages.length;
        continue;
      }
      this.#write(stream, taken.frame, taken.sizeBytes);
    }
    this.#planDelayedFlush();
  }

  #mayWrite(): boolean {
    return this.#unsentFrames < MAX_UNSENT_FRAMES && this.#unsentBytes < MAX_UNSENT_BYTES;
  }

  #write(stream: PeerStream, frame: PeerFrame, sizeBytes: number): void {
    this.#unsentFrames++;
    this.#unsentBytes += sizeBytes;
    stream.write(frame, () => {
      if (this.#stream !== stream) return;
      this.#unsentFrames--;
      this.#unsentBytes -= sizeBytes;
      this.#flush();
    });
  }

  #planDelayedFlush(): void {
    // Where the network is the limit, its progress flushes again.
    if (this.#fault === undefined || this.#delayTimer !== undefined || !this.#mayWrite()) return;
    const releaseAtMs = this.#queue.nextReleaseMs();
    if (releaseAtMs === Infinity) return;
    this.#delayTimer = setTimeout(
      () => {
        this.#delayTimer = undefined;
        this.#flush();
      },
      Math.max(0, releaseAtMs - performance.now()),
    );
  }

  #stopDelayTimer(): void {
    clearTimeout(this.#delayTimer);
    this.#delayTimer = undefined;
  }

  #measure(pong: number): void {
    const sampleMs = performance.now() - pong / 1000;
    if (!(sampleMs >= 0 && sampleMs <= MAX_ROUND_TRIP_MS)) return;
    const change = sampleMs - this.#roundTripMs;
    if (this.#roundTripMs === 0) this.#roundTripMs = sampleMs;
    else this.#roundTripMs += change * (change > 0 ? RISING_WEIGHT : FALLING_WEIGHT);
  }
}
