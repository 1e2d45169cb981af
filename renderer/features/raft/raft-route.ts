/** The screen's address behind the cluster's. */
export function raftPath(partition: number): string {
  return `raft/${partition}`;
}

/** The partition that the address names; null when it names none, 'unknown' for what is no number. */
export function partitionInPath(named: string | undefined): number | 'unknown' | null {
  if (named === undefined || named === '') return null;
  return /^\d{1,6}$/.test(named) ? Number(named) : 'unknown';
}
