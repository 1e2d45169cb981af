import type { ClusterSpecInput } from '../../contract/model.ts';

/** The command that creates and starts the same cluster; defaults are left out. */
export function upCommand(spec: ClusterSpecInput): string {
  const parts = ['prkdb', 'up', spec.name];
  if (spec.nodes !== 3) parts.push('--nodes', String(spec.nodes));
  if (spec.partitions !== 8) parts.push('--partitions', String(spec.partitions));
  if (spec.replicationFactor !== 3) parts.push('--replication-factor', String(spec.replicationFactor));
  if (spec.basePort !== null) parts.push('--base-port', String(spec.basePort));
  if (spec.dataDir !== null) parts.push('--data-dir', quoted(spec.dataDir));
  if (spec.tls === true) parts.push('--tls');
  return parts.join(' ');
}

/** For a POSIX shell, and only where it is needed. */
function quoted(text: string): string {
  return /^[\w./:@%+=,-]+$/.test(text) ? text : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}
