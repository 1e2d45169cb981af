import { connect } from 'node:net';
import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import type { Hello } from '../../../engine/transport/codec.ts';
import { encodePeerFrame } from '../../../engine/transport/codec.ts';
import { PROTOCOL_VERSION } from '../../../engine/transport/handshake.ts';
import { entry, envelope, frame } from './frames.ts';
import { Cleanup, connected, dialRaw, freePorts, read, sleep, startNode, until } from './harness.ts';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

/** The hello of node 1 to node 2, as it should be but for `changes`. */
function hello(changes: Partial<Hello> = {}): Hello {
  return {
    protocolVersion: PROTOCOL_VERSION,
    clusterId: 'test-cluster',
    nodeId: 1,
    toNodeId: 2,
    incarnation: '',
    ...changes,
  };
}

describe('a stream is refused with a reason', () => {
  it.each([
    ['anything before the hello', frame({ messages: [envelope()] }), /first frame .* must be a hello/],
    [
      'another cluster',
      frame({ hello: hello({ clusterId: 'other' }) }),
      /belongs to cluster "test-cluster", not to "other"/,
    ],
    ['another version', frame({ hello: hello({ protocolVersion: 99 }) }), /version 1 .* not 99/],
    ['another node meant', frame({ hello: hello({ toNodeId: 3 }) }), /this is node 2, not node 3/],
    ['a node that is no peer', frame({ hello: hello({ nodeId: 9 }) }), /node 9 is not a peer of node 2/],
    ['a node that should be dialed', frame({ hello: hello({ nodeId: 3 }) }), /node 2 dials node 3/],
    ['the node itself', frame({ hello: hello({ nodeId: 2 }) }), /node 2 is not a peer of node 2/],
  ])('%s', async (_case, first, reason) => {
    const ports = await freePorts(3);
    const two = await startNode(cleanup, 2, ports);
    const raw = dialRaw(cleanup, ports[1]!);
    read(raw);
    raw.call.write(first);
    const ended = await raw.ended;
    expect(ended.code).toBe(status.FAILED_PRECONDITION);
    expect(ended.details).toMatch(reason);
    expect(two.refusals).toHaveLength(1);
    expect(two.refusals[0]).toMatch(reason);
    expect(two.events).toEqual([]);
  });

  it('and both sides say so when two clusters are mixed up', async () => {
    const ports = await freePorts(2);
    const one = await startNode(cleanup, 1, ports, { clusterId: 'one' });
    const two = await startNode(cleanup, 2, ports, { clusterId: 'two' });
    await until('both report', () => one.refusals.length > 0 && two.refusals.length > 0);
    expect(one.refusals[0]).toContain('refused this node: node 2 belongs to cluster "two", not to "one"');
    expect(two.refusals[0]).toContain('belongs to cluster "two", not to "one"');
    expect(one.events).toEqual([]);
  });

  it('and the dialing node refuses a peer that answers as someone else', async () => {
    const ports = await freePorts(3);
    // Node 1 believes node 2 to be where node 3 listens.
    await startNode(cleanup, 3, ports);
    const one = await startNode(cleanup, 1, [ports[0]!, ports[2]!]);
    await until('a report', () => one.refusals.length > 0);
    expect(one.refusals[0]).toContain('this is node 3, not node 2');
  });

  it('and the same reason is reported once, however often a peer tries', async () => {
    const ports = await freePorts(2);
    const two = await startNode(cleanup, 2, ports);
    for (let i = 0; i < 5; i++) {
      const raw = dialRaw(cleanup, ports[1]!);
      raw.call.write(frame({ hello: hello({ clusterId: 'other' }) }));
      read(raw);
      await raw.ended;
    }
    expect(two.refusals).toHaveLength(1);
  });
});

