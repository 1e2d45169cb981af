import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { Option, type Command } from 'commander';
import { z } from 'zod';
import {
  copyKeys,
  followChanges,
  type ConflictPolicy,
  type CopyCheckpoint,
  type CopyCounts,
  type FollowCounts,
  type KeyStore,
} from '../../copy/index.ts';
import { readJson, writeJson } from '../../supervisor/files.ts';
import type { CommandContext, CommandIo } from '../context.ts';
import { openStore } from '../copy-ref.ts';
import { CommandError, UsageError } from '../errors.ts';
import { withInterrupt } from '../interrupted.ts';
import { jsonOption, wholeNumber } from '../options.ts';
import { note, printJson, printLine } from '../output.ts';

interface CopyCommandOptions {
  readonly from: string;
  readonly to: string;
  readonly prefix: string;
  readonly onConflict: ConflictPolicy;
  readonly dryRun?: boolean;
  readonly verify: boolean;
  readonly rate?: number;
  readonly follow?: boolean;
  readonly restart?: boolean;
  readonly json?: boolean;
  readonly fromCa?: string;
  readonly fromCert?: string;
  readonly fromKey?: string;
  readonly fromUser?: string;
  readonly toCa?: string;
  readonly toCert?: string;
  readonly toKey?: string;
  readonly toUser?: string;
}

const PROGRESS_MS = 1_000;
const counts = z.strictObject({
  read: z.number(),
  written: z.number(),
  same: z.number(),
  skipped: z.number(),
  bytes: z.number(),
});
const checkpointSchema = z.strictObject({
  from: z.string(),
  to: z.string(),
  after: z.base64(),
  counts,
  position: z.string().nullable(),
  /** All is copied, and changes are followed. */
  isCopied: z.boolean(),
});

export function addCopy(program: Command, context: CommandContext): void {
  const command = program
    .command('copy')
    .summary('copy keys from one cluster to another, of any kind')
    .description(
      'A cluster is the name of a local one, prkdb://host:port[,host:port] or etcd://host:port[,host:port] (prkdbs:// and etcds:// with TLS). What was interrupted goes on where it was when it is run again.',
    )
    .requiredOption('--from <cluster>', 'where the keys are')
    .requiredOption('--to <cluster>', 'where they go')
    .option('--prefix <text>', 'only keys that begin so', '')
    .addOption(
      new Option('--on-conflict <policy>', 'a key that is in the target with another value')
        .choices(['skip', 'overwrite', 'fail'])
        .default('fail'),
    )
    .option('--dry-run', 'say what would be done, and write nothing')
    .option('--no-verify', 'do not read back what was written')
    .option('--follow', 'then write what changes in the source too, until Ctrl-C (from etcd only)')
    .option('--rate <keys>', 'at most so many keys a second', wholeNumber(1, 1_000_000))
    .option('--restart', 'begin at the first key, also where an earlier run got further')
    .addOption(jsonOption());
  for (const [side, words] of [
    ['from', 'of the source'],
    ['to', 'of the target'],
  ] as const) {
    command
      .option(`--${side}-ca <file>`, `the CA ${words}`)
      .option(`--${side}-cert <file>`, `the certificate to show to the nodes ${words}`)
      .option(`--${side}-key <file>`, 'its key')
      .option(
        `--${side}-user <name>`,
        `the etcd user ${words}; its password, or a token, is in PRKDB_${side.toUpperCase()}_SECRET`,
      );
  }
  command.action((options: CopyCommandOptions) => copy(context, options));
}

async function copy(context: CommandContext, options: CopyCommandOptions): Promise<void> {
  const { io } = context;
  const { fromCa, fromCert, fromKey, fromUser, toCa, toCert, toKey, toUser } = options;
  const stores: KeyStore[] = [];
  try {
    const from = await openStore(context, options.from, {
      ca: fromCa,
      cert: fromCert,
      key: fromKey,
      user: fromUser,
      secret: io.env['PRKDB_FROM_SECRET'],
    });
    stores.push(from);
    const to = await openStore(context, options.to, {
      ca: toCa,
      cert: toCert,
      key: toKey,
      user: toUser,
      secret: io.env['PRKDB_TO_SECRET'],
    });
    stores.push(to);
    await run(context, options, from, to);
  } finally {
    for (const store of stores) store.close();
  }
}

