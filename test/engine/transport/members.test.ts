import { status } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { PROTOCOL_VERSION } from '../../../engine/transport/handshake.ts';
import { Cleanup, connected, dialRaw, freePorts, read, startNode, until } from './harness.ts';

describe('peers that change while a node runs', () => {
  const cleanup = new Cleanup();
  afterEach(() => cleanup.run());

  const peer = (ports: readonly number[], id: number, incarnation = '') => ({
    id,
    host: '127.0.0.1',
    raftPort: ports[id - 1]!,
    incarnation,
  });

  it('a new one is dialed, or let in, by whichever side has to', async () => {
    const ports = await freePorts(3);
    const two = await startNode(cleanup, 2, ports, { peers: [] });
    const one = await startNode(cleanup, 1, ports, { peers: [] });
    const three = await startNode(cleanup, 3, ports, { peers: [] });
    const all = [1, 2, 3].map((id) => peer(ports, id));
    for (const { transport } of [one, two, three]) transport.setPeers(all, []);
    await until('all know each other', () =>
      [one, two, three].every(({ transport }) => transport.links().filter((l) => l.connected).length === 2),
    );
    expect(two.transport.links().map((l) => l.nodeId)).toEqual([1, 3]);
  });

  it('one that is removed loses its stream, hears why, and is not let in again', async () => {
    const ports = await freePorts(2);
    const one = await startNode(cleanup, 1, ports);
    const two = await startNode(cleanup, 2, ports);
    await until('a stream', () => connected(two, 1));
    two.transport.setPeers([peer(ports, 2)], [1]);
    expect(two.events).toEqual(['connected 1', 'disconnected 1']);
    expect(two.transport.links()).toEqual([]);
    await until('it hears why', () => one.refusals.some((r) => r.includes('node 1 was removed from this cluster')));
  });

  it('one that has moved is reached where it is now', async () => {
    const ports = await freePorts(3);
    const one = await startNode(cleanup, 1, ports.slice(0, 2));
    const moved = await startNode(cleanup, 2, [ports[0]!, ports[2]!]);
    expect(connected(one, 2)).toBe(false);
    one.transport.setPeers([{ ...peer(ports, 2), raftPort: ports[2]! }], []);
    await until('a stream', () => connected(one, 2) && connected(moved, 1));
  });

  it('with a data directory other than the known one they are refused, whichever side dials', async () => {
    const ports = await freePorts(2);
    const peers = (known: string) => ({ peers: [1, 2].map((id) => peer(ports, id, known)) });
    const one = await startNode(cleanup, 1, ports, { ...peers('good'), incarnation: 'good' });
    const two = await startNode(cleanup, 2, ports, { peers: [peer(ports, 1)], incarnation: 'wiped' });
    await until('the dialing side refuses', () => one.refusals.some((r) => r.includes('another data directory')));
    expect(connected(one, 2)).toBe(false);
    await two.transport.close();
    const good = await startNode(cleanup, 2, ports, { ...peers('good'), incarnation: 'good' });
    const raw = dialRaw(cleanup, ports[1]!);
    read(raw);
    const hello = { protocolVersion: PROTOCOL_VERSION, clusterId: 'test-cluster', nodeId: 1, toNodeId: 2 };
    raw.call.write({ hello: { ...hello, incarnation: 'an old copy' }, messages: [], ping: 0, pong: 0 });
    const ended = await raw.ended;
    expect(ended.code).toBe(status.FAILED_PRECONDITION);
    expect(ended.details).toMatch(/came with another data directory .* prkdb node replace/);
    await until('the good ones find each other', () => connected(one, 2) && connected(good, 1));
  });

  it('that it becomes known which data directory a peer has does not end its stream, unless it is another', async () => {
    const ports = await freePorts(2);
    const one = await startNode(cleanup, 1, ports, { incarnation: 'a' });
    const two = await startNode(cleanup, 2, ports, { incarnation: 'b' });
    await until('a stream', () => connected(one, 2) && connected(two, 1));
    expect(two.transport.links()[0]?.incarnation).toBe('a');
    two.transport.setPeers([peer(ports, 1, 'a')], []);
    expect(two.events).toEqual(['connected 1']);
    two.transport.setPeers([peer(ports, 1, 'other')], []);
    expect(two.events).toEqual(['connected 1', 'disconnected 1']);
    await until('it is refused', () => one.refusals.some((r) => r.includes('another data directory')));
  });
});
