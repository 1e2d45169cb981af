import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { PrkDbClient } from '../../client/index.ts';
import { startLoad, type LatencySummary, type LoadStats } from '../../load/load.ts';
import { connectionOf, SupervisorError } from '../../supervisor/index.ts';
import { endpointsOf, isUp, type CommandContext } from '../context.ts';
import { CommandError } from '../errors.ts';
import { withInterrupt } from '../interrupted.ts';
import { jsonOption, wholeNumber } from '../options.ts';
import { printJson, printLine } from '../output.ts';

interface LoadCommandOptions {
  readonly clients: number;
  readonly reads: number;
  readonly seconds: number;
  readonly keys: number;
  readonly valueBytes: number;
  readonly json?: boolean;
}

export function addLoad(program: Command, context: CommandContext): void {
  program
    .command('load')
    .summary('write to and read from a cluster, and print rates and latencies')
    .description(
      'Call a running local cluster from so many clients at once, each waiting for its answer. The keys load/00000000 onwards stay there. Ends early at Ctrl-C.',
    )
    .argument('<name>', 'name of the cluster')
    .option('--clients <n>', 'clients', wholeNumber(1, 1024), 16)
    .option('--reads <percent>', 'share of linearizable reads', wholeNumber(0, 100), 50)
    .option('--seconds <n>', 'how long', wholeNumber(1, 86_400), 10)
    .option('--keys <n>', 'distinct keys', wholeNumber(1, 100_000_000), 1000)
    .option('--value-bytes <n>', 'size of each value', wholeNumber(0, 1_048_576), 256)
    .addOption(jsonOption())
    .action((name: string, options: LoadCommandOptions) => load(context, name, options));
}

async function load(context: CommandContext, name: string, options: LoadCommandOptions): Promise<void> {
  const { io } = context;
  const cluster = await (await context.supervisor()).get(name);
  if (!isUp(cluster)) {
    throw new SupervisorError('notRunning', `The cluster ${name} is not running.`, `Start it with: prkdb up ${name}`);
  }
  const client = await PrkDbClient.connect(endpointsOf(cluster), connectionOf(cluster.record));
  let stats: LoadStats;
  try {
    const { clients, reads: readPercent, keys: keyCount, valueBytes } = options;
    const running = startLoad(client, { clients, readPercent, keyCount, valueBytes });
    stats = await withInterrupt(async (signal) => {
      await sleep(options.seconds * 1000, undefined, { signal }).catch(() => undefined);
      return running.stop();
    });
  } finally {
    client.close();
  }
  const seconds = stats.elapsedMs / 1000;
  if (options.json === true) {
    const { buckets: _, ...writeLatency } = stats.writeLatency;
    const { buckets: __, ...readLatency } = stats.readLatency;
    printJson(io, {
      name,
      ...stats,
      writesPerSecond: stats.acknowledged / seconds,
      readsPerSecond: stats.reads / seconds,
      writeLatency,
      readLatency,
    });
  } else {
    printLine(io, `${name}: ${options.clients} clients for ${seconds.toFixed(1)} s.`);
    printLine(io, `  writes  ${row(stats.acknowledged, seconds, stats.writeLatency)}`);
    printLine(io, `  reads   ${row(stats.reads, seconds, stats.readLatency)}`);
    printLine(io, `  ${stats.retried} retried, ${stats.failed} failed`);
  }
  if (stats.acknowledged + stats.reads === 0) {
    throw new CommandError(
      `No operation succeeded${stats.lastError === null ? '' : `: ${stats.lastError}`}`,
      `See the state of the cluster with: prkdb status ${name}`,
    );
  }
}

function row(count: number, seconds: number, latency: LatencySummary): string {
  const ms = (value: number | null) => (value === null ? '-' : `${value.toFixed(1)} ms`);
  const rate = `${(count / seconds).toFixed(0)}/s`;
  return `${rate.padStart(9)}  p50 ${ms(latency.p50Ms)}  p99 ${ms(latency.p99Ms)}  max ${ms(count === 0 ? null : latency.maxMs)}`;
}
