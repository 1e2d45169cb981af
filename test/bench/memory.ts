import { measure, median } from './measure.ts';
import type { Row } from './report.ts';
import type { System } from './systems/system.ts';

const KEYS = 100_000;

/** Resident memory of a member after 100,000 keys of 256 bytes were written to both. */
export async function measureMemory(prkdb: System, etcd: System): Promise<[Row, unknown]> {
  const load = {
    clients: 256,
    warmUpSeconds: 0,
    keyCount: KEYS,
    valueBytes: 256,
    readPercent: 0,
    getMode: 'linearizable' as const,
    ratePerSecond: null,
  };
  const fill = async (system: System, driver: 'prkdb-client' | 'etcd-http2'): Promise<number> => {
    let written = 0;
    while (written < KEYS) written += (await measure(system, driver, { ...load, seconds: 5 })).operations;
    return median(system.processes.map((p) => p.memoryBytes() / 1e6));
  };
  const ours = await fill(prkdb, 'prkdb-client');
  const theirs = await fill(etcd, 'etcd-http2');
  const ratio = theirs / ours;
  const row: Row = {
    name: 'memory of a member after 100,000 keys',
    unit: 'MB',
    ours,
    theirs,
    ratio,
    ratioMin: ratio,
    ratioMax: ratio,
    atLeast: 1,
    note: 'resident, median of the members',
  };
  return [row, { figure: row.name, oursMb: ours, theirsMb: theirs }];
}
