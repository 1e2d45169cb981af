import { ClusterClient } from '../client/cluster-client.ts';
import type { Credentials } from '../client/credentials.ts';
import { PrkDbError } from '../client/errors.ts';
import { partitionOfGroup, SYSTEM_GROUP, type GroupId } from '../config/ids.ts';
import { removedWords } from '../config/removed.ts';
import type { Member, MembersResponse } from '../rpc/cluster.ts';
import type { NodeDirectory } from '../server/members/directory.ts';
import type { Store } from '../store/index.ts';

const INTERVAL_MS = 1_000;
const TIMEOUT_MS = 800;
/** A node that hears no leader of the system group for this long asks whether it is a member still. */
const UNHEARD_MS = 2_000;
/** A replica that hears no leader for this long, and is wanted by nobody, is asked after. */
const FORSAKEN_MS = 5_000;

export interface MembershipWatchOptions {
  readonly store: Store;
  readonly directory: NodeDirectory;
  readonly incarnation: string;
  readonly nowMs: () => number;
  /** Nodes to ask besides the members that are known, where clients dial them. */
  readonly seeds: readonly string[];
  readonly credentials: Credentials;
  /** The members as another node knows them, which are newer than those that this one has applied. */
  readonly onNewer: (members: MembersResponse) => void;
  /** This node is no member, or not as it is; the sentence says why. Called once. */
  readonly onExpelled: (why: string) => void;
}

/**
 * Notices that this node is no member of the cluster any more, or that it is known by another data
 * directory: from its own routing table, and as long as it hears no leader of the system group, by
 * asking the others. They would not let it in and it could do nothing but disturb.
 *
 * Also asks after replicas that nobody wants here any more and that have not heard so from their groups.
 */
export class MembershipWatch {
  readonly #options: MembershipWatchOptions;
  readonly #timer: NodeJS.Timeout;
  #turn = 0;
  #asking: Promise<void> | null = null;
  #ended = false;

  constructor(options: MembershipWatchOptions) {
    this.#options = options;
    this.#timer = setInterval(() => this.#look(), INTERVAL_MS);
    this.check();
  }

  /** The routing table of this node may be a newer one. */
  check(): void {
    const { store } = this.#options;
    const { routing } = store;
    this.#judge(routing);
  }

  async close(): Promise<void> {
    this.#ended = true;
    clearInterval(this.#timer);
    await this.#asking;
  }

  #judge(
    table: Pick<MembersResponse, 'clusterName'> & { readonly members: readonly Pick<Member, 'id' | 'incarnation'>[] },
  ): void {
    if (this.#ended) return;
    const { store, incarnation } = this.#options;
    const self = table.members.find((m) => m.id === store.nodeId);
    if (self !== undefined && (self.incarnation === '' || self.incarnation === incarnation)) return;
    this.#ended = true;
    clearInterval(this.#timer);
    this.#options.onExpelled(
      self === undefined
        ? removedWords(store.nodeId, table.clusterName)
        : `The cluster ${table.clusterName} knows node ${store.nodeId} by another data directory: its disk was wiped or exchanged, or it is an old copy. It could vote twice, so it stops. Bring its data back, or replace it: prkdb node replace`,
    );
  }

  #look(): void {
    if (this.#asking !== null || this.#ended) return;
    const { store, nowMs } = this.#options;
    const system = store.groups.get(SYSTEM_GROUP);
    const leaderless = system?.isLeader === false && nowMs() - system.leaderHeardAtMs > UNHEARD_MS;
    const forsaken = store.forsaken(FORSAKEN_MS);
    if (!leaderless && forsaken.length === 0) return;
    this.#asking = (leaderless ? this.#askForMembers() : this.#askAfter(forsaken))
      .catch((error: unknown) => {
        // One that does not answer is passed over in the next turn.
        if (!(error instanceof PrkDbError)) throw error;
      })
      .finally(() => (this.#asking = null));
  }

  async #askForMembers(): Promise<void> {
    const { store, directory, seeds, onNewer } = this.#options;
    const others = store.routing.members.filter((m) => m.id !== store.nodeId);
    const turn = this.#turn++ % Math.max(1, others.length + seeds.length);
    const other = others[turn];
    const client = other === undefined ? this.#seed(seeds[turn - others.length]) : directory.client(other.id);
    let answer: MembersResponse | undefined;
    try {
      answer = await client?.members({ forwarded: true }, { timeoutMs: TIMEOUT_MS });
    } finally {
      if (other === undefined) client?.close();
    }
    if (answer === undefined || answer.clusterId !== store.routing.clusterId) return;
    // Only what is newer than what this node knows says something of it.
    if (answer.epoch <= store.routing.epoch) return;
    this.#judge(answer);
    if (!this.#ended) onNewer(answer);
  }

  #seed(endpoint: string | undefined): ClusterClient | null {
    return endpoint === undefined ? null : new ClusterClient(endpoint, { credentials: this.#options.credentials });
  }

  async #askAfter(groups: readonly GroupId[]): Promise<void> {
    const { store, directory, nowMs } = this.#options;
    const id = groups[this.#turn++ % groups.length]!;
    const replicas = store.routing.partitions[partitionOfGroup(id) ?? -1]?.replicas ?? [];
    for (const replica of replicas) {
      const askedAtMs = nowMs();
      const status = await directory
        .client(replica)
        ?.status({ timeoutMs: TIMEOUT_MS })
        .catch(() => undefined);
      const led = status?.groups.find((g) => g.group === id && g.role === 'leader');
      if (led === undefined) continue;
      const members = [...led.voters, ...(led.votersOutgoing ?? []), ...led.learners];
      // Before a majority knows durably of the removal, what this replica has may decide an election.
      const isSettled = led.membershipSettled === true;
      if (isSettled && !members.includes(store.nodeId)) store.forget(id, askedAtMs, led.term);
      return;
    }
  }
}
