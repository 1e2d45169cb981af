import type { Command } from 'commander';
import { MAX_TTL_MS, MAX_VALUE_BYTES } from '../../config/limits.ts';
import type { CommandContext } from '../context.ts';
import {
  addOptions,
  connectionOptions,
  clusterOption,
  duration,
  endpointsOption,
  jsonOption,
  revisionOption,
  timeoutOption,
} from '../options.ts';
import { printJson, printLine } from '../output.ts';
import { withClient, type DataOptions } from './data.ts';

interface PutOptions extends DataOptions {
  readonly ttl?: number;
  readonly revision?: number;
}

export function addPut(program: Command, context: CommandContext): void {
  const command = program
    .command('put')
    .description('Write a key.')
    .argument('<key>')
    .argument('<value>', '- reads it from standard input')
    .option('--ttl <duration>', 'the key goes by itself after so long, like 30s or 2h', duration(MAX_TTL_MS))
    .addOption(revisionOption())
    .addOption(endpointsOption())
    .addOption(clusterOption())
    .addOption(timeoutOption())
    .addOption(jsonOption());
  addOptions(command, connectionOptions()).action((key: string, value: string, options: PutOptions) =>
    put(context, key, value, options),
  );
}

async function put(context: CommandContext, key: string, value: string, options: PutOptions): Promise<void> {
  const bytes = value === '-' ? await readAll(context.io.stdin) : value;
  const meta = await withClient(context, options, (client) =>
    client.put(key, bytes, { ttlMs: options.ttl, expectedRevision: options.revision }),
  );
  const { partition, revision, version, expiresAtMs } = meta;
  if (options.json === true) printJson(context.io, { key, partition, revision, version, expiresAtMs });
  else printLine(context.io, `written: revision ${revision} of partition ${partition}`);
}

/** Stops soon after `maxBytes`, which is what no value may exceed unless given; the client says so. */
export async function readAll(stdin: NodeJS.ReadableStream, maxBytes = MAX_VALUE_BYTES): Promise<Buffer> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin) {
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
    chunks.push(bytes);
    size += bytes.length;
    if (size > maxBytes) break;
  }
  return Buffer.concat(chunks);
}
