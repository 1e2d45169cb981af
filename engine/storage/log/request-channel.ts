import type { LogWrite } from '../types.ts';
import { encodeRequest, requestWords, wordsOf } from './request-codec.ts';
import type { RingWriter } from './request-ring.ts';

/** A larger request goes as a message: what that costs does not matter to it, and the ring stays small. */
const RING_SHARE = 8;

/** A request in memory of its own. */
export type ApartRequest = Float64Array<ArrayBuffer>;

/** Encodes a request that cannot be written into the ring now. */
export function encodeApart(id: number, batch: readonly LogWrite[], sizeLimitBytes: number): ApartRequest {
  const buffer = new ArrayBuffer(requestWords(batch) * 8);
  const end = encodeRequest(wordsOf(buffer), 0, id, batch, sizeLimitBytes);
  return new Float64Array(buffer, 0, end);
}

/** Brings requests of whatever size to the writer's thread, in order. */
export class RequestChannel {
  readonly #ring: RingWriter;
  readonly #maxWords: number;
  readonly #post: (request: ApartRequest) => void;
  /** For which the ring had no room. */
  #waiting: ApartRequest[] = [];

  /** `post` is to send the request as a message and hand over its memory. */
  constructor(ring: RingWriter, post: (request: ApartRequest) => void) {
    this.#ring = ring;
    this.#maxWords = ring.words.numbers.length / RING_SHARE;
    this.#post = post;
  }

  send(id: number, batch: readonly LogWrite[], sizeLimitBytes: number): void {
    const words = requestWords(batch);
    if (this.#waiting.length === 0 && words <= this.#maxWords) {
      const at = this.#ring.reserve(words);
      if (at !== undefined) {
        this.#ring.publish(at, encodeRequest(this.#ring.words, at, id, batch, sizeLimitBytes));
        return;
      }
    }
    this.sendApart(encodeApart(id, batch, sizeLimitBytes));
  }

  sendApart(request: ApartRequest): void {
    this.#waiting.push(request);
    this.flush();
  }

  /** Sends on what there is room for now: to be called after the writer has answered. */
  flush(): void {
    let sent = 0;
    for (const request of this.#waiting) {
      if (!this.#put(request)) break;
      sent++;
    }
    if (sent > 0) this.#waiting.splice(0, sent);
  }

  /** Nothing of what waits is to be written any more. */
  drop(): void {
    this.#waiting = [];
  }

  #put(request: ApartRequest): boolean {
    const inRing = request.length <= this.#maxWords;
    const at = this.#ring.reserve(inRing ? request.length : 0);
    if (at === undefined) return false;
    if (inRing) {
      this.#ring.words.numbers.set(request, at);
      this.#ring.publish(at, at + request.length);
    } else {
      // First: the reader looks for the message as soon as it sees the record.
      this.#post(request);
      this.#ring.publishApart(at);
    }
    return true;
  }
}
