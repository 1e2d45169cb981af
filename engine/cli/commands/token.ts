import { InvalidArgumentError, Option, type Command } from 'commander';
import { PrkDbClient, atSystemLeader, waitForToken } from '../../client/index.ts';
import { MAX_TOKEN_NAME_BYTES, RIGHTS, makeToken, tokenHash, tokenId, type Right } from '../../config/tokens.ts';
import type { TokenInfo } from '../../rpc/cluster.ts';
import { connectionTarget, type CommandContext, type Target, type TargetOptions } from '../context.ts';
import { UsageError } from '../errors.ts';
import {
  addOptions,
  clusterOption,
  connectionOptions,
  endpointsOption,
  jsonOption,
  timeoutOption,
} from '../options.ts';
import { note, printJson, printLine, table } from '../output.ts';

interface TokenOptions extends TargetOptions {
  readonly timeout: number;
  readonly json?: boolean;
}

interface CreateOptions extends TokenOptions {
  readonly rights: Right;
  readonly name: string;
  /** Milliseconds. */
  readonly ttl: number;
}

const KNOWN_WAIT_MS = 5_000;

export function addToken(program: Command, context: CommandContext): void {
  const token = program
    .command('token')
    .summary('say who may call a cluster')
    .description(
      'Tokens that callers of a cluster show. While it has none, callers on the nodes’ own machines need none; from the first one on everybody does.',
    );
  const sub = (name: string, description: string) =>
    addOptions(token.command(name).description(description), [
      clusterOption(),
      endpointsOption(),
      ...connectionOptions(),
      timeoutOption(),
      jsonOption(),
    ]);
  sub('create', 'Make a token, and print it. It is shown this once: the cluster keeps only a hash of it.')
    .addOption(
      new Option('--rights <right>', 'what it allows; each includes the ones before')
        .choices(RIGHTS)
        .makeOptionMandatory(),
    )
    .option('--name <name>', 'who it is for', '')
    .option('--ttl <time>', 'when it expires: 12h, 30d (default: never)', duration, 0)
    .action((options: CreateOptions) => create(context, options));
  sub('ls', 'List the tokens of a cluster.').action((options: TokenOptions) => ls(context, options));
  sub('revoke', 'Revoke a token: what it opened is closed.')
    .argument('<id>', 'the id of the token, or the token itself')
    .action((id: string, options: TokenOptions) => revoke(context, id, options));
  token
    .command('generate')
    .description('Print a new token, for access.adminTokenFile in the configuration of the nodes.')
    .action(() => printLine(context.io, makeToken()));
}

async function create(context: CommandContext, options: CreateOptions): Promise<void> {
  if (Buffer.byteLength(options.name) > MAX_TOKEN_NAME_BYTES) {
    throw new UsageError(`A name has at most ${MAX_TOKEN_NAME_BYTES} bytes.`);
  }
  const { endpoints, connection } = await connectionTarget(context, options);
  const token = makeToken();
  const request = {
    id: tokenId(token)!,
    sha256: tokenHash(token),
    name: options.name,
    right: options.rights,
    ttlMs: options.ttl,
  };
  const info = await atSystemLeader(endpoints, connection, options.timeout, (client) => client.createToken(request));
  // From now on the caller's own word may no longer do.
  const late = await waitForToken(
    await allNodes({ endpoints, connection: { ...connection, token } }),
    { ...connection, token },
    KNOWN_WAIT_MS,
  );
  if (options.json === true) printJson(context.io, { ...toJson(info), token });
  else printLine(context.io, token);
  if (late.length > 0) note(context.io, `Not known there yet, as they do not answer: ${late.join(', ')}`);
}

async function ls(context: CommandContext, options: TokenOptions): Promise<void> {
  const { endpoints, connection } = await connectionTarget(context, options);
  const tokens = await atSystemLeader(endpoints, connection, options.timeout, (client) => client.listTokens());
  if (options.json === true) {
    printJson(context.io, tokens.map(toJson));
    return;
  }
  if (tokens.length === 0) {
    note(context.io, 'There is no token. Make one with: prkdb token create --rights admin');
    return;
  }
  const rows = tokens.map(({ id, name, right, createdAtMs, expiresAtMs }) => [
    id,
    right,
    new Date(createdAtMs).toISOString(),
    expiresAtMs === 0 ? 'never' : `${new Date(expiresAtMs).toISOString()}${expiresAtMs <= Date.now() ? ' (over)' : ''}`,
    name,
  ]);
  printLine(context.io, table(['ID', 'RIGHT', 'CREATED', 'EXPIRES', 'NAME'], rows));
}

async function revoke(context: CommandContext, given: string, options: TokenOptions): Promise<void> {
  const id = tokenId(given) ?? given;
  const { endpoints, connection } = await connectionTarget(context, options);
  await atSystemLeader(endpoints, connection, options.timeout, (client) => client.revokeToken(id));
  if (options.json === true) printJson(context.io, { id, revoked: true });
  else printLine(context.io, `The token ${id} is revoked.`);
}

/** Where all nodes are dialed, as the cluster says; where that cannot be asked, those that were given. */
async function allNodes({ endpoints, connection }: Target): Promise<readonly string[]> {
  try {
    const client = await PrkDbClient.connect(endpoints, { ...connection, connectTimeoutMs: KNOWN_WAIT_MS });
    try {
      return (await client.metadata()).nodes.map(({ address }) => address);
    } finally {
      client.close();
    }
  } catch {
    return endpoints;
  }
}

function toJson({ id, name, right, createdAtMs, expiresAtMs }: TokenInfo): object {
  return { id, name, right, createdAtMs, expiresAtMs: expiresAtMs === 0 ? null : expiresAtMs };
}

const UNITS_MS = { s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

function duration(text: string): number {
  const match = /^([1-9][0-9]{0,6})([smhd])$/.exec(text);
  if (match === null) throw new InvalidArgumentError('Write it like 90s, 15m, 12h or 30d.');
  return Number(match[1]) * UNITS_MS[match[2] as keyof typeof UNITS_MS];
}