describe('an admitted peer', () => {
  async function admitted() {
    const ports = await freePorts(3);
    const two = await startNode(cleanup, 2, ports);
    let garbage: Buffer | undefined;
    const raw = dialRaw(cleanup, ports[1]!, (value) => garbage ?? encodePeerFrame(value));
    read(raw);
    raw.call.write(frame({ hello: hello() }));
    await until('admitted', () => connected(two, 1));
    const send = (bytes: Buffer): void => {
      garbage = bytes;
      raw.call.write(frame());
    };
    return { ports, two, raw, send };
  }

  it('that sends garbage loses its stream with a reason, and the node lives on', async () => {
    const { ports, two, raw, send } = await admitted();
    send(Buffer.from([0x12, 0xff, 0xff, 0x03]));
    const ended = await raw.ended;
    expect(ended.code).toBe(status.INVALID_ARGUMENT);
    expect(ended.details).toContain('malformed frame: a length runs past the end');
    await until('disconnected', () => !connected(two, 1));
    expect(two.refusals[0]).toContain('malformed frame');
    expect(two.events).toEqual(['connected 1', 'disconnected 1']);

    const one = await startNode(cleanup, 1, ports);
    await until('the real node connects', () => connected(two, 1) && connected(one, 2));
  });

  it('that sends a frame above the limit loses its stream', async () => {
    const { two, raw, send } = await admitted();
    send(Buffer.alloc(17 * 1024 * 1024));
    expect((await raw.ended).code).toBe(status.RESOURCE_EXHAUSTED);
    await until('disconnected', () => !connected(two, 1));
  });

  it.each([
    ['speaks for another node', frame({ messages: [envelope({ from: 3 })] }), 'a message from node 3'],
    ['means another node', frame({ messages: [envelope({ to: 3 })] }), 'to node 3 on the stream'],
    ['says hello twice', frame({ hello: hello() }), 'second hello'],
  ])('that %s loses its stream', async (_case, value, reason) => {
    const { two, raw } = await admitted();
    raw.call.write(value);
    const ended = await raw.ended;
    expect(ended.code).toBe(status.INVALID_ARGUMENT);
    expect(ended.details).toContain(reason);
    expect(two.received).toEqual([]);
  });

  it('is replaced by a second stream from the same node, and the first is told', async () => {
    const { ports, two, raw } = await admitted();
    const second = dialRaw(cleanup, ports[1]!);
    read(second);
    second.call.write(frame({ hello: hello() }));
    const ended = await raw.ended;
    expect(ended.code).toBe(status.ABORTED);
    expect(ended.details).toContain('replaced by a newer stream from node 1');
    expect(two.events).toEqual(['connected 1', 'disconnected 1', 'connected 1']);
    two.transport.send(1, [envelope({ from: 2, to: 1, index: 5 })]);
    await until('the second stream is in use', () => second.frames.some((one) => one.messages.length === 1));
  });

  it('that never reads costs a bounded amount of memory, and gets newer messages once it does', async () => {
    const ports = await freePorts(2);
    const limits = { maxMessages: 500, maxBytes: 2 * 1024 * 1024 };
    const two = await startNode(cleanup, 2, ports, { queueLimits: limits });
    const raw = dialRaw(cleanup, ports[1]!);
    raw.call.write(frame({ hello: hello() }));
    await until('admitted', () => connected(two, 1));

    const total = 4000;
    const data = new Uint8Array(16 * 1024);
    for (let index = 1; index <= total; index++) {
      two.transport.send(1, [envelope({ from: 2, to: 1, index, entries: [entry(index, data)] })]);
      if (index % 20 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(two.transport.queuedMessages(1)).toBeLessThanOrEqual(128);
    const dropped = two.transport.droppedMessages(1);
    // 64 MB were sent; the queue, gRPC and the socket together hold a few.
    expect(dropped).toBeGreaterThan(total / 2);

    read(raw);
    await until('the queue drains', () => two.transport.queuedMessages(1) === 0);
    await until('all that was not dropped arrives', () => {
      return raw.frames.reduce((sum, one) => sum + one.messages.length, 0) === total - dropped;
    });
    const order = raw.frames.flatMap((one) => one.messages.map((m) => m.message.index));
    expect(order).toEqual(order.toSorted((a, b) => a - b));
    two.transport.send(1, [envelope({ from: 2, to: 1, index: 9999 })]);
    await until('new messages arrive', () => raw.frames.at(-1)?.messages.at(-1)?.message.index === 9999);
  });
});

describe('a port that is talked to by anyone', () => {
  it('survives bytes that are not even HTTP/2, and streams that say nothing', async () => {
    const ports = await freePorts(2);
    const two = await startNode(cleanup, 2, ports);
    for (const bytes of ['GET / HTTP/1.1\r\n\r\n', '\u0000\u0001garbage', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n garbage']) {
      const socket = connect(ports[1]!, '127.0.0.1');
      socket.on('error', () => undefined);
      cleanup.add(() => void socket.destroy());
      socket.write(bytes);
    }
    const silent = dialRaw(cleanup, ports[1]!);
    read(silent);
    await sleep(100);
    const one = await startNode(cleanup, 1, ports);
    await until('a real peer connects', () => connected(two, 1) && connected(one, 2));
    expect(two.events).toEqual(['connected 1']);
  });

  it('ends a stream that says no hello', async () => {
    const ports = await freePorts(2);
    await startNode(cleanup, 2, ports);
    const silent = dialRaw(cleanup, ports[1]!);
    read(silent);
    const ended = await silent.ended;
    expect(ended.code).toBe(status.DEADLINE_EXCEEDED);
    expect(ended.details).toContain('no hello');
  });
});
