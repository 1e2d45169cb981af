import type { ClusterClient } from '../../client/cluster-client.ts';
import { PrkDbError } from '../../client/errors.ts';
import { SYSTEM_GROUP } from '../../config/ids.ts';
import type {
  AddMemberRequest,
  MembersResponse,
  Move,
  RemoveMemberRequest,
  ReplaceMemberRequest,
} from '../../rpc/cluster.ts';
import type { RoutingTable, Store } from '../../store/index.ts';
import { MembersError, rebalanced, withMember, withoutMember, withReplacement } from './changes.ts';
import type { Conductor } from './conductor.ts';
import type { NodeDirectory } from './directory.ts';
import { changeRouting } from './table-change.ts';

/** Longer than an election, shorter than a caller waits. */
const DECIDE_MS = 5_000;
const RETRY_MS = 100;
/** The leader has decided, and the caller is told in its words. */
const REFUSED: ReadonlySet<string> = new Set(['INVALID_ARGUMENT', 'UNAUTHENTICATED', 'PERMISSION_DENIED']);

/** Nobody could decide it now; the message says why. It may work in a moment. */
export class UndecidedError extends Error {
  override readonly name = 'UndecidedError';
}

export interface DeskOptions {
  readonly store: Store;
  readonly directory: NodeDirectory;
  readonly conductor: Conductor;
  readonly nowMs: () => number;
  /** Resolves after so many milliseconds. */
  readonly sleep: (ms: number) => Promise<void>;
}

/**
 * What callers ask about the members of the cluster: the leader of the system group does it,
 * the other nodes pass it on. Methods reject with a MembersError when it cannot be, and with an
 * UndecidedError when it could not be decided now.
 */
export class MembersDesk {
  readonly #options: DeskOptions;

  constructor(options: DeskOptions) {
    this.#options = options;
  }

  async members({ forwarded }: { readonly forwarded: boolean }): Promise<MembersResponse> {
    if (this.#leads) return this.#answer(await this.#options.conductor.moves());
    const { directory, store } = this.#options;
    const leader = forwarded ? null : directory.client(this.#leaderOf(store));
    try {
      if (leader !== null) return await leader.members({ forwarded: true }, { timeoutMs: DECIDE_MS / 2 });
    } catch (error) {
      if (!(error instanceof PrkDbError)) throw error;
      // Then this node says what it knows.
    }
    return this.#answer(null);
  }

  addMember(request: AddMemberRequest, token: string | null): Promise<MembersResponse> {
    const { member, replaces, clusterId } = request;
    if (member === null) return Promise.reject(new MembersError('The request names no node.'));
    const { store } = this.#options;
    if (clusterId !== '' && clusterId !== store.routing.clusterId) {
      const { clusterName } = store.routing;
      const detail = `This node belongs to the cluster ${clusterName} (${store.routing.clusterId}), not to ${clusterId}.`;
      return Promise.reject(new MembersError(`${detail} Check the addresses to join at.`));
    }
    return this.#decide(
      { forwarded: request.forwarded, token },
      (table) => withMember(table, member, replaces),
      (leader, timeoutMs) => leader.addMember({ ...request, member, forwarded: true }, { timeoutMs }),
    );
  }

  removeMember(request: RemoveMemberRequest, token: string | null): Promise<MembersResponse> {
    const { id, force } = request;
    return this.#decide(
      { forwarded: request.forwarded, token },
      (table) => withoutMember(table, id, { force, answers: (member) => this.#answers(member) }),
      (leader, timeoutMs) => leader.removeMember({ ...request, forwarded: true }, { timeoutMs }),
    );
  }

  replaceMember(request: ReplaceMemberRequest, token: string | null): Promise<MembersResponse> {
    return this.#decide(
      { forwarded: request.forwarded, token },
      (table) => withReplacement(table, request.oldId, request.newId),
      (leader, timeoutMs) => leader.replaceMember({ ...request, forwarded: true }, { timeoutMs }),
    );
  }

  rebalance({ forwarded }: { readonly forwarded: boolean }, token: string | null): Promise<MembersResponse> {
    return this.#decide({ forwarded, token }, rebalanced, (leader, timeoutMs) =>
      leader.rebalance({ forwarded: true }, { timeoutMs }),
    );
  }

  get #leads(): boolean {
    return this.#options.store.groups.get(SYSTEM_GROUP)?.isLeader ?? false;
  }

  #leader(token: string | null): ClusterClient | null {
    const { store, directory } = this.#options;
    return directory.onBehalf(this.#leaderOf(store), token);
  }

  #leaderOf(store: Store): number {
    return store.groups.get(SYSTEM_GROUP)?.core.leader ?? 0;
  }

  #answers(id: number): boolean {
    const { store } = this.#options;
    return id === store.nodeId || !store.isSilent(id);
  }

  /** Changes the table here, or lets the leader do it; during an election it waits for its end. */
  async #decide(
    { forwarded, token }: { readonly forwarded: boolean; readonly token: string | null },
    change: (table: RoutingTable) => RoutingTable,
    forward: (leader: ClusterClient, timeoutMs: number) => Promise<MembersResponse>,
  ): Promise<MembersResponse> {
    const { store, nowMs, sleep } = this.#options;
    const endMs = nowMs() + DECIDE_MS;
    let reason = 'The system group has no leader now: most of its voters are down or cannot reach each other.';
    for (;;) {
      const leader = this.#leads || forwarded ? null : this.#leader(token);
      if (this.#leads) {
        const outcome = await changeRouting(store, change, endMs);
        if (outcome.kind === 'written' || outcome.kind === 'same') return this.#answer([]);
        if (outcome.kind === 'failed') reason = outcome.why;
      } else if (leader !== null) {
        try {
          return await forward(leader, Math.max(1, endMs - nowMs()));
        } catch (error) {
          if (!(error instanceof PrkDbError)) throw error;
          if (REFUSED.has(error.code)) throw new MembersError(error.message, { cause: error });
          reason = error.message;
        } finally {
          leader.close();
        }
      }
      // Whoever passed it on looks for the new leader itself.
      if ((forwarded && !this.#leads) || nowMs() + RETRY_MS >= endMs)
        throw new UndecidedError(`${reason} Try again; what was asked may have happened.`);
      await sleep(RETRY_MS);
    }
  }

  #answer(moves: readonly Move[] | null): MembersResponse {
    const { routing } = this.#options.store;
    return {
      clusterId: routing.clusterId,
      clusterName: routing.clusterName,
      epoch: routing.epoch,
      layoutEpoch: routing.layoutEpoch,
      replicationFactor: routing.replicationFactor,
      balance: routing.balance,
      members: routing.members.map((member) => ({ ...member })),
      removed: [...routing.removed],
      partitions: routing.partitions.map(({ partition, replicas }) => ({ partition, replicas: [...replicas] })),
      moves: [...(moves ?? [])],
      fromLeader: moves !== null,
    };
  }
}
