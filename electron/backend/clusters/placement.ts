/**
 * placement[p]: the nodes that hold partition p at genesis, the preferred leader
 * first. Replicas are the nodes (p, p+1, ... p+rf-1) mod n of the members in order.
 */
export function genesisPlacement(
  nodeIds: readonly number[],
  partitions: number,
  replicationFactor: number,
): number[][] {
  const copies = Math.min(replicationFactor, nodeIds.length);
  return Array.from({ length: partitions }, (_, partition) =>
    Array.from({ length: copies }, (_, copy) => nodeIds[(partition + copy) % nodeIds.length]!),
  );
}

export function majorityOf(count: number): number {
  return Math.floor(count / 2) + 1;
}
