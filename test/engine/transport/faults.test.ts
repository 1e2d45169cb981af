import { afterEach, describe, expect, it } from 'vitest';
import { compileFaults } from '../../../engine/transport/faults.ts';
import type { LinkFault } from '../../../engine/transport/types.ts';
import { envelope } from './frames.ts';
import { Cleanup, connected, freePorts, sleep, startNode, until, type TestNode } from './harness.ts';

const cleanup = new Cleanup();
afterEach(() => cleanup.run());

const fault = (to: number, changes: Partial<LinkFault>): LinkFault => ({
  to,
  cut: false,
  delayMs: 0,
  drop: 0,
  ...changes,
});

async function pair(random?: () => number): Promise<[TestNode, TestNode]> {
  const ports = await freePorts(2);
  const options = random === undefined ? {} : { random };
  const one = await startNode(cleanup, 1, ports, options);
  const two = await startNode(cleanup, 2, ports, options);
  await until('connected', () => connected(one, 2) && connected(two, 1));
  return [one, two];
}

const toTwo = (index: number) => envelope({ index });
const toOne = (index: number) => envelope({ from: 2, to: 1, index });
const indexes = (node: TestNode): number[] => node.received.map((one) => one.message.index);

describe('cut', () => {
  it('lets nothing out, not even echoes, and is one-way', async () => {
    const [one, two] = await pair();
    one.transport.setFaults([fault(2, { cut: true })]);
    expect(one.transport.links()[0]).toMatchObject({ cut: true, connected: true });
    one.transport.send(2, [toTwo(1)]);
    two.transport.send(1, [toOne(2)]);
    await until('the other direction works', () => one.received.length === 1);
    await until('node 2 hears nothing through two pings', () => two.transport.links()[0]!.lastHeardMsAgo > 2200);
    expect(one.transport.links()[0]!.lastHeardMsAgo).toBeLessThan(2200);
    expect(two.received).toEqual([]);
    expect(one.transport.droppedMessages(2)).toBe(1);

    one.transport.setFaults([]);
    expect(one.transport.links()[0]!.cut).toBe(false);
    one.transport.send(2, [toTwo(3)]);
    await until('healed', () => two.received.length === 1);
    expect(indexes(two)).toEqual([3]);
    expect(one.events).toEqual(['connected 2']);
  });

  it.each([1, 2])('by node %i keeps a restarted peer out until it heals', async (cutter) => {
    const ports = await freePorts(2);
    const other = cutter === 1 ? 2 : 1;
    const node = await startNode(cleanup, cutter, ports);
    node.transport.setFaults([fault(other, { cut: true })]);
    const peer = await startNode(cleanup, other, ports);
    await sleep(500);
    expect(node.events).toEqual([]);
    expect(peer.events).toEqual([]);
    node.transport.setFaults([]);
    await until('healed', () => connected(node, other) && connected(peer, cutter));
  });
});

describe('delay', () => {
  it('holds messages back and keeps their order, also when it changes and ends', async () => {
    const [one, two] = await pair();
    one.transport.setFaults([fault(2, { delayMs: 300 })]);
    const startMs = performance.now();
    one.transport.send(2, [toTwo(1)]);
    await sleep(20);
    one.transport.setFaults([fault(2, { delayMs: 50 })]);
    one.transport.send(2, [toTwo(2)]);
    await until('both arrive', () => two.received.length === 2);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(299);
    expect(indexes(two)).toEqual([1, 2]);

    one.transport.setFaults([fault(2, { delayMs: 60_000 })]);
    one.transport.send(2, [toTwo(3)]);
    one.transport.setFaults([]);
    one.transport.send(2, [toTwo(4)]);
    await until('the rest arrives at once', () => two.received.length === 4);
    expect(indexes(two)).toEqual([1, 2, 3, 4]);
  });

  it('shows in the round trip', async () => {
    const [one, two] = await pair();
    one.transport.setFaults([fault(2, { delayMs: 200 })]);
    await until('measured', () => one.transport.links()[0]!.roundTripMs > 0);
    expect(one.transport.links()[0]!.roundTripMs).toBeGreaterThanOrEqual(199);
    expect(two.transport.links()[0]!.cut).toBe(false);
  });

  it('forgets what it holds when the link is cut', async () => {
    const [one, two] = await pair();
    one.transport.setFaults([fault(2, { delayMs: 100 })]);
    one.transport.send(2, [toTwo(1)]);
    one.transport.setFaults([fault(2, { delayMs: 100, cut: true })]);
    await sleep(200);
    one.transport.setFaults([]);
    one.transport.send(2, [toTwo(2)]);
    await until('only the new one arrives', () => two.received.length > 0);
    expect(indexes(two)).toEqual([2]);
  });
});

describe('drop', () => {
  it('loses the drawn share of frames and keeps the order of the others', async () => {
    let draws = 0;
    const [one, two] = await pair(() => (draws++ % 2 === 0 ? 0.1 : 0.9));
    one.transport.setFaults([fault(2, { drop: 0.5 })]);
    for (let index = 1; index <= 100; index++) {
      one.transport.send(2, [toTwo(index)]);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until('all were sent or lost', () => one.transport.droppedMessages(2) + two.received.length === 100);
    expect(one.transport.droppedMessages(2)).toBeGreaterThanOrEqual(45);
    expect(two.received.length).toBeGreaterThanOrEqual(45);
    expect(indexes(two)).toEqual(indexes(two).toSorted((a, b) => a - b));
  });

  it('of all loses all', async () => {
    const [one, two] = await pair();
    one.transport.setFaults([fault(2, { drop: 1 })]);
    one.transport.send(2, [toTwo(1)]);
    await until('lost', () => one.transport.droppedMessages(2) === 1);
    expect(two.received).toEqual([]);
  });
});

describe('setFaults', () => {
  it('refuses what makes no sense, and leaves everything as it was', async () => {
    const [one, two] = await pair();
    for (const bad of [{ delayMs: -1 }, { delayMs: Infinity }, { drop: 1.5 }, { drop: NaN }]) {
      expect(() => one.transport.setFaults([fault(2, { cut: true }), fault(2, bad)])).toThrow(RangeError);
    }
    expect(one.transport.links()[0]!.cut).toBe(false);
    one.transport.send(2, [toTwo(1)]);
    await until('received', () => two.received.length === 1);
  });

  it('makes no filter where there is no fault', () => {
    const filters = compileFaults(
      [fault(2, {}), fault(3, { cut: true }), fault(3, {}), fault(4, { drop: 0.1 })],
      () => 0,
    );
    expect([...filters.keys()]).toEqual([4]);
  });
});
