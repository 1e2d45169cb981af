import { createHash } from 'node:crypto';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Option, type Command } from 'commander';
import lockfile from 'proper-lockfile';
import { z } from 'zod';
import {
  compareKeys,
  copyCheckpointSchema,
  keyText,
  runCopy,
  type ConflictPolicy,
  type CopyCounts,
  type Difference,
  type KeyStore,
  type Notable,
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
  readonly skipTooLarge?: boolean;
  readonly compare?: boolean;
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
const LOCK_STALE_MS = 3_000;
/** Keys that are named, of those with which something else is done. */
const MAX_NAMED = 10;
const fileSchema = copyCheckpointSchema.extend({ from: z.string(), to: z.string(), prefix: z.string() });

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
    .option('--skip-too-large', 'leave out what the target cannot take, instead of stopping there')
    .option('--follow', 'write what changes in the source too, until Ctrl-C')
    .option('--compare', 'copy nothing: read both sides and say where they differ')
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
    if (options.compare === true) await compare(context, options, from, to);
    else await run(context, options, from, to);
  } finally {
    for (const store of stores) store.close();
  }
}

async function run(context: CommandContext, options: CopyCommandOptions, from: KeyStore, to: KeyStore): Promise<void> {
  const { io } = context;
  const dryRun = options.dryRun === true;
  const follow = options.follow === true;
  if (dryRun && follow) throw new UsageError('--follow writes; it does not go with --dry-run.');
  const file = checkpointFile(context.home, options);
  const release = dryRun ? null : await claim(file);
  try {
    if (options.restart === true && !dryRun) await rm(file, { force: true });
    const resume = dryRun ? null : await readJson(file, fileSchema);
    if (resume !== null) {
      note(io, `Going on behind ${resume.counts.read} keys of an earlier run. --restart begins at the first.`);
    }
    const telling = everySecond(io, resume?.counts.read ?? 0, dryRun);
    const named: string[] = [];
    const result = await withInterrupt((signal) =>
      runCopy({
        from,
        to,
        prefix: Buffer.from(options.prefix),
        onConflict: options.onConflict,
        skipTooLarge: options.skipTooLarge === true,
        dryRun,
        verify: options.verify,
        keysPerSecond: options.rate ?? null,
        follow,
        resume,
        save: (checkpoint) =>
          writeJson(file, { from: options.from, to: options.to, prefix: options.prefix, ...checkpoint }),
        progress: telling,
        notable: (key, what) => {
          if (named.length < MAX_NAMED) named.push(`${keyText(key)} ${notableWords[what]}.`);
        },
        copied: (counts) => {
          if (options.json !== true) printLine(io, `${from.title} → ${to.title}: ${words(counts, dryRun)}`);
          note(io, `Following ${from.title}. Ctrl-C ends it.`);
        },
        followed: ({ puts, deletes }) => note(io, `${puts} written, ${deletes} deleted since.`),
        signal,
      }),
    );
    const { counts, isCopied, followed } = result;
    if (!isCopied) {
      throw new CommandError(
        `Interrupted after ${counts.read} keys; what was copied is in the target.`,
        'Run the same command again to go on.',
      );
    }
    if (!dryRun) await rm(file, { force: true });
    for (const line of named) note(io, line);
    if (options.json === true) {
      const verified = options.verify && !dryRun;
      const ending = followed === null ? null : { puts: followed.puts, deletes: followed.deletes };
      printJson(io, { from: options.from, to: options.to, dryRun, verified, ...counts, followed: ending });
    } else if (followed !== null) {
      printLine(io, `Followed: ${followed.puts} written, ${followed.deletes} deleted.`);
    } else printLine(io, `${from.title} → ${to.title}: ${words(counts, dryRun)}`);
    if (dryRun) checkRehearsal(counts, options);
  } finally {
    await release?.();
  }
}

const notableWords: Readonly<Record<Notable, string>> = {
  conflict: 'is in the target with another value',
  skipped: 'is in the target with another value, and stays so',
  tooLarge: 'is more than the target can take',
  expired: 'expired before its turn',
};

/** A rehearsal of what would not come to its end ends with 1. */
function checkRehearsal({ conflicts, tooLarge }: CopyCounts, { skipTooLarge }: CopyCommandOptions): void {
  if (conflicts > 0) {
    throw new CommandError(
      `The copy would stop: ${conflicts === 1 ? '1 key is' : `${conflicts} keys are`} in the target with another value.`,
      'Choose what shall become of them: --on-conflict skip or overwrite.',
    );
  }
  if (tooLarge > 0 && skipTooLarge !== true) {
    throw new CommandError(
      `The copy would stop: ${tooLarge === 1 ? '1 key is' : `${tooLarge} keys are`} more than the target can take.`,
      'Leave them out with --skip-too-large.',
    );
  }
}

/** Compares both sides, and writes nothing. */
async function compare(context: CommandContext, options: CopyCommandOptions, from: KeyStore, to: KeyStore) {
  const { io } = context;
  const named: string[] = [];
  const result = await withInterrupt((signal) =>
    compareKeys({
      from,
      to,
      prefix: Buffer.from(options.prefix),
      progress: () => undefined,
      different: (key, what) => {
        if (named.length < MAX_NAMED) named.push(`${keyText(key)} ${differenceWords[what]}.`);
      },
      signal,
    }),
  );
  if (result === null) throw new CommandError('Interrupted before both sides were compared.');
  for (const line of named) note(io, line);
  const { same, different, missing, extra } = result;
  const isEqual = different + missing + extra === 0;
  if (options.json === true) printJson(io, { from: options.from, to: options.to, isEqual, ...result });
  else {
    printLine(
      io,
      `${from.title} and ${to.title}: ${same} keys are equal, ${different} differ, ${missing} are missing in the target, ${extra} are only there.`,
    );
  }
  if (!isEqual) throw new CommandError('The two sides are not equal.');
}

const differenceWords: Readonly<Record<Difference, string>> = {
  different: 'has different values',
  missing: 'is missing in the target',
  extra: 'is only in the target',
};

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
    ...(now.conflicts > 0 ? [`${now.conflicts} with another value there`] : []),
    ...(now.expired > 0 ? [`${now.expired} expired`] : []),
    ...(now.tooLarge > 0 ? [`${now.tooLarge} too large`] : []),
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

/** Two runs of the same copy would write each other's checkpoint. One that was killed is noticed after a moment. */
async function claim(file: string): Promise<() => Promise<void>> {
  await mkdir(path.dirname(file), { recursive: true });
  const lockfilePath = `${file}.lock`;
  const giveUpAtMs = performance.now() + LOCK_STALE_MS + 2_000;
  for (;;) {
    try {
      const options = { realpath: false, lockfilePath, stale: LOCK_STALE_MS, onCompromised: () => undefined };
      const release = await lockfile.lock(file, options);
      return () => release().catch(() => undefined);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ELOCKED') throw error;
      if (performance.now() > giveUpAtMs) {
        throw new CommandError('This copy is running already, in another process.', 'Wait for it, or end that one.');
      }
    }
    await sleep(100);
  }
}
