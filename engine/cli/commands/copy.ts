import { createHash } from 'node:crypto';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { Option, type Command } from 'commander';
import { z } from 'zod';
import {
  copyKeys,
  noCounts,
  type ConflictPolicy,
  type CopyCheckpoint,
  type CopyCounts,
  type KeyStore,
} from '../../copy/index.ts';
import { readJson, writeJson } from '../../supervisor/files.ts';
import type { CommandContext } from '../context.ts';
import { openStore } from '../copy-ref.ts';
import { CommandError } from '../errors.ts';
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
const checkpointSchema = z.strictObject({ from: z.string(), to: z.string(), after: z.base64(), counts });

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
  const file = checkpointFile(context.home, options);
  if (options.restart === true) await rm(file, { force: true });
  const resume = dryRun ? null : await readJson(file, checkpointSchema);
  if (resume !== null) {
    note(io, `Going on behind ${resume.counts.read} keys of an earlier run. --restart begins at the first.`);
  }
  let told = performance.now();
  const startedMs = performance.now();
  const { counts: done, isComplete } = await withInterrupt((signal) =>
    copyKeys({
      from,
      to,
      prefix: Buffer.from(options.prefix),
      onConflict: options.onConflict,
      dryRun,
      verify: options.verify,
      keysPerSecond: options.rate ?? null,
      resume,
      checkpoint: (checkpoint: CopyCheckpoint) =>
        writeJson(file, { from: options.from, to: options.to, ...checkpoint }),
      progress: (now) => {
        if (performance.now() - told < PROGRESS_MS) return;
        told = performance.now();
        const perSecond = (now.read - (resume?.counts ?? noCounts).read) / ((told - startedMs) / 1000);
        note(io, `${words(now, dryRun)} (${perSecond.toFixed(0)} keys/s)`);
      },
      signal,
    }),
  );
  if (!isComplete) {
    throw new CommandError(
      `Interrupted after ${done.read} keys; what was copied is in the target.`,
      'Run the same command again to go on.',
    );
  }
  if (!dryRun) await rm(file, { force: true });
  if (options.json === true)
    printJson(io, { from: options.from, to: options.to, dryRun, verified: options.verify && !dryRun, ...done });
  else printLine(io, `${from.title} → ${to.title}: ${words(done, dryRun)}`);
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
