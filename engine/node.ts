/**
 * One PrkDB node as a process:
 *
 *     node engine/node.ts --config FILE [--token TOKEN] [--leash SOCKET]
 *
 * Prints one JSON line with `"ready": true` when it serves. Ends with code 0 after an
 * orderly stop, 1 with a sentence on stderr when it cannot start.
 */
import { parseArgs } from 'node:util';
import { loadNodeConfig } from './node/load-config.ts';
import { runNode } from './node/run-node.ts';

export { loadNodeConfig } from './node/load-config.ts';
export { runNode, type RunNodeOptions, type RunningNode } from './node/run-node.ts';

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { config: { type: 'string' }, token: { type: 'string' }, leash: { type: 'string' } },
  });
  if (values.config === undefined) throw new Error('Name the configuration file: --config FILE');
  const config = loadNodeConfig(values.config);
  const node = await runNode(config, { token: values.token, leash: values.leash });
  process.on('SIGTERM', () => void node.stop('SIGTERM'));
  process.on('SIGINT', () => void node.stop('SIGINT'));
  process.stdout.write(`${JSON.stringify({ ready: true, nodeId: config.nodeId, pid: process.pid })}\n`);
  await node.stopped;
}

if (import.meta.main) {
  main().then(
    () => process.exit(0),
    (error: unknown) => {
      process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
      if (process.env['PRKDB_DEBUG'] === '1') process.stderr.write(`${error instanceof Error ? error.stack : ''}\n`);
      process.exit(1);
    },
  );
}
