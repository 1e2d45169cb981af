import { status } from '@grpc/grpc-js';
import { describe, expect, it } from 'vitest';
import type { PeerFrame } from '../../../engine/transport/codec.ts';
import type { Refusal } from '../../../engine/transport/handshake.ts';
import { PeerLink, type PeerStream } from '../../../engine/transport/peer-link.ts';
import { entry, envelope, frame } from './frames.ts';

/** A network that takes frames and sends them when told to. */
class FakeStream implements PeerStream {
  readonly frames: PeerFrame[] = [];
  readonly ends: Refusal[] = [];
  readonly #pending: (() => void)[] = [];

  write(value: PeerFrame, done: () => void): void {
    this.frames.push(value);
    this.#pending.push(done);
  }

  end(refusal: Refusal): void {
    this.ends.push(refusal);
  }

  /** Lets all frames leave that were written so far. */
  progress(): void {
    for (const done of this.#pending.splice(0)) done();
  }

  get indexes(): number[] {
    return this.frames.flatMap((one) => one.messages.map((m) => m.message.index));
  }
}

function setUp() {
  const events: string[] = [];
  const limits = { maxMessages: 1000, maxBytes: 10 << 20, frameBytes: 4 << 20, maxMessageBytes: 8 << 20 };
  const listener = {
    messages: (from: number, envelopes: readonly unknown[]) => void events.push(`${envelopes.length} from ${from}`),
    connected: (peer: number) => void events.push(`connected ${peer}`),
    disconnected: (peer: number) => void events.push(`disconnected ${peer}`),
  };
  const link = new PeerLink({ self: 1, peer: 2, listener, limits });
  return { link, events };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
const fromPeer = envelope({ from: 2, to: 1 });

describe('PeerLink', () => {
  it('keeps few frames on the way and merges what waits into larger ones', async () => {
    const { link } = setUp();
    const stream = new FakeStream();
    link.attach(stream);
    for (let index = 1; index <= 100; index++) {
      link.send([envelope({ index })]);
      await turn();
    }
    expect(stream.frames.length).toBe(8);
    expect(link.queuedMessages).toBe(92);
    stream.progress();
    expect(stream.frames.length).toBe(9);
    expect(stream.indexes).toEqual(Array.from({ length: 100 }, (_, i) => i + 1));
    expect(link.droppedMessages).toBe(0);
  });

  it('keeps few bytes on the way', async () => {
    const { link } = setUp();
    const stream = new FakeStream();
    link.attach(stream);
    for (let index = 1; index <= 3; index++) {
      link.send([envelope({ index, entries: [entry(1, new Uint8Array(1 << 20))] })]);
      await turn();
    }
    expect(stream.indexes).toEqual([1]);
    stream.progress();
    expect(stream.indexes).toEqual([1, 2, 3]);
  });

  it('hears nothing from a stream that was replaced, in whatever order things happen', async () => {
    const { link, events } = setUp();
    const [old, next] = [new FakeStream(), new FakeStream()];
    link.attach(old);
    link.send([envelope({ index: 1 })]);
    await turn();
    link.attach(next);
    expect(old.ends).toEqual([{ code: status.ABORTED, reason: 'replaced by a newer stream from node 2' }]);
    events.length = 0;
    expect(link.receive(old, frame({ messages: [fromPeer], ping: 5 }))).toBeUndefined();
    old.progress();
    link.detach(old);
    await turn();
    expect(events).toEqual([]);
    expect(next.frames).toEqual([]);
    expect(link.receive(next, frame({ messages: [fromPeer] }))).toBeUndefined();
    expect(events).toEqual(['1 from 2']);
    link.detach(next);
    link.detach(next);
    expect(events).toEqual(['1 from 2', 'disconnected 2']);
  });

  it('carries nothing over from a broken stream to the next', async () => {
    const { link } = setUp();
    const [old, next] = [new FakeStream(), new FakeStream()];
    link.attach(old);
    for (let index = 1; index <= 20; index++) {
      link.send([envelope({ index })]);
      await turn();
    }
    link.send([envelope({ index: 21 })]);
    link.detach(old);
    link.attach(next);
    await turn();
    expect(next.frames).toEqual([]);
    expect(link.droppedMessages).toBe(13);
    for (let index = 1; index <= 8; index++) {
      link.send([envelope({ index })]);
      await turn();
    }
    expect(next.frames.length).toBe(8);
  });

  it('echoes a ping, ignores an echo that makes no sense, and measures one that does', async () => {
    const { link } = setUp();
    const stream = new FakeStream();
    link.attach(stream);
    link.receive(stream, frame({ ping: 77 }));
    await turn();
    expect(stream.frames).toEqual([frame({ pong: 77 })]);
    link.receive(stream, frame({ pong: Number.MAX_SAFE_INTEGER }));
    expect(link.status().roundTripMs).toBe(0);
    link.ping();
    await turn();
    expect(stream.frames).toHaveLength(1);
    // Nothing was sent that could have taken it along.
    link.ping();
    await turn();
    link.receive(stream, frame({ pong: stream.frames[1]!.ping }));
    expect(link.status().roundTripMs).toBeGreaterThan(0);
  });

  it('lets pings and echoes travel with what is sent anyway', async () => {
    const { link } = setUp();
    const stream = new FakeStream();
    link.attach(stream);
    link.ping();
    link.send([envelope({ index: 1 })]);
    await turn();
    expect(stream.frames).toHaveLength(1);
    expect(stream.frames[0]!.ping).toBeGreaterThan(0);
    // One in an interval is enough.
    link.send([envelope({ index: 2 })]);
    await turn();
    expect(stream.frames[1]!.ping).toBe(0);
    link.receive(stream, frame({ ping: 77 }));
    link.send([envelope({ index: 3 })]);
    await turn();
    expect(stream.frames).toHaveLength(3);
    expect(stream.frames[2]).toMatchObject({ pong: 77, messages: [{ message: { index: 3 } }] });
  });

  it('says nothing once closed', async () => {
    const { link, events } = setUp();
    const stream = new FakeStream();
    link.attach(stream);
    link.send([envelope()]);
    link.close({ code: status.UNAVAILABLE, reason: 'stopping' });
    link.detach(stream);
    link.receive(stream, frame({ messages: [fromPeer] }));
    await turn();
    expect(events).toEqual(['connected 2']);
    expect(stream.frames).toEqual([]);
    expect(stream.ends).toHaveLength(1);
  });
});
