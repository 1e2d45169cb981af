import * as grpc from '@grpc/grpc-js';
import { Command, CommanderError } from 'commander';
import { createContext, type CommandContext, type CommandIo } from './context.ts';
import { addBackup } from './commands/backup.ts';
import { addCerts } from './commands/certs.ts';
import { addCopy } from './commands/copy.ts';
import { addDelete } from './commands/delete.ts';
import { addDoctor } from './commands/doctor.ts';
import { addDown } from './commands/down.ts';
import { addDrill } from './commands/drill.ts';
import { addGet } from './commands/get.ts';
import { addHistory } from './commands/history.ts';
import { addLeadership } from './commands/leadership.ts';
import { addLoad } from './commands/load.ts';
import { addLogLevel } from './commands/log-level.ts';
import { addLogs } from './commands/logs.ts';
import { addLs } from './commands/ls.ts';
import { addNode } from './commands/node.ts';
import { addNodeActions } from './commands/node-actions.ts';
import { addPut } from './commands/put.ts';
import { addReports } from './commands/reports.ts';
import { addImport } from './commands/import.ts';
import { addRename } from './commands/rename.ts';
import { addRm } from './commands/rm.ts';
import { addScan } from './commands/scan.ts';
import { addServe } from './commands/serve.ts';
import { addStatus } from './commands/status.ts';
import { addToken } from './commands/token.ts';
import { addTxn } from './commands/txn.ts';
import { addUp } from './commands/up.ts';
import { addWatch } from './commands/watch.ts';
import { errorLines, UsageError } from './errors.ts';

export const EXIT = { ok: 0, failure: 1, usage: 2 } as const;

/** All commands with their options, ready to parse. Errors of parsing are thrown, not exited with. */
export function createProgram(context: CommandContext): Command {
  const { io } = context;
  const program = new Command('prkdb')
    .description('Launch, watch and break real Multi-Raft key-value clusters on your own machine.')
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => io.stdout.write(text),
      writeErr: (text) => io.stderr.write(text.replace(/^error: /, 'prkdb: ')),
    });
  addUp(program, context);
  addLs(program, context);
  addDown(program, context);
  addImport(program, context);
  addRename(program, context);
  addRm(program, context);
  addStatus(program, context);
  addNodeActions(program, context);
  addLeadership(program, context);
  addLogs(program, context);
  addLogLevel(program, context);
  addLoad(program, context);
  addDrill(program, context);
  addReports(program, context);
  addPut(program, context);
  addGet(program, context);
  addDelete(program, context);
  addScan(program, context);
  addHistory(program, context);
  addTxn(program, context);
  addWatch(program, context);
  addBackup(program, context);
  addDoctor(program, context);
  addCopy(program, context);
  addCerts(program, context);
  addToken(program, context);
  addNode(program, context);
  addServe(program, context);
  return program;
}

/** Runs one command line (without `node` and the script) to its end and returns the exit code. Never rejects. */
export async function runCli(args: readonly string[], io: CommandIo): Promise<number> {
  const context = createContext(io);
  const program = createProgram(context);
  try {
    await program.parseAsync(args, { from: 'user' });
    return EXIT.ok;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    for (const line of errorLines(error)) io.stderr.write(`${line}\n`);
    if (io.env['PRKDB_DEBUG'] === '1' && error instanceof Error) io.stderr.write(`${error.stack}\n`);
    return error instanceof UsageError ? EXIT.usage : EXIT.failure;
  } finally {
    await context.close().catch((error: unknown) => {
      for (const line of errorLines(error)) io.stderr.write(`${line}\n`);
    });
  }
}

/** The command as a process. */
export async function main(): Promise<void> {
  // What fails is told in our own words; grpc-js would write its own lines beside them.
  if (process.env['GRPC_VERBOSITY'] === undefined) grpc.setLogVerbosity(grpc.logVerbosity.NONE);
  // A reader that goes away (prkdb scan | head) is no failure.
  process.stdout.on('error', (error: NodeJS.ErrnoException) =>
    process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.failure),
  );
  const { stdin, stdout, stderr, env } = process;
  process.exitCode = await runCli(process.argv.slice(2), { stdin, stdout, stderr, env });
}
