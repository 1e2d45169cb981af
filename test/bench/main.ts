/**
 * `npm run bench`: our nodes and etcd on this machine, the same load on both in
 * alternation. See README.md beside this file for what is measured and how it is fair.
 */
import { mkdirSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import { parseArgs } from 'node:util';
import { compare, type Comparison, type Pacing } from './compare.ts';
import { measureFailover } from './failover.ts';
import { FIGURES, LATENCY_FIGURE } from './figures.ts';
import { measureIdleGroups } from './idle.ts';
import { measureLarge } from './large.ts';
import { measureMemory } from './memory.ts';
import { measureGroupCommit } from './group-commit.ts';
import { profileLoad } from './profile.ts';
import { row, tableHead, type Row } from './report.ts';
import { measurePartitions, measureScaling } from './scaling.ts';
import { startEtcd } from './systems/etcd.ts';
import { startPrkDb } from './systems/prkdb.ts';

const { values } = parseArgs({
  options: {
    quick: { type: 'boolean', default: false },
    only: { type: 'string' },
    rounds: { type: 'string' },
    seconds: { type: 'string' },
    partitions: { type: 'string', default: '8' },
    profile: { type: 'boolean', default: false },
    scaling: { type: 'boolean', default: false },
    large: { type: 'boolean', default: false },
    keys: { type: 'string', default: '1000000' },
    behind: { type: 'string', default: '500000' },
    json: { type: 'string', default: 'test-results/bench.json' },
    help: { type: 'boolean', default: false },
  },
});

if (values.help) {
  console.log(`npm run bench -- [options]
  --only TEXT      only the figures whose name contains TEXT
  --rounds N       alternations of each figure (default 3)
  --seconds N      length of each measurement (default 5)
  --partitions N   of our cluster (default 8)
  --quick          one short round: a smoke test, not a measurement
  --scaling        partitions 1 to 256, nodes 1 to 7, values 16 B to 64 kB, ours alone
  --large          a million keys in one partition: restart, snapshot, catching up; nothing else
  --keys N         of --large (default 1000000)
  --behind N       writes that a member of --large misses (default 500000)
  --profile        where the time of a put goes, and CPU profiles of all processes; nothing else
  --json FILE      where the results go (default test-results/bench.json)`);
  process.exit(0);
}

const pacing: Pacing = values.quick
  ? { rounds: 1, seconds: 1, warmUpSeconds: 0.5 }
  : { rounds: Number(values.rounds ?? 3), seconds: Number(values.seconds ?? 5), warmUpSeconds: 2 };
const partitions = Number(values.partitions);
const wanted = (name: string): boolean => values.only === undefined || name.includes(values.only);

if (values.profile) {
  await profileLoad(partitions);
  process.exit(0);
}

if (values.large) {
  const settings = values.quick
    ? { keys: 20_000, writesBehind: 20_000 }
    : { keys: Number(values.keys), writesBehind: Number(values.behind) };
  console.log(tableHead({ 'ours with what was promised': '' }));
  for (const [result] of await measureLarge(settings)) console.log(row(result));
  process.exit(0);
}

const rows: Row[] = [];
const details: unknown[] = [];
const report = (result: Row, detail: unknown): void => {
  rows.push(result);
  details.push(detail);
  console.log(row(result));
};
const fromComparison = (c: Comparison): Row => ({ ...c, name: c.figure, note: c.theirDriver });

const prkdb = await startPrkDb({ nodes: 3, partitions });
const etcd = await startEtcd({ nodes: 3 });
const versions = { prkdb: prkdb.version, etcd: etcd.version, node: process.version };
const machine = {
  cpus: os.cpus().length,
  model: os.cpus()[0]?.model,
  memoryBytes: os.totalmem(),
  kernel: os.release(),
};
const settings = { prkdb: prkdb.settings, etcd: etcd.settings, pacing };
console.log(tableHead(versions));
try {
  for (const figure of FIGURES) {
    if (!wanted(figure.name)) continue;
    const result = await compare(prkdb, etcd, figure, pacing);
    report(fromComparison(result), result);
  }
  if (wanted(LATENCY_FIGURE.name)) {
    const probe = await compare(prkdb, etcd, { ...LATENCY_FIGURE, by: 'throughput' }, { ...pacing, rounds: 1 });
    const rate = Math.floor(0.5 * Math.min(probe.ours, probe.theirs));
    const result = await compare(prkdb, etcd, LATENCY_FIGURE, pacing, rate);
    report({ ...fromComparison(result), name: `${result.figure} (${rate}/s)` }, result);
  }
  if (wanted('memory')) report(...(await measureMemory(prkdb, etcd)));
} finally {
  await prkdb.stop();
  await etcd.stop();
}
if (wanted('partitions')) report(...(await measurePartitions(pacing)));
if (wanted('failover')) report(...(await measureFailover(partitions, values.quick ? 2 : 10)));
if (wanted('group commit')) report(...(await measureGroupCommit()));
if (wanted('idle')) report(...(await measureIdleGroups(values.quick ? 3 : 15)));
if (values.scaling) for (const result of await measureScaling(pacing)) report(...result);

mkdirSync('test-results', { recursive: true });
writeFileSync(
  values.json,
  JSON.stringify({ date: new Date().toISOString(), versions, machine, settings, rows, details }, null, 2),
);
console.log(`\nWritten to ${values.json}.`);
const missed = rows.filter((r) => r.atLeast !== null && r.ratio < r.atLeast);
if (missed.length > 0) console.log(`Below what is promised: ${missed.map((r) => r.name).join('; ')}`);
process.exit(0);
