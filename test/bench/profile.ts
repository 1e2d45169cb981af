import { mkdirSync, readFileSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { measure } from './measure.ts';
import { startPrkDb } from './systems/prkdb.ts';

interface CpuProfile {
  readonly nodes: readonly { id: number; callFrame: { functionName: string; url: string; lineNumber: number } }[];
  readonly samples: readonly number[];
  readonly timeDeltas: readonly number[];
}

const SHOWN = 25;

/** The functions that the time went into, by the samples of one profile. */
function hotSpots(file: string): { seconds: number; lines: string[] } {
  const profile = JSON.parse(readFileSync(file, 'utf8')) as CpuProfile;
  const frames = new Map(profile.nodes.map((n) => [n.id, n.callFrame]));
  const self = new Map<string, number>();
  let total = 0;
  profile.samples.forEach((id, i) => {
    const frame = frames.get(id);
    const place = frame === undefined ? '?' : frame.url.split('/').slice(-2).join('/');
    const name = `${frame?.functionName || '(anonymous)'} ${place}:${(frame?.lineNumber ?? 0) + 1}`;
    const delta = profile.timeDeltas[i] ?? 0;
    self.set(name, (self.get(name) ?? 0) + delta);
    total += delta;
  });
  const lines = [...self]
    .sort((a, b) => b[1] - a[1])
    .slice(0, SHOWN)
    .map(([name, time]) => `${((time / total) * 100).toFixed(1).padStart(6)} %  ${name}`);
  return { seconds: total / 1e6, lines };
}

/** CPU profiles of every node and of the client under puts of 256 clients; leaves them as files and prints the hot spots. */
export async function profileLoad(partitions: number): Promise<void> {
  const directory = path.resolve('test-results/profile');
  mkdirSync(directory, { recursive: true });
  const system = await startPrkDb({ nodes: 3, partitions, profileDir: directory });
  const load = {
    clients: 256,
    seconds: 8,
    warmUpSeconds: 2,
    keyCount: 10_000,
    valueBytes: 256,
    readPercent: 0,
    getMode: 'linearizable' as const,
    ratePerSecond: null,
  };
  const result = await measure(system, 'prkdb-client', load, directory);
  await system.stop();
  const perPut = (seconds: number): string => `${(seconds * 1000).toFixed(0)} us`;
  console.log(
    `${Math.round(result.perSecond)} puts/s, p50 ${result.p50Ms.toFixed(1)} ms, p99 ${result.p99Ms.toFixed(1)} ms`,
  );
  console.log(
    `CPU a put: ${perPut(result.serverCpuSecondsPer1000)} on all nodes together, ` +
      `${perPut((result.clientCpuSeconds / result.operations) * 1000)} in the client\n`,
  );
  for (const file of readdirSync(directory).filter((f) => f.endsWith('.cpuprofile'))) {
    const { seconds, lines } = hotSpots(path.join(directory, file));
    console.log(`${file} (${seconds.toFixed(1)} s)\n${lines.join('\n')}\n`);
  }
}
