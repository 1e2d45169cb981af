import type { DrillReport } from './report.ts';
import { linearizableWords, ms, number, scenarioWords, storyOf } from './words.ts';

/** The report as a document of its own. Ends with a line break. */
export function reportMarkdown(report: DrillReport): string {
  const { cluster, settings, timings, operations, throughput, consistency, verdict, fault } = report;
  const lines = [
    `# Failover drill: ${fault.title}`,
    '',
    `**${verdict.passed ? 'Passed' : 'Failed'}** on ${new Date(report.startedAtMs).toISOString()}, cluster ${code(cluster.name)}, drill ${code(report.id)}.`,
    '',
    ...(verdict.passed ? [] : ['## Why it failed', '', ...verdict.reasons.map((reason) => `- ${text(reason)}`), '']),
    '## What was measured',
    '',
    ...table(
      ['Measure', 'Value'],
      [
        ['Unavailable window that clients felt, longest of a partition', ms(timings.unavailableMs)],
        ['Longest time in which no client had an answer', ms(timings.silentMs)],
        ['Longest gap before the fault, to compare with', ms(timings.usualGapMs)],
        [
          'Time without a leader, longest of a partition',
          timings.leaderlessMs === null ? 'none' : ms(timings.leaderlessMs),
        ],
        ['Throughput back after', timings.recoveredMs === null ? 'it did not come back' : ms(timings.recoveredMs)],
        ['Acknowledged writes', number(operations.writesAcknowledged)],
        ['Acknowledged writes lost', number(consistency.acknowledgedWritesLost)],
        ['Linearizable', linearizableWords(report)],
        ['Attempts that the client repeated', number(operations.retried)],
        ['Failed operations', `${number(operations.failed)}, of unknown outcome ${number(operations.unknown)}`],
        ['Operations a second before', number(throughput.beforePerSecond)],
        ['Operations a second during the fault', number(throughput.duringPerSecond)],
        [
          'Operations a second after',
          throughput.afterPerSecond === null ? 'not known' : number(throughput.afterPerSecond),
        ],
      ],
    ),
    '',
    '## Partitions',
    '',
    ...table(
      ['Partition', 'Leader before', 'Leader after', 'Terms', 'Elections', 'Without a leader', 'Unavailable'],
      report.partitions.map((one) => [
        `p${one.partition}`,
        node(one.leaderBefore),
        node(one.leaderAfter),
        one.termBefore === one.termAfter ? String(one.termBefore) : `${one.termBefore} to ${one.termAfter}`,
        String(one.elections),
        one.leaderlessMs === null ? '-' : ms(one.leaderlessMs),
        one.unavailableMs === null ? 'never answered again' : ms(one.unavailableMs),
      ]),
    ),
    '',
    '## What was done',
    '',
    scenarioWords[report.scenario],
    '',
    '```',
    ...storyOf(report),
    '```',
    '',
    ...(operations.errors.length === 0
      ? []
      : [
          '## Errors that clients got',
          '',
          ...table(
            ['Code', 'Count', 'First one'],
            operations.errors.map((error) => [error.code, number(error.count), text(error.example)]),
          ),
          '',
        ]),
    '## Settings',
    '',
    `${cluster.nodes} nodes, ${cluster.partitions} partitions with ${cluster.replicationFactor} copies, PrkDB ${text(cluster.version)}. ` +
      `Election timeout ${cluster.timing.electionTicksMin * cluster.timing.tickMs} to ${cluster.timing.electionTicksMax * cluster.timing.tickMs} ms, ` +
      `heartbeat every ${cluster.timing.heartbeatTicks * cluster.timing.tickMs} ms.`,
    '',
    `${settings.clients} clients, ${settings.readPercent} % linearizable reads, ${settings.keyCount} keys, values of ${settings.valueBytes} bytes, ` +
      `${settings.timeoutMs} ms for each call. ${settings.secondsBefore} s before the fault, fault for ${settings.faultSeconds} s, ${settings.secondsAfter} s after.`,
    ...(consistency.explanation === null ? [] : ['', '## Explanation', '', '```', consistency.explanation, '```']),
    ...(consistency.lostExamples.length === 0
      ? []
      : ['', '## Lost writes', '', ...consistency.lostExamples.map((one) => `- ${text(one)}`)]),
  ];
  return `${lines.join('\n')}\n`;
}

function node(id: number): string {
  return id === 0 ? 'none' : `n${id}`;
}

function table(header: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`;
  return [line(header), line(header.map(() => '---')), ...rows.map(line)];
}

/** On one line, with nothing in it that Markdown would read as its own. */
function text(value: string): string {
  return value.replaceAll(/\s+/g, ' ').replaceAll(/[\\`*_{}[\]<>#|]/g, String.raw`\$&`);
}

function code(value: string): string {
  return `\`${value.replaceAll('`', "'")}\``;
}
