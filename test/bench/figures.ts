import type { DriverName, GetMode } from './drivers/driver.ts';
import type { LoadSpec } from './worker/load.ts';

/** One row of the table: the same load on both systems, each through a client of its own. */
export interface Figure {
  readonly name: string;
  readonly ours: DriverName;
  /** Each is measured; etcd is credited with its best. */
  readonly theirs: readonly DriverName[];
  readonly load: Omit<LoadSpec, 'seconds' | 'warmUpSeconds'>;
  /** What is compared: more operations a second, or a lower latency. */
  readonly by: 'throughput' | 'p99';
  /** The ratio that the project promises; a run below it says so. */
  readonly atLeast: number | null;
}

const KEYS = 10_000;
const ETCD: readonly DriverName[] = ['etcd-grpc', 'etcd-http2'];

function closed(
  clients: number,
  readPercent: number,
  getMode: GetMode = 'linearizable',
  valueBytes = 256,
): Figure['load'] {
  return { clients, readPercent, getMode, valueBytes, keyCount: KEYS, ratePerSecond: null };
}

function puts(clients: number, atLeast: number | null): Figure {
  return {
    name: `puts/s, ${clients} ${clients === 1 ? 'client' : 'clients'}`,
    ours: 'prkdb-client',
    theirs: ETCD,
    load: closed(clients, 0),
    by: 'throughput',
    atLeast,
  };
}

function gets(mode: GetMode, clients: number, atLeast: number | null): Figure {
  return {
    name: `${mode} gets/s, ${clients} ${clients === 1 ? 'client' : 'clients'}`,
    ours: 'prkdb-client',
    theirs: ETCD,
    load: closed(clients, 100, mode),
    by: 'throughput',
    atLeast,
  };
}

export const FIGURES: readonly Figure[] = [
  puts(1, 0.8),
  puts(16, null),
  puts(64, null),
  puts(256, 2.5),
  puts(1024, null),
  {
    name: 'puts/s, 256 clients, plain unary RPC',
    ours: 'prkdb-unary',
    theirs: ETCD,
    load: closed(256, 0),
    by: 'throughput',
    atLeast: 0.5,
  },
  gets('linearizable', 1, null),
  gets('linearizable', 64, null),
  gets('linearizable', 256, 2),
  gets('follower', 256, null),
  gets('stale', 256, 2),
  {
    name: 'mixed 90/10 operations/s, 256 clients',
    ours: 'prkdb-client',
    theirs: ETCD,
    load: closed(256, 90),
    by: 'throughput',
    atLeast: null,
  },
];

/** The latency row: both at the same rate, which the slower one can hold, on a timetable. */
export const LATENCY_FIGURE: Figure = {
  name: 'p99 put latency, 64 clients, same rate',
  ours: 'prkdb-client',
  theirs: ETCD,
  load: closed(64, 0),
  by: 'p99',
  atLeast: 0.8,
};
