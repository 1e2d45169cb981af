import { PrkDbError } from '../../client/errors.ts';
import { SYSTEM_GROUP } from '../../config/ids.ts';
import type { GroupStatus, Move } from '../../rpc/cluster.ts';
import { groupStatuses, movingPartitions, plan, type Store, type Transport } from '../../store/index.ts';
import { withIncarnations } from './changes.ts';
import type { NodeDirectory } from './directory.ts';
import { GroupReports } from './facts.ts';
import { changeRouting } from './table-change.ts';

const INTERVAL_MS = 300;
const STATUS_TIMEOUT_MS = 1_000;
const WRITE_TIMEOUT_MS = 5_000;

export interface ConductorOptions {
  readonly store: Store;
  readonly directory: NodeDirectory;
  readonly transport: Pick<Transport, 'links'>;
  readonly incarnation: string;
  readonly tickMs: number;
  readonly nowMs: () => number;
  readonly log: { info(fields: object, message: string): void };
}

/**
 * Moves the cluster towards what its routing table says, as long as this node leads the system
 * group: asks the leaders of the groups how far they are and writes the next step. It keeps
 * nothing in memory that the next leader would miss.
 */
export class Conductor {
  readonly #options: ConductorOptions;
  readonly #timer: NodeJS.Timeout;
  #turn: Promise<void> | null = null;
  #moving = 0;
  #closed = false;

  constructor(options: ConductorOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#take(), INTERVAL_MS);
  }

  /** Partitions on their way to other nodes, as far as this node directs that; 0 on all others. */
  get moving(): number {
    return this.#moving;
  }

  /** What is not yet as the routing table wants it. */
  async moves(): Promise<Move[]> {
    return (await this.#ask()).moves(this.#options.store.routing);
  }

  async close(): Promise<void> {
    this.#closed = true;
    clearInterval(this.#timer);
    await this.#turn;
  }

  #take(): void {
    if (this.#turn !== null || this.#closed) return;
    const turn = this.#step()
      .catch((error: unknown) => {
        // A node that does not answer is asked again in the next turn.
        if (!(error instanceof PrkDbError)) throw error;
      })
      .finally(() => (this.#turn = null));
    this.#turn = turn;
  }

  async #step(): Promise<void> {
    const { store } = this.#options;
    if (store.groups.get(SYSTEM_GROUP)?.isLeader !== true || !store.hasRouting) return this.#tellMoving(0);
    if (await this.#registerIncarnations()) return;
    const table = store.routing;
    if (table.balance === 'settled' && table.members.every((m) => m.state === 'active')) return this.#tellMoving(0);
    const facts = (await this.#ask()).facts(store.nodeId);
    this.#tellMoving(movingPartitions(table, facts).length);
    const next = plan(table, facts);
    if (next.kind !== 'next' || this.#closed) return;
    // Another change since this was planned makes it void; then the next turn plans anew.
    const outcome = await changeRouting(
      store,
      (current) => (current === table ? next.table : current),
      this.#options.nowMs() + WRITE_TIMEOUT_MS,
    );
    if (outcome.kind === 'written')
      this.#options.log.info({ epoch: next.table.epoch, because: next.because }, 'members');
  }

  /** The first data directory that a member comes with is the one it is known by from then on. */
  async #registerIncarnations(): Promise<boolean> {
    const { store, transport, incarnation, nowMs } = this.#options;
    if (store.routing.members.every((m) => m.incarnation !== '')) return false;
    const seen = new Map(transport.links().map((link) => [link.nodeId, link.connected ? link.incarnation : '']));
    seen.set(store.nodeId, incarnation);
    if (withIncarnations(store.routing, seen) === null) return false;
    await changeRouting(store, (table) => withIncarnations(table, seen) ?? table, nowMs() + WRITE_TIMEOUT_MS);
    return true;
  }

  async #ask(): Promise<GroupReports> {
    const { store, directory, tickMs } = this.#options;
    const others = store.routing.members.filter((m) => m.id !== store.nodeId && !store.isSilent(m.id));
    const reports = await Promise.all(
      others.map(async ({ id }): Promise<{ node: number; groups: readonly GroupStatus[] }> => {
        try {
          const status = await directory.client(id)?.status({ timeoutMs: STATUS_TIMEOUT_MS });
          return { node: id, groups: status?.groups ?? [] };
        } catch (error) {
          if (!(error instanceof PrkDbError)) throw error;
          return { node: id, groups: [] };
        }
      }),
    );
    return new GroupReports([{ node: store.nodeId, groups: groupStatuses(store, tickMs) }, ...reports]);
  }

  #tellMoving(count: number): void {
    if (count === this.#moving) return;
    this.#moving = count;
    this.#options.store.events.emit('partitionsMoving', { index: count });
  }
}
