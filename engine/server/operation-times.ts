import { Counter, type Histogram, type Registry } from 'prom-client';
import { KvStatus } from '../rpc/kv.ts';

const statusName = new Map<number, string>(
  Object.entries(KvStatus).map(([name, status]) => [status, name[0]?.toLowerCase() + name.slice(1)]),
);
const STATUSES = Math.max(...Object.values(KvStatus)) + 1;

const BUCKETS_SECONDS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const BUCKETS_MS = BUCKETS_SECONDS.map((seconds) => seconds * 1000);
const SECONDS = 'prkdb_operation_duration_seconds';

/** What was counted of one kind of operation. */
class Tally {
  /** Answers by status; the last place is for statuses that this version does not know. */
  readonly byStatus: number[] = Array.from({ length: STATUSES + 1 }, () => 0);
  /** Calls no longer than each of the buckets and longer than the one before; the last place: longer than all. */
  readonly byBucket: number[] = Array.from({ length: BUCKETS_MS.length + 1 }, () => 0);
  sumMs = 0;

  add(status: number, tookMs: number): void {
    this.byStatus[statusName.has(status) ? status : STATUSES]!++;
    let bucket = 0;
    while (bucket < BUCKETS_MS.length && tookMs > BUCKETS_MS[bucket]!) bucket++;
    this.byBucket[bucket]!++;
    this.sumMs += tookMs;
  }
}

/**
 * Client operations by kind and outcome, and how long they took. Counted in plain numbers and put
 * into the shape of metrics when somebody asks: prom-client's own counters look their labels up
 * anew with each call, which shows in the profile of every load.
 */
export class OperationTimes {
  readonly #tallies = new Map<string, Tally>();

  constructor(registry: Registry, nodeId: string) {
    const tallies = this.#tallies;
    const registers = [registry];
    new Counter({
      name: 'prkdb_operations_total',
      help: 'Client operations by kind and outcome',
      labelNames: ['node_id', 'operation', 'status'],
      registers,
      collect() {
        this.reset();
        for (const [operation, { byStatus }] of tallies) {
          for (const [status, count] of byStatus.entries()) {
            if (count === 0) continue;
            this.inc({ node_id: nodeId, operation, status: statusName.get(status) ?? 'unknown' }, count);
          }
        }
      },
    });
    // The types know prom-client's own classes only; a registry asks for no more than this.
    registry.registerMetric(talliedHistogram(tallies, nodeId) as unknown as Histogram);
  }

  /** See `OperationMetrics.ended`. */
  ended(operation: string, startedMs: number, status: KvStatus): void {
    this.#tallyOf(operation).add(status, performance.now() - startedMs);
  }

  #tallyOf(operation: string): Tally {
    let tally = this.#tallies.get(operation);
    if (tally === undefined) {
      tally = new Tally();
      this.#tallies.set(operation, tally);
    }
    return tally;
  }
}

/** A histogram whose numbers are kept elsewhere, in the shape in which a registry asks for it. */
function talliedHistogram(tallies: ReadonlyMap<string, Tally>, nodeId: string) {
  return {
    name: SECONDS,
    help: 'Time from a client operation to its answer',
    type: 'histogram',
    aggregator: 'sum',
    reset: () => undefined,
    get() {
      const values = [];
      for (const [operation, { byBucket, sumMs }] of tallies) {
        const labels = { node_id: nodeId, operation };
        let count = 0;
        for (const [i, inBucket] of byBucket.entries()) {
          count += inBucket;
          const le = BUCKETS_SECONDS[i] ?? '+Inf';
          values.push({ metricName: `${SECONDS}_bucket`, labels: { le, ...labels }, value: count });
        }
        values.push({ metricName: `${SECONDS}_sum`, labels, value: sumMs / 1000 });
        values.push({ metricName: `${SECONDS}_count`, labels, value: count });
      }
      return Promise.resolve({
        name: this.name,
        help: this.help,
        type: this.type,
        aggregator: this.aggregator,
        values,
      });
    },
  };
}
