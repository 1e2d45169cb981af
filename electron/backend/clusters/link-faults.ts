import type { Faults } from '../../../engine/rpc/cluster.ts';

/**
 * The link faults this app wants a cluster to suffer. Each node is told its own part;
 * one that comes back is told again, since faults end with the process.
 */
export class LinkFaults {
  readonly #nodes: readonly number[];
  readonly #isolated = new Set<number>();
  /** Nodes that took a fault of ours and were not yet told of its end. */
  readonly #faulted = new Set<number>();

  constructor(nodes: readonly number[]) {
    this.#nodes = nodes;
  }

  get isEmpty(): boolean {
    return this.#isolated.size === 0;
  }

  isIsolated(node: number): boolean {
    return this.#isolated.has(node);
  }

  isolate(node: number): void {
    this.#isolated.add(node);
  }

  release(node: number): void {
    this.#isolated.delete(node);
  }

  clear(): void {
    this.#isolated.clear();
  }

  /** What this node must be told: an isolated one cuts all its links, the others theirs to it. */
  of(node: number): Faults {
    const cut = this.#nodes.filter(
      (other) => other !== node && (this.#isolated.has(node) || this.#isolated.has(other)),
    );
    return {
      links: cut.map((toNodeId) => ({ toNodeId, cut: true, delayMs: 0, drop: 0 })),
      diskDelayMs: 0,
      logLimitBytes: 0,
      stateLimitBytes: 0,
    };
  }

  /** The node has taken these. */
  told(node: number, faults: Faults): void {
    if (faults.links.length > 0) this.#faulted.add(node);
    else this.#faulted.delete(node);
  }

  /** Whether what a node reports differs from what it must be told. Faults that are not ours are left alone. */
  mustTell(node: number, reported: Faults | null): boolean {
    if (this.isEmpty && !this.#faulted.has(node)) return false;
    const wanted = this.of(node).links.map((link) => link.toNodeId);
    const cut = (reported?.links ?? []).filter((link) => link.cut).map((link) => link.toNodeId);
    return cut.length !== wanted.length || wanted.some((to) => !cut.includes(to));
  }
}