async function run(context: CommandContext, options: CopyCommandOptions, from: KeyStore, to: KeyStore): Promise<void> {
  const { io } = context;
  const dryRun = options.dryRun === true;
  if (dryRun && options.follow === true) throw new UsageError('--follow writes; it does not go with --dry-run.');
  const file = checkpointFile(context.home, options);
  if (options.restart === true) await rm(file, { force: true });
  const resume = dryRun ? null : await readJson(file, checkpointSchema);
  if (resume !== null) {
    note(io, `Going on behind ${resume.counts.read} keys of an earlier run. --restart begins at the first.`);
  }
  const save = (isCopied: boolean) => (checkpoint: CopyCheckpoint) =>
    writeJson(file, { from: options.from, to: options.to, ...checkpoint, isCopied });
  await withInterrupt(async (signal) => {
    let done: CopyCheckpoint;
    if (resume?.isCopied === true) done = resume;
    else {
      const telling = everySecond(io, resume?.counts.read ?? 0, dryRun);
      const { counts, isComplete, position } = await copyKeys({
        from,
        to,
        prefix: Buffer.from(options.prefix),
        onConflict: options.onConflict,
        dryRun,
        verify: options.verify,
        keysPerSecond: options.rate ?? null,
        resume,
        checkpoint: save(false),
        progress: telling,
        signal,
      });
      if (!isComplete) {
        throw new CommandError(
          `Interrupted after ${counts.read} keys; what was copied is in the target.`,
          'Run the same command again to go on.',
        );
      }
      done = { after: '', counts, position };
      if (options.json !== true) printLine(io, `${from.title} → ${to.title}: ${words(counts, dryRun)}`);
    }
    const followed =
      options.follow === true ? await follow(context, options, from, to, done, save(true), signal) : null;
    if (!dryRun) await rm(file, { force: true });
    if (options.json === true) {
      const verified = options.verify && !dryRun;
      printJson(io, { from: options.from, to: options.to, dryRun, verified, ...done.counts, followed });
    }
  });
}

/** Until Ctrl-C, which is how it is told that the target is used from now on. */
async function follow(
  { io }: CommandContext,
  options: CopyCommandOptions,
  from: KeyStore,
  to: KeyStore,
  done: CopyCheckpoint,
  save: (checkpoint: CopyCheckpoint) => Promise<void>,
  signal: AbortSignal,
): Promise<FollowCounts> {
  const { position } = done;
  if (position === null) throw new UsageError(`${from.title} does not tell its changes: only etcd can be followed.`);
  await save(done);
  note(io, `Following ${from.title} from revision ${position}. Ctrl-C ends it.`);
  const counts = await followChanges({
    from,
    to,
    prefix: Buffer.from(options.prefix),
    position,
    checkpoint: (reached) => save({ ...done, position: reached }),
    progress: ({ puts, deletes }) => note(io, `${puts} written, ${deletes} deleted since.`),
    signal,
  });
  if (options.json !== true) printLine(io, `Followed: ${counts.puts} written, ${counts.deletes} deleted.`);
  return counts;
}

/** Progress for a person: not more often than it can be read. */
function everySecond(io: CommandIo, readBefore: number, dryRun: boolean): (now: CopyCounts) => void {
  const startedMs = performance.now();
  let toldMs = startedMs;
  return (now) => {
    if (performance.now() - toldMs < PROGRESS_MS) return;
    toldMs = performance.now();
    const perSecond = (now.read - readBefore) / ((toldMs - startedMs) / 1000);
    note(io, `${words(now, dryRun)} (${perSecond.toFixed(0)} keys/s)`);
  };
}

function words(now: CopyCounts, dryRun: boolean): string {
  const parts = [
    `${now.read} keys read`,
    `${now.written} ${dryRun ? 'to write' : 'written'}`,
    `${now.same} the same already`,
    ...(now.skipped > 0 ? [`${now.skipped} skipped`] : []),
  ];
  return `${parts.join(', ')}.`;
}

/** One for each pair of clusters, prefix and policy: another copy does not go on where this one was. */
function checkpointFile(home: string, { from, to, prefix, onConflict }: CopyCommandOptions): string {
  const name = createHash('sha256')
    .update(JSON.stringify([from, to, prefix, onConflict]))
    .digest('hex')
    .slice(0, 32);
  return path.join(home, 'copies', `${name}.json`);
}
