import { Counter, Histogram, Registry } from 'prom-client';
import { describe, expect, it, vi } from 'vitest';
import { KvStatus } from '../../../engine/rpc/kv.ts';
import { OperationTimes } from '../../../engine/server/operation-times.ts';

describe('operations and their times', () => {
  it('are exported as prom-client would have counted them', async () => {
    const registry = new Registry();
    const times = new OperationTimes(registry, '3');
    const expected = new Registry();
    const operations = new Counter({
      name: 'prkdb_operations_total',
      help: 'Client operations by kind and outcome',
      labelNames: ['node_id', 'operation', 'status'],
      registers: [expected],
    });
    const seconds = new Histogram({
      name: 'prkdb_operation_duration_seconds',
      help: 'Time from a client operation to its answer',
      labelNames: ['node_id', 'operation'],
      buckets: [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
      registers: [expected],
    });
    const calls: [string, number, string, number][] = [
      ['put', KvStatus.Ok, 'ok', 0.25],
      ['put', KvStatus.Ok, 'ok', 0.5],
      ['put', KvStatus.NotLeader, 'notLeader', 3],
      ['get', KvStatus.Ok, 'ok', 20_000],
      ['get', 99, 'unknown', 1000],
    ];
    for (const [operation, status, name, tookMs] of calls) {
      const now = vi.spyOn(performance, 'now').mockReturnValue(1000 + tookMs);
      times.ended(operation, 1000, status as KvStatus);
      now.mockRestore();
      operations.inc({ node_id: '3', operation, status: name });
      seconds.observe({ node_id: '3', operation }, tookMs / 1000);
    }
    expect(await registry.metrics()).toBe(await expected.metrics());
    // Asked again, nothing is counted twice.
    expect(await registry.metrics()).toBe(await expected.metrics());
  });
});
