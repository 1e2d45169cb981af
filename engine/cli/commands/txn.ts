import { readFile } from 'node:fs/promises';
import type { Command } from 'commander';
import { z } from 'zod';
import type { TransactWrite } from '../../client/index.ts';
import { MAX_TRANSACTION_BYTES } from '../../config/limits.ts';
import type { CommandContext } from '../context.ts';
import { CommandError } from '../errors.ts';
import {
  addOptions,
  clusterOption,
  connectionOptions,
  endpointsOption,
  jsonOption,
  timeoutOption,
} from '../options.ts';
import { printJson, printLine } from '../output.ts';
import { withClient, type DataOptions } from './data.ts';
import { readAll } from './put.ts';

const expectedRevision = z.number().int().min(0);
const writeSchema = z.union([
  z.strictObject({
    put: z.string(),
    value: z.string(),
    ttlMs: z.number().int().min(1).optional(),
    expectedRevision: expectedRevision.optional(),
  }),
  z.strictObject({ delete: z.string(), expectedRevision: expectedRevision.optional() }),
  z.strictObject({ check: z.string(), expectedRevision }),
]);

const SHAPES =
  'a line is {"put": key, "value": text}, {"delete": key} or {"check": key, "expectedRevision": n}; ' +
  'a put may have "ttlMs", and each an "expectedRevision"';

export function addTxn(program: Command, context: CommandContext): void {
  const command = program
    .command('txn')
    .description('Apply several writes to one partition, all of them or none: one JSON object a line.')
    .argument('[file]', 'the writes; standard input unless given', '-')
    .addOption(endpointsOption())
    .addOption(clusterOption())
    .addOption(timeoutOption())
    .addOption(jsonOption());
  addOptions(command, connectionOptions()).action((file: string, options: DataOptions) =>
    transact(context, file, options),
  );
}

async function transact(context: CommandContext, file: string, options: DataOptions): Promise<void> {
  const maxBytes = 2 * MAX_TRANSACTION_BYTES;
  const text = file === '-' ? await readAll(context.io.stdin, maxBytes) : await readText(file);
  const writes = parseWrites(text.toString('utf8'));
  const { partition, results } = await withClient(context, options, (client) => client.transact(writes));
  if (options.json === true) {
    const facts = results.map(({ entry, found }) => ({ revision: entry?.revision ?? null, found }));
    printJson(context.io, { partition, results: facts });
  } else printLine(context.io, `done: ${results.length} writes in partition ${partition}`);
}

async function readText(file: string): Promise<Buffer> {
  return readFile(file).catch((error: unknown) => {
    throw new CommandError(`${file} cannot be read: ${(error as Error).message}`);
  });
}

function parseWrites(text: string): TransactWrite[] {
  const lines = text.split('\n').map((line) => line.trim());
  return lines.flatMap((line, i): TransactWrite[] => {
    if (line === '') return [];
    try {
      return [writeSchema.parse(JSON.parse(line))];
    } catch {
      throw new CommandError(`Line ${i + 1} is no write: ${SHAPES}.`);
    }
  });
}
