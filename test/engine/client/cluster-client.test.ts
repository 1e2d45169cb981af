import * as grpc from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  ClusterClient,
  DeadlineExceededError,
  UnavailableError,
  type PrkDbError,
} from '../../../engine/client/index.ts';
import type { Observation } from '../../../engine/rpc/cluster.ts';
import { serviceDefinition } from '../../../engine/rpc/protos.ts';

let server: grpc.Server;
let client: ClusterClient;
let cancelled: number;

beforeEach(async () => {
  cancelled = 0;
  server = new grpc.Server();
  server.addService(serviceDefinition('cluster', 'prkdb.cluster.ClusterService'), {
    Status: (_: unknown, answer: grpc.sendUnaryData<object>) =>
      answer(null, {
        nodeId: 3,
        groups: [
          { group: 0, role: 'leader', term: 2 },
          { group: 1, partition: 0, role: 'follower', term: 7 },
          { group: 2, partition: 1, role: 'somethingNew', term: 7 },
        ],
      }),
    Observe: (call: grpc.ServerWritableStream<{ afterSequence: number }, object>) => {
      call.on('cancelled', () => cancelled++);
      if (call.request.afterSequence === 9) {
        call.end();
        return;
      }
      call.write({ events: [{ sequence: 5, kind: 'electionWon', group: 1, partition: 0, term: 7, voters: [1, 2] }] });
      call.write({ status: { nodeId: 3 } });
    },
    Log: (call: grpc.ServerUnaryCall<{ partition?: number }, object>, answer: grpc.sendUnaryData<object>) => {
      if (call.request.partition !== 1) {
        answer({ code: grpc.status.INVALID_ARGUMENT, details: 'n3 holds no replica of it.' });
        return;
      }
      answer(null, {
        status: { group: 2, partition: 1, role: 'follower', term: 7 },
        entries: [{ index: 9, term: 6, type: 'normal', sizeBytes: 12 }],
      });
    },
    SetFaults: (_: unknown, answer: grpc.sendUnaryData<object>) =>
      answer({ code: grpc.status.FAILED_PRECONDITION, details: 'Faults are not enabled on this node.' }),
    Stop: () => undefined,
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', grpc.ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  client = new ClusterClient(`http://127.0.0.1:${port}`);
});

afterEach(() => {
  client.close();
  server.forceShutdown();
});

describe('ClusterClient', () => {
  it('reads the status, tells the system group from partition 0, and leaves out roles it does not know', async () => {
    const status = await client.status();
    expect(status.groups.map((g) => g.partition)).toEqual([undefined, 0]);
    expect(status.groups[1]).toMatchObject({ role: 'follower', term: 7, progress: [] });
    expect(status.counters).toBeNull();
  });

  it('reads the end of a log, or why it cannot be read', async () => {
    const tail = await client.log({ partition: 1, limit: 8 });
    expect(tail.entries).toEqual([{ index: 9, term: 6, type: 'normal', sizeBytes: 12 }]);
    expect(tail.status).toMatchObject({ partition: 1, term: 7, voters: [] });
    await expect(client.log({})).rejects.toThrow('n3 holds no replica of it.');
  });

  it('observes until it is cancelled', async () => {
    const seen: Observation[] = [];
    const ends: (PrkDbError | null)[] = [];
    const cancel = client.observe({}, { observation: (o) => seen.push(o), end: (e) => ends.push(e) });
    await expect.poll(() => seen.length).toBe(2);
    expect(seen[0]?.events[0]).toMatchObject({ sequence: 5, kind: 'electionWon', partition: 0, voters: [1, 2] });
    expect(seen[0]?.status).toBeNull();
    expect(seen[1]?.status?.nodeId).toBe(3);
    cancel();
    await expect.poll(() => cancelled).toBe(1);
    expect(ends).toEqual([null]);
  });

  it('says how observing ended', async () => {
    const ends: (PrkDbError | null)[] = [];
    const handlers = { observation: () => undefined, end: (e: PrkDbError | null) => ends.push(e) };
    client.observe({ afterSequence: 9 }, handlers);
    await expect.poll(() => ends).toEqual([null]);
    client.observe({}, handlers);
    server.forceShutdown();
    await expect.poll(() => ends.length).toBe(2);
    expect(ends[1]).toBeInstanceOf(UnavailableError);
  });

  it('passes on why a node refused', async () => {
    await expect(client.setFaults({ links: [], diskDelayMs: 0, logLimitBytes: 0, stateLimitBytes: 0 })).rejects.toThrow(
      'Faults are not enabled',
    );
  });

  it('tells silence from absence', async () => {
    await expect(client.stop('token', { timeoutMs: 100 })).rejects.toThrow(DeadlineExceededError);
    server.forceShutdown();
    await expect(client.status()).rejects.toThrow(UnavailableError);
    client.close();
    await expect(client.status()).rejects.toMatchObject({ code: 'CLOSED' });
  });
});
