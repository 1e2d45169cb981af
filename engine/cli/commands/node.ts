import type { Command } from 'commander';
import { CommandError } from '../errors.ts';

export function addNode(program: Command): void {
  program
    .command('node')
    .description('Run one node in this process, as on a host of its own, until it is stopped.')
    .requiredOption('--config <file>', 'its configuration')
    .action(async (options: { readonly config: string }) => {
      // Only this command needs storage and Raft; the others start without loading them.
      const { main } = await import('../../node/main.ts');
      try {
        await main(['--config', options.config]);
      } catch (error) {
        throw new CommandError((error as Error).message);
      }
    });
}
