import { envelopeSize, MAX_FRAME_ENTRIES, MAX_FRAME_MESSAGES, type PeerFrame } from './codec.ts';
import type { Envelope } from './types.ts';

/** What may wait for one peer. Beyond it the newest is dropped and Raft sends it again. */
export interface QueueLimits {
  readonly maxMessages: number;
  readonly maxBytes: number;
  /** A frame is closed once it reaches this; one message larger than it gets a frame of its own. */
  readonly frameBytes: number;
  /** A message larger than this would be refused by the peer, and is dropped. */
  readonly maxMessageBytes: number;
}

interface Probe {
  readonly ping: number;
  readonly pong: number;
  readonly releaseAtMs: number;
}

/** Delayed probes are worth nothing once there are this many. */
const MAX_PROBES = 64;

/** What waits to go to one peer, in the order it was sent. */
export class OutboundQueue {
  readonly #limits: QueueLimits;
  // Parallel arrays, taken from the front at `#head`: a queue of thousands of small
  // messages then costs no object for each.
  #envelopes: Envelope[] = [];
  #sizes: number[] = [];
  #releases: number[] = [];
  #head = 0;
  #bytes = 0;
  #probes: Probe[] = [];

  constructor(limits: QueueLimits) {
    this.#limits = limits;
  }

  get messageCount(): number {
    return this.#envelopes.length - this.#head;
  }

  get sizeBytes(): number {
    return this.#bytes;
  }

  /**
   * Adds what fits and returns how many envelopes did not. `releaseAtMs` is the earliest
   * time at which they may be taken; before them goes what was added before, however late.
   */
  push(envelopes: readonly Envelope[], releaseAtMs: number): number {
    const { maxMessages, maxBytes, maxMessageBytes } = this.#limits;
    let dropped = 0;
    for (const envelope of envelopes) {
      const size = envelopeSize(envelope);
      if (
        this.messageCount >= maxMessages ||
        this.#bytes + size > maxBytes ||
        size > maxMessageBytes ||
        envelope.message.entries.length > MAX_FRAME_ENTRIES
      ) {
        dropped++;
        continue;
      }
      this.#envelopes.push(envelope);
      this.#sizes.push(size);
      this.#releases.push(releaseAtMs);
      this.#bytes += size;
    }
    return dropped;
  }

  /** Probes ride on the next frame and may overtake messages: they measure the link, not the queue. */
  pushProbe(ping: number, pong: number, releaseAtMs: number): void {
    if (this.#probes.length >= MAX_PROBES) return;
    this.#probes.push({ ping, pong, releaseAtMs });
  }

  /** The next frame and its size, or undefined when nothing may go out yet. */
  takeFrame(nowMs: number): { frame: PeerFrame; sizeBytes: number } | undefined {
    const { frameBytes } = this.#limits;
    const head = this.#head;
    const end = this.#envelopes.length;
    let at = head;
    let bytes = 0;
    let entries = 0;
    while (at < end && at - head < MAX_FRAME_MESSAGES && (this.#releases[at] as number) <= nowMs) {
      const size = this.#sizes[at] as number;
      const count = (this.#envelopes[at] as Envelope).message.entries.length;
      if (at > head && (bytes + size > frameBytes || entries + count > MAX_FRAME_ENTRIES)) break;
      bytes += size;
      entries += count;
      at++;
    }
    const probe = this.#takeProbe(nowMs);
    if (at === head && probe === undefined) return undefined;
    const messages = this.#takeUntil(at);
    this.#bytes -= bytes;
    return {
      frame: { hello: null, messages, ping: probe?.ping ?? 0, pong: probe?.pong ?? 0 },
      sizeBytes: bytes,
    };
  }

  /** When the first thing that waits may go out; Infinity when nothing waits. */
  nextReleaseMs(): number {
    const message = this.#releases[this.#head] ?? Infinity;
    return Math.min(message, this.#probes[0]?.releaseAtMs ?? Infinity);
  }

  /** Ends all delays. */
  releaseAll(): void {
    this.#releases.fill(0);
    this.#probes = this.#probes.map((probe) => ({ ...probe, releaseAtMs: 0 }));
  }

  /** Forgets everything and returns how many messages that were. */
  clear(): number {
    const dropped = this.messageCount;
    this.#envelopes = [];
    this.#sizes = [];
    this.#releases = [];
    this.#head = 0;
    this.#bytes = 0;
    this.#probes = [];
    return dropped;
  }

  #takeUntil(at: number): readonly Envelope[] {
    if (this.#head === 0 && at === this.#envelopes.length) {
      const all = this.#envelopes;
      this.#envelopes = [];
      this.#sizes = [];
      this.#releases = [];
      return all;
    }
    const taken = this.#envelopes.slice(this.#head, at);
    this.#head = at;
    // The front is cut off once it is most of the array, so each message is moved about once.
    if (at * 2 >= this.#envelopes.length) {
      this.#envelopes = this.#envelopes.slice(at);
      this.#sizes = this.#sizes.slice(at);
      this.#releases = this.#releases.slice(at);
      this.#head = 0;
    }
    return taken;
  }

  #takeProbe(nowMs: number): Probe | undefined {
    const first = this.#probes[0];
    return first !== undefined && first.releaseAtMs <= nowMs ? this.#probes.shift() : undefined;
  }
}
