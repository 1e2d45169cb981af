import type { Pacing } from './compare.ts';
import { measure, median } from './measure.ts';
import type { Row } from './report.ts';
import { startPrkDb, type PrkDbSettings } from './systems/prkdb.ts';

const PUTS = {
  clients: 256,
  keyCount: 10_000,
  readPercent: 0,
  getMode: 'linearizable' as const,
  ratePerSecond: null,
};

async function putRate(settings: PrkDbSettings, valueBytes: number, pacing: Pacing): Promise<number> {
  const system = await startPrkDb(settings);
  try {
    const runs: number[] = [];
    for (let i = 0; i < pacing.rounds; i++) {
      const load = { ...PUTS, valueBytes, seconds: pacing.seconds, warmUpSeconds: pacing.warmUpSeconds };
      runs.push((await measure(system, 'prkdb-client', load)).perSecond);
    }
    return median(runs);
  } finally {
    await system.stop();
  }
}

const MANY = 64;
const FEW = 8;

/** The one curve that is promised: more partitions than there is use for cost next to nothing. In alternation. */
export async function measurePartitions(pacing: Pacing): Promise<[Row, unknown]> {
  const load = { ...PUTS, valueBytes: 256, seconds: pacing.seconds, warmUpSeconds: pacing.warmUpSeconds };
  const rates: { readonly many: number; readonly few: number }[] = [];
  const few = await startPrkDb({ nodes: 3, partitions: FEW });
  const many = await startPrkDb({ nodes: 3, partitions: MANY });
  try {
    for (let i = 0; i < pacing.rounds; i++) {
      const a = (await measure(few, 'prkdb-client', load)).perSecond;
      rates.push({ few: a, many: (await measure(many, 'prkdb-client', load)).perSecond });
    }
  } finally {
    await few.stop();
    await many.stop();
  }
  const ratios = rates.map((r) => r.many / r.few);
  const row: Row = {
    name: `puts/s, 256 clients, ${MANY} partitions against ${FEW}`,
    unit: 'ops/s',
    ours: median(rates.map((r) => r.many)),
    theirs: median(rates.map((r) => r.few)),
    ratio: median(ratios),
    ratioMin: Math.min(...ratios),
    ratioMax: Math.max(...ratios),
    atLeast: 0.9,
    note: `theirs: ours with ${FEW} partitions`,
  };
  return [row, { figure: row.name, rates }];
}

/** Puts of 256 clients as one thing grows, each against the usual 3 nodes, 8 partitions and 256 bytes. */
export async function measureScaling(pacing: Pacing): Promise<[Row, unknown][]> {
  const usual = { nodes: 3, partitions: 8 };
  const base = await putRate(usual, 256, pacing);
  const rows: [Row, unknown][] = [];
  const add = async (name: string, settings: PrkDbSettings, valueBytes: number): Promise<void> => {
    const rate = await putRate(settings, valueBytes, pacing);
    const ratio = rate / base;
    const note = 'theirs: ours with 3 nodes, 8 partitions, 256 B';
    const row: Row = {
      name,
      unit: 'puts/s',
      ours: rate,
      theirs: base,
      ratio,
      ratioMin: ratio,
      ratioMax: ratio,
      atLeast: null,
      note,
    };
    rows.push([row, { figure: name, rate, base }]);
  };
  for (const partitions of [1, 16, 64, 256]) {
    await add(`${partitions} partitions`, { ...usual, partitions }, 256);
  }
  for (const nodes of [1, 5, 7]) await add(`${nodes} nodes`, { ...usual, nodes }, 256);
  for (const bytes of [16, 4096, 65_536]) await add(`values of ${bytes} bytes`, usual, bytes);
  return rows;
}
