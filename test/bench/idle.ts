import { median } from './measure.ts';
import type { Row } from './report.ts';
import { startPrkDb } from './systems/prkdb.ts';

const GROUPS = 256;

async function idleShare(partitions: number, seconds: number): Promise<number> {
  const system = await startPrkDb({ nodes: 3, partitions });
  try {
    await new Promise((resolve) => setTimeout(resolve, 5000));
    const before = system.processes.map((p) => p.cpuSeconds());
    await new Promise((resolve) => setTimeout(resolve, seconds * 1000));
    return median(system.processes.map((p, i) => ((p.cpuSeconds() - before[i]!) / seconds) * 100));
  } finally {
    await system.stop();
  }
}

/** What 256 groups without work cost a node, and what a node without groups to speak of costs. */
export async function measureIdleGroups(seconds: number): Promise<[Row, unknown]> {
  const one = await idleShare(1, seconds);
  const many = await idleShare(GROUPS, seconds);
  const row: Row = {
    name: `CPU of a node with ${GROUPS} idle groups, against the 10 % promised`,
    unit: '% of a core',
    ours: many,
    theirs: 10,
    ratio: 10 / many,
    ratioMin: 10 / many,
    ratioMax: 10 / many,
    atLeast: 1,
    note: `with one group: ${one.toFixed(1)} %`,
  };
  return [row, { figure: row.name, oneGroupPercent: one, manyGroupsPercent: many }];
}
