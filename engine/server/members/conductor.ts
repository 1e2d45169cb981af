import { PrkDbError } from '../../client/errors.ts';
import type { Move } from '../../rpc/cluster.ts';
import type { Store, Transport } from '../../store/index.ts';
import type { NodeDirectory } from './directory.ts';
import type { GroupReports } from './facts.ts';
import { changeRouting } from './table-change.ts';
import {
  beginTurn,
  groupReports,
  othersToAsk,
  planTurn,
  STATUS_TIMEOUT_MS,
  TABLE_WRITE_TIMEOUT_MS,
  TURN_MS,
  type NodeReport,
} from './turn.ts';

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
    this.#timer = setInterval(() => this.#take(), TURN_MS);
  }

  /** Partitions on their way to other nodes, as far as this node directs that; 0 on all others. */
  get moving(): number {
    return this.#moving;
  }

  /** What is not yet as the routing table wants it. */
  async moves(): Promise<Move[]> {
    const { store } = this.#options;
    return (await this.#ask(othersToAsk(store))).moves(store.routing);
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
    const { store, transport, incarnation, log, nowMs } = this.#options;
    const turn = beginTurn(store, transport.links(), incarnation);
    if (turn.kind === 'rest') return this.#tellMoving(0);
    if (turn.kind === 'register') {
      await changeRouting(store, turn.change, nowMs() + TABLE_WRITE_TIMEOUT_MS);
      return;
    }
    const { moving, next, change } = planTurn(turn.table, await this.#ask(turn.nodes), store.nodeId);
    this.#tellMoving(moving);
    if (next === null || this.#closed) return;
    const outcome = await changeRouting(store, change, nowMs() + TABLE_WRITE_TIMEOUT_MS);
    if (outcome.kind === 'written') log.info({ epoch: next.table.epoch, because: next.because }, 'members');
  }

  async #ask(nodes: readonly number[]): Promise<GroupReports> {
    const { store, directory, tickMs } = this.#options;
    const reports = await Promise.all(
      nodes.map(async (node): Promise<NodeReport> => {
        try {
          const status = await directory.client(node)?.status({ timeoutMs: STATUS_TIMEOUT_MS });
          return { node, groups: status?.groups ?? [] };
        } catch (error) {
          if (!(error instanceof PrkDbError)) throw error;
          return { node, groups: [] };
        }
      }),
    );
    return groupReports(store, reports, tickMs);
  }

  #tellMoving(count: number): void {
    if (count === this.#moving) return;
    this.#moving = count;
    this.#options.store.events.emit('partitionsMoving', { index: count });
  }
}
