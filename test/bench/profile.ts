import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { accountOfPut, readWriteTotals } from './account.ts';
import { nowUs, readCpuProfile, type Window } from './cpu-profile.ts';
import { measure } from './measure.ts';
import { startPrkDb } from './systems/prkdb.ts';

const SHOWN_FUNCTIONS = 25;
const WARM_UP_SECONDS = 2;
/** The process of the load needs about this long to begin. */
const START_SECONDS = 1;

const LOAD = {
  seconds: 8,
  warmUpSeconds: WARM_UP_SECONDS,
  keyCount: 10_000,
  valueBytes: 256,
  readPercent: 0,
  getMode: 'linearizable' as const,
  ratePerSecond: null,
};

/** Where the time of a put goes, as one client waits for it and as many keep all nodes busy. */
async function printAccounts(partitions: number): Promise<void> {
  const system = await startPrkDb({ nodes: 3, partitions });
  try {
    for (const clients of [1, 256]) {
      const before = await readWriteTotals(system.metricsUrls);
      const result = await measure(system, 'prkdb-client', { ...LOAD, clients });
      const account = accountOfPut(result, before, await readWriteTotals(system.metricsUrls));
      const totalMs = account.reduce((sum, [, ms]) => sum + ms, 0);
      console.log(
        `${clients} ${clients === 1 ? 'client' : 'clients'}: ${Math.round(result.perSecond)} puts/s, ` +
          `a put takes ${result.meanMs.toFixed(2)} ms on average, of which`,
      );
      for (const [phase, ms] of account) {
        console.log(`${ms.toFixed(2).padStart(10)} ms ${((ms / totalMs) * 100).toFixed(0).padStart(4)} %  ${phase}`);
      }
      console.log('');
    }
  } finally {
    await system.stop();
  }
}

/** CPU profiles of the three nodes and the client. They slow down what they look at: the rates of the accounts count. */
async function printProfiles(partitions: number, directory: string): Promise<void> {
  const system = await startPrkDb({ nodes: 3, partitions, profileDir: directory });
  const fromUs = nowUs() + (WARM_UP_SECONDS + START_SECONDS) * 1e6;
  const result = await measure(system, 'prkdb-client', { ...LOAD, clients: 256 }, directory);
  const window: Window = { fromUs, toUs: nowUs() };
  await system.stop();
  const perPut = (seconds: number): string => `${(seconds * 1000).toFixed(0)} us`;
  console.log(
    `CPU a put: ${perPut(result.serverCpuSecondsPer1000)} on all nodes together, ` +
      `${perPut((result.clientCpuSeconds / result.operations) * 1000)} in the client\n`,
  );
  const percent = (share: number): string => `${(share * 100).toFixed(1).padStart(6)} %`;
  for (const file of readdirSync(directory).filter((f) => f.endsWith('.cpuprofile'))) {
    const { busySeconds, areas, functions } = readCpuProfile(path.join(directory, file), window);
    console.log(`${file}: its main thread was busy for ${busySeconds.toFixed(1)} s`);
    for (const [area, share] of areas) console.log(`${percent(share)}  ${area}`);
    console.log('  of which');
    for (const [name, share] of functions.slice(0, SHOWN_FUNCTIONS)) console.log(`${percent(share)}  ${name}`);
    console.log('');
  }
}

/** Accounts of where the time of a put goes, and CPU profiles of all processes, which are left as files. */
export async function profileLoad(partitions: number): Promise<void> {
  const directory = path.resolve('test-results/profile');
  rmSync(directory, { recursive: true, force: true });
  mkdirSync(directory, { recursive: true });
  await printAccounts(partitions);
  await printProfiles(partitions, directory);
  console.log(`The profiles are in ${directory}; Chromium's developer tools open them.`);
}
