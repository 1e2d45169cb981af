/**
 * What the process of a node says last when its cluster has removed it. Whoever keeps the process
 * knows by that that the removal is complete, also when nobody waits for it any more.
 */
export function removedWords(nodeId: number, clusterName: string): string {
  return `${beginning(nodeId)}${clusterName}. Its data can be deleted; to use it again, add it as a new node with an empty data directory.`;
}

export function saysRemoved(words: string, nodeId: number): boolean {
  return words.startsWith(beginning(nodeId));
}

function beginning(nodeId: number): string {
  return `Node ${nodeId} was removed from the cluster `;
}
