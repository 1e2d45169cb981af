import { parseArgs } from 'node:util';
import * as grpc from '@grpc/grpc-js';
import { loadNodeConfig } from './load-config.ts';
import { runNode } from './run-node.ts';

/** Runs the node that the arguments describe until it stops. Rejects with a sentence when it cannot start. */
export async function main(args: readonly string[]): Promise<void> {
  // What fails is told in our own words; grpc-js would write its own lines to stderr beside them.
  if (process.env['GRPC_VERBOSITY'] === undefined) grpc.setLogVerbosity(grpc.logVerbosity.NONE);
  const { values } = parseArgs({
    args: [...args],
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
