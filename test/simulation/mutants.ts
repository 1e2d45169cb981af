import { spawn, spawnSync, type SpawnSyncReturns } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
export const MUTANTS = fileURLToPath(new URL('./mutants', import.meta.url));

/** Simulation that each mutant gets, in seconds of one core. One that lives longer is a hole in the simulator. */
const LIMIT_CPU_SECONDS = 60;
/** Ends a simulation that does not end itself. */
const KILL_AFTER_MS = 15 * 60_000;
const FIRST_SEED = 1;

export interface MutantResult {
  readonly name: string;
  readonly caught: boolean;
  /** Where and how it was caught, or what went wrong instead. */
  readonly words: string;
}

export function mutantNames(): string[] {
  return readdirSync(MUTANTS)
    .filter((file) => file.endsWith('.patch'))
    .map((file) => file.slice(0, -'.patch'.length))
    .sort();
}

function applyPatch(name: string, directory: string, ...options: string[]): SpawnSyncReturns<string> {
  const patch = path.join(MUTANTS, `${name}.patch`);
  return spawnSync('git', ['apply', '-C1', '--recount', ...options, patch], { cwd: directory, encoding: 'utf8' });
}

/** Whether the patch still changes the sources as they are. */
export function fits(name: string): boolean {
  return applyPatch(name, ROOT, '--check').status === 0;
}

/** A copy of what a simulation runs, with one bug in it. Throws when the patch does not fit. */
function makeMutant(name: string): string {
  const directory = mkdtempSync(path.join(tmpdir(), 'prkdb-mutant-'));
  for (const part of ['engine', 'test/simulation', 'package.json']) {
    cpSync(path.join(ROOT, part), path.join(directory, part), { recursive: true });
  }
  symlinkSync(path.join(ROOT, 'node_modules'), path.join(directory, 'node_modules'), 'dir');
  const applied = applyPatch(name, directory);
  if (applied.status === 0) return directory;
  rmSync(directory, { recursive: true, force: true });
  const why = applied.error?.message ?? applied.stderr.trim();
  throw new Error(`the patch does not fit the sources any more; write it anew: ${why}`);
}

interface Caught {
  readonly seed: number;
  readonly step: number;
  readonly invariant: string;
  readonly message: string;
  readonly cpuMs: number;
}

/** The failure that the simulator reported, if it reported one. */
function caughtIn(output: string): Caught | undefined {
  for (const line of output.split('\n')) {
    if (line.startsWith('{"seed"')) return JSON.parse(line) as Caught;
  }
  return undefined;
}

/** Runs the simulator on a copy of the sources with this bug. */
export async function runMutant(name: string): Promise<MutantResult> {
  const result = (caught: boolean, words: string): MutantResult => ({ name, caught, words });
  let directory: string;
  try {
    directory = makeMutant(name);
  } catch (error) {
    return result(false, error instanceof Error ? error.message : String(error));
  }
  try {
    const { output, errors, code } = await simulateIn(directory);
    const caught = caughtIn(output);
    if (caught !== undefined) {
      const { seed, step, invariant, message, cpuMs } = caught;
      return result(
        true,
        `seed ${seed}, step ${step}, after ${(cpuMs / 1000).toFixed(1)} s: ${invariant}\n    ${message.split('\n')[0]}`,
      );
    }
    return result(false, code === 0 ? `SURVIVED: ${output.trim()}` : `the simulator itself failed: ${errors.trim()}`);
  } finally {
    rmSync(directory, { recursive: true, force: true });
  }
}

function simulateIn(directory: string): Promise<{ output: string; errors: string; code: number | null }> {
  const options = ['--seed', `${FIRST_SEED}`, '--cpu-seconds', `${LIMIT_CPU_SECONDS}`, '--until-failure', '--json'];
  const main = path.join(directory, 'test/simulation/main.ts');
  const child = spawn(process.execPath, [main, ...options], { cwd: directory, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  let errors = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => (output += chunk));
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => (errors += chunk));
  // A bug can make a step endless; nothing inside of the process could end it then.
  const timer = setTimeout(() => child.kill('SIGKILL'), KILL_AFTER_MS);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ output, errors, code });
    });
  });
}

async function main(): Promise<void> {
  const wanted = process.argv.slice(2);
  const all = mutantNames();
  const names = wanted.length === 0 ? all : all.filter((name) => wanted.some((part) => name.includes(part)));
  if (names.length === 0) throw new Error(`no mutant is called like ${wanted.join(', ')}; there are ${all.join(', ')}`);
  const survivors: string[] = [];
  const queue = [...names];
  const work = async (): Promise<void> => {
    for (let name = queue.shift(); name !== undefined; name = queue.shift()) {
      const { caught, words } = await runMutant(name);
      if (!caught) survivors.push(name);
      const title = readFileSync(path.join(MUTANTS, `${name}.patch`), 'utf8').split('\n')[0];
      console.log(`${name}\n    ${title}\n    ${caught ? 'caught at ' : ''}${words}`);
    }
  };
  await Promise.all(Array.from({ length: Math.min(names.length, availableParallelism()) }, work));
  console.log(`\n${names.length - survivors.length} of ${names.length} mutants caught`);
  if (survivors.length > 0) {
    console.log(`not caught: ${survivors.join(', ')}`);
    process.exitCode = 1;
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
