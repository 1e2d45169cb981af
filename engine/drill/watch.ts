import { ClusterClient } from '../client/index.ts';
import type { Faults, NodeStatus, Observation } from '../rpc/cluster.ts';
import { connectionOf, endpointOf, type ClusterRecord } from '../supervisor/index.ts';
import type { Election } from './measures.ts';

const OBSERVE_MS = 200;
const RETRY_MS = 100;
/** Above the first event of a process, which is that it started: all others that it still has come. */
const FROM_THE_START = 1;
/** A status older than this tells nothing of now. */
const FRESH_MS = 2_000;

interface Heard {
  readonly status: NodeStatus;
  readonly atMs: number;
}

export interface Leader {
  readonly node: number;
  readonly term: number;
}

/** Hears every node of a cluster: who leads what, and every election won. Reconnects until closed. */
export class ClusterWatch {
  readonly #clusterId: string;
  readonly #clients = new Map<number, ClusterClient>();
  readonly #cancels = new Map<number, () => void>();
  readonly #retries = new Map<number, NodeJS.Timeout>();
  readonly #heard = new Map<number, Heard>();
  readonly #elections = new Map<string, Election>();
  #closed = false;

  constructor(record: ClusterRecord) {
    this.#clusterId = record.clusterId;
    const connection = connectionOf(record);
    for (const member of record.members) {
      this.#clients.set(member.id, new ClusterClient(endpointOf(record, member), connection));
      this.#observe(member.id);
    }
  }

  /** By wall clock, in no order. */
  get elections(): Election[] {
    return [...this.#elections.values()];
  }

  /** What each node said last, unless that was too long ago to count. */
  freshStatuses(): NodeStatus[] {
    const nowMs = performance.now();
    return [...this.#heard.values()].filter((one) => nowMs - one.atMs < FRESH_MS).map((one) => one.status);
  }

  /** The leader of the highest term that a node claims to be, by partition. */
  leaders(): Map<number, Leader> {
    const leaders = new Map<number, Leader>();
    for (const status of this.freshStatuses()) {
      for (const { partition, role, term } of status.groups) {
        if (partition === undefined || role !== 'leader') continue;
        if (term > (leaders.get(partition)?.term ?? -1)) leaders.set(partition, { node: status.nodeId, term });
      }
    }
    return leaders;
  }

  /** The nodes that vote in each partition, as its leader says. */
  voters(): Map<number, readonly number[]> {
    const groups = this.freshStatuses().flatMap((status) => status.groups);
    const led = groups.filter((group) => group.partition !== undefined && group.role === 'leader');
    return new Map(led.map((group) => [group.partition!, group.voters]));
  }

  async setFaults(node: number, faults: Faults): Promise<void> {
    await this.#clients.get(node)?.setFaults(faults);
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#retries.values()) clearTimeout(timer);
    for (const cancel of this.#cancels.values()) cancel();
    for (const client of this.#clients.values()) client.close();
  }

  #observe(node: number): void {
    if (this.#closed) return;
    const client = this.#clients.get(node)!;
    const cancel = client.observe(
      { intervalMs: OBSERVE_MS, afterSequence: FROM_THE_START },
      {
        observation: (observation) => this.#take(node, observation),
        end: () => {
          if (this.#closed) return;
          this.#retries.set(
            node,
            setTimeout(() => this.#observe(node), RETRY_MS),
          );
        },
      },
    );
    this.#cancels.set(node, cancel);
  }

  #take(node: number, observation: Observation): void {
    const { status, events } = observation;
    // Another cluster's node may have taken the port.
    if (status !== null && status.clusterId === this.#clusterId && status.nodeId === node) {
      this.#heard.set(node, { status, atMs: performance.now() });
    }
    if (!this.#heard.has(node)) return;
    for (const { kind, partition, term, timeMs, nodeId } of events) {
      if (kind !== 'electionWon' || partition === undefined || nodeId !== node) continue;
      // Raft elects at most one leader in a term, so that this names it once however often it is told.
      this.#elections.set(`${partition}/${term}`, { partition, node, term, atMs: timeMs });
    }
  }
}
