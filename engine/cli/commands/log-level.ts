import type { Command } from 'commander';
import { ClusterClient, PrkDbError } from '../../client/index.ts';
import { LOG_LEVELS, isLogLevel } from '../../config/node-config.ts';
import { connectionOf, endpointOf } from '../../supervisor/index.ts';
import { nodeIdOf, type CommandContext } from '../context.ts';
import { CommandError, UsageError } from '../errors.ts';
import { jsonOption } from '../options.ts';
import { note, printJson, printLine } from '../output.ts';

export function addLogLevel(program: Command, context: CommandContext): void {
  program
    .command('log-level')
    .summary('say how much running nodes write into their logs')
    .description(
      `Say how much the nodes of a cluster, or one of them, write into their logs, from now until they are started again: ${LOG_LEVELS.join(', ')}.`,
    )
    .argument('<name>', 'name of the cluster')
    .argument('<what...>', '[n1] and the level')
    .addOption(jsonOption())
    .action((name: string, what: string[], options: { readonly json?: boolean }) =>
      logLevel(context, name, what, options),
    );
}

async function logLevel(
  context: CommandContext,
  name: string,
  what: readonly string[],
  options: { readonly json?: boolean },
): Promise<void> {
  const level = what.at(-1) ?? '';
  if (what.length > 2 || !isLogLevel(level)) {
    throw new UsageError(`Give a node or none, and then a level: ${LOG_LEVELS.join(', ')}.`);
  }
  const nodeId = what.length === 2 ? nodeIdOf(what[0]!) : null;
  const { record, nodes } = await (await context.supervisor()).get(name);
  const members = record.members.filter(({ id }) => nodeId === null || id === nodeId);
  if (members.length === 0) throw new UsageError(`${name} has no node n${nodeId}.`);
  const running = members.filter(({ id }) => nodes.some((node) => node.nodeId === id && node.state === 'running'));
  const connection = connectionOf(record);
  const changed: { node: number; level: string; before: string }[] = [];
  for (const member of running) {
    const client = new ClusterClient(endpointOf(record, member), connection);
    try {
      changed.push({ node: member.id, level, before: await client.setLogLevel(level) });
    } catch (error) {
      if (!(error instanceof PrkDbError)) throw error;
      note(context.io, `prkdb: n${member.id}: ${error.message}`);
    } finally {
      client.close();
    }
  }
  if (changed.length === 0) {
    const who = nodeId === null ? `No node of ${name}` : `n${nodeId} of ${name}`;
    throw new CommandError(`${who} could be asked: nothing has changed.`, `See who runs with: prkdb status ${name}`);
  }
  if (options.json === true) printJson(context.io, changed);
  else
    for (const { node, before } of changed)
      printLine(context.io, `n${node} of ${name} logs ${level} now (${before} before).`);
}
