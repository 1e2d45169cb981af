import type { MetadataResponse } from '../rpc/kv.ts';
import { dialAddress } from './endpoint.ts';

interface PartitionRoute {
  /** 0 when not known. */
  leader: number;
  term: number;
  replicas: readonly number[];
}

/** Where partitions live, as far as this client has been told. Hints are better than nothing and may be wrong. */
export class RoutingTable {
  clusterId = '';
  epoch = 0;
  #addresses = new Map<number, string>();
  #partitions: PartitionRoute[] = [];

  get partitionCount(): number {
    return this.#partitions.length;
  }

  /**
   * Takes a node's view. An older routing table than ours is ignored, and a leader of an
   * older term never replaces one of a newer.
   */
  apply(metadata: MetadataResponse): void {
    if (metadata.epoch < this.epoch) return;
    this.clusterId = metadata.clusterId;
    this.epoch = metadata.epoch;
    this.#addresses = new Map(metadata.nodes.map((n) => [n.nodeId, dialAddress(n.address)]));
    const before = this.#partitions;
    this.#partitions = metadata.partitions
      .toSorted((a, b) => a.partitionId - b.partitionId)
      .map((p, index) => {
        const known = before[index];
        const keep = known !== undefined && (p.leaderId === 0 || p.term < known.term);
        return {
          leader: keep ? known.leader : p.leaderId,
          term: keep ? known.term : p.term,
          replicas: p.replicas,
        };
      });
  }

  /** A node's word on who leads; its address too, for a node we had not heard of. */
  learnLeader(partition: number, leader: number, address: string): void {
    const route = this.#partitions[partition];
    if (route === undefined || leader === 0) return;
    route.leader = leader;
    if (address === '' || this.#addresses.has(leader)) return;
    try {
      this.#addresses.set(leader, dialAddress(address));
    } catch {
      // A hint that cannot be dialled is no hint.
    }
  }

  forgetLeader(partition: number, leader: number): void {
    const route = this.#partitions[partition];
    if (route?.leader === leader) route.leader = 0;
  }

  leaderOf(partition: number): number {
    return this.#partitions[partition]?.leader ?? 0;
  }

  /** The addresses of a partition's replicas. */
  replicaAddresses(partition: number): string[] {
    const replicas = this.#partitions[partition]?.replicas ?? [];
    return replicas.map((id) => this.#addresses.get(id)).filter((a) => a !== undefined);
  }

  addressOf(node: number): string | undefined {
    return this.#addresses.get(node);
  }

  addresses(): string[] {
    return [...this.#addresses.values()];
  }
}

/** What is wrong with a Metadata answer, in words, or null. */
export function metadataProblem(metadata: MetadataResponse, expectedClusterId: string): string | null {
  if (metadata.nodes.length === 0 || metadata.partitions.length === 0) return 'it knows no nodes or partitions yet';
  const ids = metadata.partitions.map((p) => p.partitionId).toSorted((a, b) => a - b);
  if (ids.some((id, index) => id !== index)) return 'its partitions are not numbered from 0';
  if (expectedClusterId !== '' && metadata.clusterId !== expectedClusterId) {
    return `it belongs to another cluster (${metadata.clusterName})`;
  }
  try {
    for (const node of metadata.nodes) dialAddress(node.address);
  } catch (error) {
    return (error as Error).message;
  }
  return null;
}
