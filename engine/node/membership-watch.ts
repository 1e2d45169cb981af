import { ClusterClient } from '../client/cluster-client.ts';
import type { Credentials } from '../client/credentials.ts';
import { PrkDbError } from '../client/errors.ts';
import { partitionOfGroup, type GroupId } from '../config/ids.ts';
import type { MembersResponse } from '../rpc/cluster.ts';
import type { NodeDirectory } from '../server/members/directory.ts';
import type { Store } from '../store/index.ts';
import { hearOfReplica, whatToAsk, whyNoMember, type KnownMembers } from './out-of-touch.ts';

const INTERVAL_MS = 1_000;
const TIMEOUT_MS = 800;

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

  #judge(table: KnownMembers): void {
    if (this.#ended) return;
    const { store, incarnation, onExpelled } = this.#options;
    const why = whyNoMember(store.nodeId, incarnation, table);
    if (why === null) return;
    this.#ended = true;
    clearInterval(this.#timer);
    onExpelled(why);
  }

  #look(): void {
    if (this.#asking !== null || this.#ended) return;
    const { store, nowMs } = this.#options;
    const question = whatToAsk(store, nowMs());
    if (question === null) return;
    this.#asking = (question.kind === 'members' ? this.#askForMembers() : this.#askAfter(question.groups))
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
      if (hearOfReplica(store, id, askedAtMs, status?.groups)) return;
    }
  }
}
