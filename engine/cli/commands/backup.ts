import { statSync } from 'node:fs';
import path from 'node:path';
import type { Command } from 'commander';
import { checkBackup, makeBackup, restoreBackup, type BackedUpPartition, type Manifest } from '../../backup/index.ts';
import { connectionTarget, type CommandContext, type TargetOptions } from '../context.ts';
import { CommandError, UsageError } from '../errors.ts';
import { withInterrupt } from '../interrupted.ts';
import { addOptions, clusterOption, connectionOptions, endpointsOption, jsonOption } from '../options.ts';
import { printJson, printLine } from '../output.ts';

interface BackupOptions extends TargetOptions {
  readonly json?: boolean;
}

interface RestoreOptions extends BackupOptions {
  readonly overwrite?: boolean;
  readonly verify: boolean;
  readonly check?: boolean;
}

export function addBackup(program: Command, context: CommandContext): void {
  const target = () => [clusterOption(), endpointsOption(), ...connectionOptions(), jsonOption()];
  addOptions(
    program
      .command('backup')
      .summary('write all keys of a cluster into a file')
      .description(
        'Write all keys of a cluster into one file while it works. Every write that was acknowledged before is in it; each partition is as it was at one moment. Tokens are not in it.',
      )
      .argument('<where...>', '[name of the cluster] and the file, or a directory to put it in'),
    target(),
  ).action((where: string[], options: BackupOptions) => backup(context, where, options));
  addOptions(
    program
      .command('restore')
      .summary('write the keys of a backup into a cluster')
      .description(
        'Write the keys of a backup into a cluster, of whatever number of nodes and partitions. The file is checked first, and every key is read back in the end.',
      )
      .argument('<where...>', '[name of the cluster] and the file')
      .option('--overwrite', 'also where the cluster has another value under a key')
      .option('--no-verify', 'do not read the keys back')
      .option('--check', 'only check the file, and say what is in it'),
    target(),
  ).action((where: string[], options: RestoreOptions) => restore(context, where, options));
}

/** `[name] file`, which commander has no form for. */
function named<T extends BackupOptions>(where: readonly string[], options: T): { file: string; options: T } {
  const [first, second] = where;
  if (where.length > 2 || first === undefined) throw new UsageError('Give at most a cluster and a file.');
  if (second === undefined) return { file: path.resolve(first), options };
  if (options.cluster !== undefined || options.endpoints !== undefined) {
    throw new UsageError('Name the cluster once: before the file, or with --cluster or --endpoints.');
  }
  return { file: path.resolve(second), options: { ...options, cluster: first } };
}

async function backup(context: CommandContext, where: readonly string[], given: BackupOptions): Promise<void> {
  const { file: wanted, options } = named(where, given);
  const target = await connectionTarget(context, options);
  const file = fileIn(wanted, options.cluster ?? 'cluster');
  const progress = progressLine(context);
  const made = await interruptible('No backup was made.', (signal) =>
    makeBackup({
      ...target,
      file,
      signal,
      onProgress: ({ partitions, ofPartitions }) => progress.show(`${partitions} of ${ofPartitions} partitions`),
    }).finally(() => progress.clear()),
  );
  if (options.json === true) {
    printJson(context.io, { file, ...made });
    return;
  }
  printLine(context.io, `${file}: ${contents(made)}, ${made.sizeBytes} bytes of file.`);
  printLine(context.io, `Each partition up to this entry of its log: ${vector(made.partitions)}.`);
}

async function restore(context: CommandContext, where: readonly string[], given: RestoreOptions): Promise<void> {
  const { file, options } = named(where, given);
  if (options.check === true) {
    const manifest = await checkBackup(file);
    if (options.json === true) printJson(context.io, { file, ...manifest });
    else printLine(context.io, `${file} is whole: ${contents(manifest)}, from ${manifest.clusterName}.`);
    return;
  }
  const target = await connectionTarget(context, options);
  const progress = progressLine(context);
  const interrupted = 'What was written stays, and the same command goes on from there.';
  const { manifest, written, same, expired } = await interruptible(interrupted, (signal) =>
    restoreBackup({
      ...target,
      file,
      overwrite: options.overwrite === true,
      verify: options.verify,
      signal,
      onProgress: ({ step, keys }) => progress.show(`${step}: ${keys} keys`),
    }).finally(() => progress.clear()),
  );
  if (options.json === true) {
    printJson(context.io, { file, written, same, expired, verified: options.verify, ...manifest });
    return;
  }
  const there = same === 0 ? '' : `; ${keysWords(same)} of the backup had the same value there already`;
  const gone = expired === 0 ? '' : `; ${keysWords(expired)} of the backup would have expired by now`;
  const verified = options.verify ? ' All were read back.' : '';
  printLine(context.io, `Written: ${keysWords(written)}${there}${gone}.${verified}`);
}

function interruptible<T>(left: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  return withInterrupt((signal) =>
    work(signal).catch((error: unknown) => {
      throw signal.aborted ? new CommandError('Interrupted.', left) : error;
    }),
  );
}

function keysWords(count: number): string {
  return count === 1 ? '1 key' : `${count} keys`;
}

function fileIn(named: string, cluster: string): string {
  if (statSync(named, { throwIfNoEntry: false })?.isDirectory() !== true) return named;
  const stamp = new Date().toISOString().replace(/[-:]/g, '').replace(/\..*/, '');
  return path.join(named, `${cluster}-${stamp}.prkdb`);
}

function contents({ partitions, keys, bytes, beganAtMs }: Manifest): string {
  return `${keysWords(keys)} (${bytes} bytes) of ${partitions.length} partitions as of ${new Date(beganAtMs).toISOString()}`;
}

function vector(partitions: readonly BackedUpPartition[]): string {
  return partitions.map(({ partition, index }) => `p${partition} ${index}`).join(', ');
}

/** One line on a terminal that is written over; nothing in pipes. */
function progressLine({ io }: CommandContext): { show(text: string): void; clear(): void } {
  const { stderr } = io;
  const isTerminal = (stderr as { isTTY?: boolean }).isTTY === true;
  let shownAtMs = 0;
  return {
    show: (text) => {
      if (!isTerminal || Date.now() - shownAtMs < 100) return;
      shownAtMs = Date.now();
      stderr.write(`\r\u001b[K${text}`);
    },
    clear: () => void (isTerminal && stderr.write('\r\u001b[K')),
  };
}
