import { toMiB } from './resources.ts';
import type { TortureReport } from './run.ts';

/** A report for people. */
export function reportText(report: TortureReport): string {
  const lines = [`seed ${report.seed}, ${report.nodes} nodes, ${report.seconds} s`, ''];
  for (const [name, count] of Object.entries(report.faults)) lines.push(`${String(count).padStart(8)}  ${name}`);
  lines.push(
    '',
    `${'operation'.padEnd(18)}${['ok', 'conflict', 'failed', 'unknown'].map((n) => n.padStart(10)).join('')}`,
  );
  for (const [name, { ok, conflict, failed, unknown }] of Object.entries(report.operations)) {
    lines.push(name.padEnd(18) + [ok, conflict, failed, unknown].map((n) => String(n).padStart(10)).join(''));
  }
  lines.push('', `${report.keys} keys; longest time without a success: ${report.longestOutageMs} ms`);
  for (const { node, memoryBytes, descriptors, threads } of report.after) {
    const before = report.before.find((holding) => holding.node === node);
    const was = before === undefined ? 'not there before the faults' : `${toMiB(before.memoryBytes)} before the faults`;
    lines.push(`node ${node}: ${was}, ${toMiB(memoryBytes)} after; ${descriptors} files, ${threads} threads`);
  }
  lines.push('');
  if (report.violations.length === 0) lines.push('No violation.');
  else {
    lines.push(`${report.violations.length} violations:`, ...report.violations.map((v) => `- ${v}`), '');
    lines.push(`Logs, data, incidents and the history are in ${report.directory}`);
    const more = `${report.members ? ' --members' : ''}${report.tls ? ' --tls' : ''}`;
    lines.push(
      `The same faults in the same order: npm run torture -- --nodes ${report.nodes}${more} --seed ${report.seed}`,
    );
  }
  return lines.join('\n');
}
