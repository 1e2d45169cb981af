import type { Faults, LinkFault } from '../../engine/rpc/cluster.ts';
import type { TortureNode } from './node.ts';

/** Every node, also one that joins later. */
export const ALL = 0;

/** What happens to frames of one node to another. */
export interface LinkTrouble {
  /** A node, or ALL. */
  readonly from: number;
  readonly to: number;
  readonly cut?: boolean;
  readonly delayMs?: number;
  readonly drop?: number;
}

export interface DiskTrouble {
  readonly node: number;
  readonly delayMs?: number;
  readonly logLimitBytes?: number;
  readonly stateLimitBytes?: number;
}

/** All faults of links and disks at a time. Those of one link add up to the worst. The nodes may come and go. */
export class FaultTable {
  readonly #nodes: readonly TortureNode[];
  readonly #links = new Set<LinkTrouble>();
  readonly #disks = new Set<DiskTrouble>();

  constructor(nodes: readonly TortureNode[]) {
    this.#nodes = nodes;
  }

  /** Returns the way to end them. */
  addLinks(troubles: readonly LinkTrouble[]): () => void {
    for (const trouble of troubles) this.#links.add(trouble);
    this.#tell();
    return () => {
      for (const trouble of troubles) this.#links.delete(trouble);
      this.#tell();
    };
  }

  addDisk(trouble: DiskTrouble): () => void {
    this.#disks.add(trouble);
    this.#tell();
    return () => {
      this.#disks.delete(trouble);
      this.#tell();
    };
  }

  /** Another node is there. */
  nodeJoined(): void {
    this.#tell();
  }

  clear(): void {
    this.#links.clear();
    this.#disks.clear();
    this.#tell();
  }

  #tell(): void {
    for (const node of this.#nodes) node.want(this.#faultsOf(node.id));
  }

  #faultsOf(node: number): Faults {
    const links: LinkFault[] = [];
    for (const peer of this.#nodes) {
      if (peer.id === node) continue;
      const troubles = [...this.#links].filter((t) => [node, ALL].includes(t.from) && t.to === peer.id);
      if (troubles.length === 0) continue;
      links.push({
        toNodeId: peer.id,
        cut: troubles.some((t) => t.cut === true),
        delayMs: Math.max(...troubles.map((t) => t.delayMs ?? 0)),
        drop: Math.max(...troubles.map((t) => t.drop ?? 0)),
      });
    }
    const disks = [...this.#disks].filter((t) => t.node === node);
    return {
      links,
      diskDelayMs: Math.max(0, ...disks.map((t) => t.delayMs ?? 0)),
      logLimitBytes: Math.max(0, ...disks.map((t) => t.logLimitBytes ?? 0)),
      stateLimitBytes: Math.max(0, ...disks.map((t) => t.stateLimitBytes ?? 0)),
    };
  }
}
