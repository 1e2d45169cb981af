import type { Measurement } from './measure.ts';

/** What the nodes count of their writes, over all of them. Times in seconds. */
export interface WriteTotals {
  readonly puts: number;
  readonly putSeconds: number;
  readonly queueSeconds: number;
  readonly commitSeconds: number;
  readonly applySeconds: number;
  readonly batches: number;
  readonly batchSeconds: number;
  readonly transactions: number;
  readonly transactionSeconds: number;
  readonly syncSeconds: number;
}

/** Reads the totals from the nodes' metrics. */
export async function readWriteTotals(metricsUrls: readonly string[]): Promise<WriteTotals> {
  const texts = await Promise.all(metricsUrls.map(async (url) => (await fetch(url)).text()));
  const lines = texts.flatMap((text) => text.split('\n'));
  const sum = (name: string, label: string): number =>
    lines
      .filter((line) => line.startsWith(`${name}{`) && line.includes(label))
      .reduce((total, line) => total + Number(line.slice(line.lastIndexOf(' '))), 0);
  const phase = (name: string, of: string): number => sum(name, `phase="${of}"`);
  return {
    puts: sum('prkdb_operation_duration_seconds_count', 'operation="put"'),
    putSeconds: sum('prkdb_operation_duration_seconds_sum', 'operation="put"'),
    queueSeconds: phase('prkdb_write_phase_seconds_total', 'queue'),
    commitSeconds: phase('prkdb_write_phase_seconds_total', 'commit'),
    applySeconds: phase('prkdb_write_phase_seconds_total', 'apply'),
    batches: phase('prkdb_log_total', 'batch'),
    batchSeconds: phase('prkdb_log_seconds_total', 'batch'),
    transactions: phase('prkdb_log_total', 'transaction'),
    transactionSeconds: phase('prkdb_log_seconds_total', 'transaction'),
    syncSeconds: phase('prkdb_log_seconds_total', 'sync'),
  };
}

/**
 * Where the time of a put goes on average, in milliseconds, in the order in which it passes. A
 * put waits for the faster of the two other nodes and for the leader's own log, at the same
 * time: "replication" is what is left of the commit beyond an average batch of the log.
 */
export function accountOfPut(load: Measurement, before: WriteTotals, after: WriteTotals): [string, number][] {
  const delta = (key: keyof WriteTotals): number => after[key] - before[key];
  const eachMs = (key: keyof WriteTotals, count: keyof WriteTotals): number =>
    (delta(key) / Math.max(1, delta(count))) * 1000;
  const nodeMs = eachMs('putSeconds', 'puts');
  const queueMs = eachMs('queueSeconds', 'puts');
  const commitMs = eachMs('commitSeconds', 'puts');
  const applyMs = eachMs('applySeconds', 'puts');
  const transactionMs = eachMs('transactionSeconds', 'transactions');
  const syncMs = eachMs('syncSeconds', 'transactions');
  const batchMs = eachMs('batchSeconds', 'batches');
  const clientCpuMs = (load.clientCpuSeconds / Math.max(1, load.operations)) * 1000;
  const positive = (ms: number): number => Math.max(0, ms);
  return [
    ['client (its CPU)', clientCpuMs],
    ['wire, both ways, and waiting in the client', positive(load.meanMs - nodeMs - clientCpuMs)],
    ['queue of the group', queueMs],
    ['log: on the way to its thread and back, and behind the batch before', positive(batchMs - transactionMs - syncMs)],
    ['log: transaction', transactionMs],
    ['log: fsync', syncMs],
    ['replication, beyond the log of the leader', positive(commitMs - batchMs)],
    ['apply', applyMs],
    ['answer', positive(nodeMs - queueMs - commitMs - applyMs)],
  ];
}
