import { afterEach, describe, expect, it } from 'vitest';
import { TransportBindError } from '../../../engine/transport/errors.ts';
import { envelope, entry, message } from './frames.ts';
import { Cleanup, connected, freePorts, sleep, startNode, until } from './harness.ts';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const indexes = (envelopes: readonly { message: { index: number } }[]): number[] =>
  envelopes.map((one) => one.message.index);

describe('a pair of nodes', () => {
  it.each([
    ['the dialing one first', [1, 2]],
    ['the dialed one first', [2, 1]],
  ])('connects when started %s', async (_order, order) => {
    const ports = await freePorts(2);
    const nodes = new Map<number, Awaited<ReturnType<typeof startNode>>>();
    for (const id of order) {
      nodes.set(id, await startNode(cleanup, id, ports));
      await sleep(150);
    }
    const [one, two] = [nodes.get(1)!, nodes.get(2)!];
    await until('both connected', () => connected(one, 2) && connected(two, 1));
    one.transport.send(2, [envelope({ index: 7 })]);
    two.transport.send(1, [envelope({ from: 2, to: 1, index: 8 })]);
    await until('both received', () => one.received.length === 1 && two.received.length === 1);
    expect(two.received[0]).toEqual({ group: 1, message: message({ index: 7 }) });
    expect(one.received[0]?.message.index).toBe(8);
    expect(one.events).toEqual(['connected 2']);
    expect(two.events).toEqual(['connected 1']);
  });

  it('keeps the order of messages in both directions, across frames of every size', async () => {
    const ports = await freePorts(2);
    const [one, two] = [await startNode(cleanup, 1, ports), await startNode(cleanup, 2, ports)];
    await until('connected', () => connected(one, 2) && connected(two, 1));
    const count = 5000;
    for (let index = 1; index <= count; index++) {
      const data = new Uint8Array(index % 100 === 0 ? 50_000 : index % 300);
      one.transport.send(2, [envelope({ index, entries: [entry(index, data)] })]);
      two.transport.send(1, [envelope({ from: 2, to: 1, index })]);
      if (index % 37 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await until('all received', () => one.received.length === count && two.received.length === count);
    const expected = Array.from({ length: count }, (_, i) => i + 1);
    expect(indexes(one.received)).toEqual(expected);
    expect(indexes(two.received)).toEqual(expected);
    expect(two.received[99]?.message.entries[0]?.data.length).toBe(50_000);
  });

  it('puts what is sent in one turn of the event loop into one frame', async () => {
    const ports = await freePorts(2);
    const [one, two] = [await startNode(cleanup, 1, ports), await startNode(cleanup, 2, ports)];
    await until('connected', () => connected(one, 2) && connected(two, 1));
    for (let index = 1; index <= 50; index++) one.transport.send(2, [envelope({ index }), envelope({ index })]);
    await until('received', () => two.received.length === 100);
    expect(two.batches).toEqual([100]);
  });

  it('carries large messages, and splits what is too much for one frame', async () => {
    const ports = await freePorts(2);
    const [one, two] = [await startNode(cleanup, 1, ports), await startNode(cleanup, 2, ports)];
    await until('connected', () => connected(one, 2) && connected(two, 1));
    const mebibyte = new Uint8Array(1024 * 1024).fill(7);
    one.transport.send(2, [
      ...Array.from({ length: 9 }, (_, i) => envelope({ index: i + 1, entries: [entry(1, mebibyte)] })),
      envelope({ index: 10, entries: Array.from({ length: 6 }, (_, i) => entry(i + 1, mebibyte)) }),
    ]);
    await until('received', () => two.received.length === 10);
    expect(indexes(two.received)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]);
    expect(Math.max(...two.batches)).toBeLessThan(4);
    const { entries } = two.received[9]!.message;
    expect(entries.length).toBe(6);
    expect(Buffer.compare(entries[5]!.data, mebibyte)).toBe(0);
    expect(one.transport.droppedMessages(2)).toBe(0);
  });

  it('drops a message that no peer would accept, and goes on', async () => {
    const ports = await freePorts(2);
    const [one, two] = [await startNode(cleanup, 1, ports), await startNode(cleanup, 2, ports)];
    await until('connected', () => connected(one, 2) && connected(two, 1));
    one.transport.send(2, [
      envelope({ index: 1, entries: [entry(1, new Uint8Array(17 * 1024 * 1024))] }),
      envelope({ index: 2 }),
    ]);
    await until('received', () => two.received.length === 1);
    expect(indexes(two.received)).toEqual([2]);
    expect(one.transport.droppedMessages(2)).toBe(1);
    expect(one.events).toEqual(['connected 2']);
  });

  it('reports links: heard, round trip, never heard', async () => {
    const ports = await freePorts(3);
    const [one, two] = [await startNode(cleanup, 1, ports), await startNode(cleanup, 2, ports)];
    await until('a round trip is measured', () => one.transport.links()[0]!.roundTripMs > 0);
    await until('on both sides', () => two.transport.links()[0]!.roundTripMs > 0);
    const [link, missing] = one.transport.links();
    expect(link).toMatchObject({ nodeId: 2, connected: true, cut: false });
    expect(link!.lastHeardMsAgo).toBeLessThan(10_000);
    expect(missing).toEqual({
      nodeId: 3,
      connected: false,
      incarnation: '',
      lastHeardMsAgo: Infinity,
      roundTripMs: 0,
      cut: false,
    });
  });

  it('drops and counts what is sent to a node that is not there, and ignores strangers', async () => {
    const ports = await freePorts(2);
    const one = await startNode(cleanup, 1, ports);
    one.transport.send(2, [envelope(), envelope()]);
    one.transport.send(9, [envelope({ to: 9 })]);
    expect(one.transport.droppedMessages(2)).toBe(2);
    expect(one.transport.queuedMessages(2)).toBe(0);
  });
});

describe('reconnect', () => {
  it.each([1, 2])('after node %i closes and comes back, in order and without old messages', async (restarted) => {
    const ports = await freePorts(2);
    const other = restarted === 1 ? 2 : 1;
    const stays = await startNode(cleanup, other, ports);
    let comes = await startNode(cleanup, restarted, ports);
    for (let round = 1; round <= 3; round++) {
      await until('connected', () => connected(stays, restarted) && connected(comes, other));
      const from = comes;
      const before = from.received.length;
      stays.transport.send(restarted, [envelope({ from: other, to: restarted, index: round })]);
      await until('received', () => from.received.length === before + 1);
      expect(indexes(comes.received)).toEqual([round]);
      await comes.transport.close();
      await until('disconnected', () => !connected(stays, restarted));
      stays.transport.send(restarted, [envelope({ from: other, to: restarted, index: 1000 })]);
      comes = await startNode(cleanup, restarted, ports);
    }
    await until('connected', () => connected(stays, restarted));
    expect(stays.events.slice(0, 6)).toEqual(
      [1, 2, 3].flatMap(() => [`connected ${restarted}`, `disconnected ${restarted}`]),
    );
  });

  it('finds a node that was away for long within a moment', async () => {
    const ports = await freePorts(2);
    const one = await startNode(cleanup, 1, ports);
    await sleep(2500);
    await startNode(cleanup, 2, ports);
    await until('connected', () => connected(one, 2), 3000);
    expect(one.events).toEqual(['connected 2']);
  });
});

describe('close', () => {
  it('frees the port, is silent towards the listener and can be called twice', async () => {
    const ports = await freePorts(2);
    const [one, two] = [await startNode(cleanup, 1, ports), await startNode(cleanup, 2, ports)];
    await until('connected', () => connected(one, 2) && connected(two, 1));
    const heard = one.events.length;
    await Promise.all([one.transport.close(), one.transport.close()]);
    one.transport.send(2, [envelope()]);
    await until('the other side notices', () => !connected(two, 1));
    await sleep(100);
    expect(one.events.length).toBe(heard);
    await startNode(cleanup, 1, ports);
  });

  it('leaves no handle open, connected, dialing or alone', async () => {
    const count = (): number =>
      process.getActiveResourcesInfo().filter((kind) => /TCP|Timeout|Connect|GetAddr|DNS/.test(kind)).length;
    await sleep(50);
    const before = count();
    const ports = await freePorts(3);
    const [one, two] = [await startNode(cleanup, 1, ports), await startNode(cleanup, 2, ports)];
    await until('connected', () => connected(one, 2) && connected(two, 1));
    one.transport.setFaults([{ to: 2, cut: false, delayMs: 60_000, drop: 0 }]);
    one.transport.send(2, [envelope()]);
    await sleep(20);
    expect(count()).toBeGreaterThan(before);
    await one.transport.close();
    await two.transport.close();
    await until('handles are gone', () => count() <= before, 3000);
  });

  it('says which port cannot be had', async () => {
    const ports = await freePorts(1);
    await startNode(cleanup, 1, ports);
    const second = startNode(cleanup, 1, ports);
    await expect(second).rejects.toThrow(TransportBindError);
    await expect(second).rejects.toThrow(`127.0.0.1:${ports[0]}`);
  });
});
