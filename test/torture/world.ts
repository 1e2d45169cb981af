import { setTimeout as sleep } from 'node:timers/promises';
import type { Random } from '../simulation/random.ts';
import type { FaultTable } from './fault-table.ts';
import type { TortureNode } from './node.ts';

/** One line of what happened to the cluster. */
export interface Incident {
  readonly atMs: number;
  readonly text: string;
}

/** What faults act on. */
export class World {
  readonly #nodes: TortureNode[];
  readonly faults: FaultTable;
  readonly random: Random;
  readonly incidents: Incident[] = [];
  readonly violations: string[] = [];
  readonly counts = new Map<string, number>();
  /** Called with each node that joins. */
  onJoined: (node: TortureNode) => void = () => undefined;
  /** Writes a new certificate for a node; null where there is no TLS. */
  renew: ((node: TortureNode) => Promise<void>) | null = null;
  readonly #onIncident: (incident: Incident) => void;

  /** `nodes` and `faults` share one list, which changes with the members. */
  constructor(nodes: TortureNode[], faults: FaultTable, random: Random, onIncident: (incident: Incident) => void) {
    this.#nodes = nodes;
    this.faults = faults;
    this.random = random;
    this.#onIncident = onIncident;
  }

  get nodes(): readonly TortureNode[] {
    return this.#nodes;
  }

  join(node: TortureNode): void {
    this.#nodes.push(node);
    this.faults.nodeJoined();
    this.onJoined(node);
  }

  retire(node: TortureNode): void {
    this.#nodes.splice(this.#nodes.indexOf(node), 1);
    node.retire();
  }

  tell(text: string): void {
    const incident = { atMs: performance.now(), text };
    this.incidents.push(incident);
    this.#onIncident(incident);
  }

  violation(text: string): void {
    this.violations.push(text);
    this.tell(`VIOLATION: ${text}`);
  }

  count(name: string): void {
    this.counts.set(name, (this.counts.get(name) ?? 0) + 1);
  }

  /** Nodes that some fault has in its hands. */
  get troubled(): number {
    return this.nodes.filter((node) => node.taken || (node.changing && node.down)).length;
  }

  /** A node that no fault has, a leader if `random` says so; undefined when there is none. */
  async choose(random: Random = this.random): Promise<TortureNode | undefined> {
    const free = this.nodes.filter((node) => !node.taken && !node.changing);
    if (free.length === 0) return undefined;
    const candidates = random.shuffled(free);
    const wantsLeader = random.chance(0.6);
    const chosen = candidates[0];
    if (!wantsLeader) return chosen;
    for (const node of candidates) {
      const status = await node.status(300).catch(() => null);
      if (node.taken || node.changing) continue;
      if (status?.groups.some((g) => g.partition !== undefined && g.role === 'leader') === true) return node;
    }
    return candidates.find((node) => !node.taken && !node.changing);
  }

  /** Waits a time that is as often short as long. */
  async pause(minMs: number, maxMs: number): Promise<void> {
    await sleep(this.random.logBetween(minMs, maxMs));
  }
}
