import type { Command } from 'commander';
import type { CommandContext } from '../context.ts';
import { wholeNumber } from '../options.ts';
import { note, printLine } from '../output.ts';
import { defaultHome } from '../../supervisor/index.ts';

interface ServeOptions {
  readonly port: number;
  readonly host: string;
  readonly open?: boolean;
  readonly leaveRunning?: boolean;
}

export function addServe(program: Command, context: CommandContext): void {
  program
    .command('serve')
    .description('Serve the interface to a browser, until Ctrl-C.')
    .option('--port <n>', 'port; 0 for any that is free', wholeNumber(0, 65_535), 0)
    .option('--host <host>', 'address to listen on', '127.0.0.1')
    .option('--leave-running', 'leave the clusters it started running when it ends')
    .option('--open', 'open it in the browser')
    .action((options: ServeOptions) => serve(context, options));
}

async function serve(context: CommandContext, options: ServeOptions): Promise<void> {
  // oxlint-disable-next-line boundaries/no-restricted-paths -- the command is the one door from the engine to the interface
  const web = await import('../../../electron/web.ts');
  const home = defaultHome(context.io.env);
  const served = await web.serve({ port: options.port, host: options.host, home, open: options.open === true });
  printLine(context.io, served.url);
  await web.serveUntilEnd(served, {
    leaveRunning: options.leaveRunning === true,
    input: process.stdin,
    output: process.stderr,
    say: (line) => note(context.io, line),
  });
}
