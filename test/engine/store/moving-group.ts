import { Raft } from '../../../engine/raft/raft.ts';
import { NO_MEMBERSHIP } from '../../../engine/raft/membership.ts';
import {
  EntryType,
  Role,
  type Entry,
  type LogPoint,
  type Membership,
  type Message,
  type NodeId,
  type RaftStatus,
  type Ready,
} from '../../../engine/raft/types.ts';
import { isGivenUp } from '../../../engine/store/give-up.ts';
import { Group } from '../../../engine/store/group.ts';
import { dueStep, takeStep } from '../../../engine/store/reconcile.ts';
import { genesisRouting, preferredLeader, wantedMembers, type RoutingTable } from '../../../engine/store/routing.ts';
import { bytes, configOf, MemoryDisk, seededRandom } from '../raft/harness.ts';

const GROUP = 1;
const NODES = 6;
/** Entries that the state machine had applied and a crash takes back. */
const MAX_LOST = 8;

/** What a replica leaves on the disks of its node. */
interface Place {
  readonly id: NodeId;
  /** The routing table that this node has heard of. */
  table: RoutingTable;
  disk: MemoryDisk;
  applied: Entry[];
  /** What was in force at the beginning, and after each applied entry. */
  memberships: Membership[];
  givenUpAt: LogPoint | null;
  hasReplica: boolean;
  /** Null while the process is down, and where there is no replica. */
  group: Group | null;
  isUp: boolean;
  /** Readies on their way to the disk, oldest first. */
  pending: Ready[];
  leaderHeardAtStep: number;
}

interface Answer {
  readonly place: Place;
  readonly askedAtStep: number;
  readonly led: RaftStatus;
}

/**
 * One group whose routing table changes all the time, on nodes that hear of it late, crash and
 * give up their replicas, over a network that loses and reorders; all from one seed. The leaders
 * do what `dueStep` says. A breach of Raft's safety throws with the seed and the step.
 */
export class MovingGroup {
  readonly places: readonly Place[];
  dropRate = 0.05;
  steps = 0;
  dropped = 0;
  readonly #seed: number;
  readonly #random: () => number;
  #newest: RoutingTable;
  #inFlight: Message[] = [];
  #answers: Answer[] = [];
  readonly #leaders = new Map<number, NodeId>();
  readonly #committed: Entry[] = [];

  constructor(seed: number) {
    this.#seed = seed;
    this.#random = seededRandom(seed);
    const members = Array.from({ length: NODES }, (_, i) => {
      return { id: i + 1, host: 'h', clientPort: i + 1, raftPort: i + 1, metricsPort: i + 1 };
    });
    const replicationFactor = 1 + this.#below(3);
    const founding = { clusterId: 'c', clusterName: 'c', members, partitions: 1, replicationFactor };
    this.#newest = genesisRouting(founding);
    const founders: Membership = { ...NO_MEMBERSHIP, voters: this.#wanted(this.#newest).toSorted((a, b) => a - b) };
    this.places = members.map(({ id }) => ({
      id,
      table: this.#newest,
      disk: new MemoryDisk(),
      applied: [],
      memberships: [founders.voters.includes(id) ? founders : NO_MEMBERSHIP],
      givenUpAt: null,
      hasReplica: founders.voters.includes(id),
      group: null,
      isUp: false,
      pending: [],
      leaderHeardAtStep: 0,
    }));
    for (const place of this.places) this.#start(place);
  }

  get committedCount(): number {
    return this.#committed.length;
  }

  get epoch(): number {
    return this.#newest.epoch;
  }

  /** One random thing happens somewhere. */
  step(): void {
    this.steps++;
    const place = this.places[this.#below(NODES)]!;
    const dice = this.#random();
    if (dice < 0.12) this.#tick(place);
    else if (dice < 0.15) place.group?.core.propose(bytes(`proposal ${this.steps}`));
    else if (dice < 0.152) this.#changeTable();
    else if (dice < 0.17) this.#hear(place);
    else if (dice < 0.172) this.#crash(place);
    else if (dice < 0.178) this.#start(place);
    else if (dice < 0.185) this.#ask(place);
    else if (dice < 0.2) this.#takeAnswer();
    else if (dice < 0.45) this.#pump(place);
    else if (dice < 0.6) this.#completeWrite(place);
    else this.#deliver();
    this.#checkLeader(place);
  }

  /** Everything works; null when the group is where the newest table wants it, else what is not yet so. */
  calmRound(): string | null {
    this.dropRate = 0;
    for (const place of this.places) {
      this.steps++;
      this.#start(place);
      this.#hear(place);
      this.#tick(place);
      if (this.steps - place.leaderHeardAtStep > 50 * NODES) this.#ask(place);
    }
    while (this.#answers.length > 0) this.#takeAnswer();
    for (let i = 0; i < 200; i++) {
      for (const place of this.places) {
        this.#pump(place);
        while (place.pending.length > 0) this.#completeWrite(place);
        this.#checkLeader(place);
      }
      if (this.#inFlight.length === 0) break;
      while (this.#inFlight.length > 0) this.#deliver();
    }
    return this.#whyNotThere();
  }

  #whyNotThere(): string | null {
    const wanted = this.#wanted(this.#newest).toSorted((a, b) => a - b);
    const holders = this.places.filter((p) => p.hasReplica).map((p) => p.id);
    if (holders.join() !== wanted.join()) return `replicas are on ${holders.join()}, and not on ${wanted.join()}`;
    const leader = this.places.find((p) => p.group?.isLeader === true);
    if (leader === undefined) return 'nobody leads';
    const { voters, votersOutgoing, learners } = leader.group!.core.membership;
    if (votersOutgoing.length > 0 || learners.length > 0 || voters.join() !== wanted.join()) {
      return `the members are ${voters.join()} with ${votersOutgoing.join()} and ${learners.join()}`;
    }
    const preferred = preferredLeader(this.#newest, GROUP);
    if (leader.id !== preferred) return `n${leader.id} leads, and not n${preferred}`;
    const behind = this.places.find((p) => p.hasReplica && p.applied.length < this.#committed.length);
    return behind === undefined ? null : `n${behind.id} has applied ${behind.applied.length}`;
  }

  #below(count: number): number {
    return Math.floor(this.#random() * count);
  }

  #wanted(table: RoutingTable): readonly NodeId[] {
    return wantedMembers(table, GROUP)!.voters;
  }

  #changeTable(): void {
    const order = this.places.map((p) => ({ id: p.id, at: this.#random() })).toSorted((a, b) => a.at - b.at);
    const replicas = order.slice(0, 1 + this.#below(3)).map((p) => p.id);
    const { epoch } = this.#newest;
    this.#newest = { ...this.#newest, epoch: epoch + 1, balance: 'leaders', partitions: [{ partition: 0, replicas }] };
  }

  #hear(place: Place): void {
    if (!place.isUp) return;
    place.table = this.#newest;
    if (place.group === null) this.#begin(place);
    else this.#tell(place, place.group);
  }

  #tell(place: Place, group: Group): void {
    group.wanted = wantedMembers(place.table, GROUP);
    group.preferredLeader = preferredLeader(place.table, GROUP)!;
  }

  #start(place: Place): void {
    if (place.isUp) return;
    place.isUp = true;
    this.#begin(place);
  }

  /** A replica that is here, or that the table wants here. */
  #begin(place: Place): void {
    place.hasReplica ||= this.#wanted(place.table).includes(place.id);
    if (!place.hasReplica) return;
    const { id, disk, applied, memberships, givenUpAt } = place;
    const options = { id, ...memberships.at(-1)!, random: this.#random, appliedIndex: applied.length };
    const core = new Raft(configOf({ ...options, ...(givenUpAt === null ? {} : { givenUpAt }) }, disk));
    place.group = new Group(GROUP, core, 0, 1);
    this.#tell(place, place.group);
  }

  /** What was not synced is lost: of the log what nobody was told of, of the state machine the last batches. */
  #crash(place: Place): void {
    const kept = place.applied.length - this.#below(Math.min(place.applied.length, MAX_LOST) + 1);
    place.applied.length = kept;
    place.memberships.length = kept + 1;
    place.isUp = false;
    place.group = null;
    place.pending = [];
  }

  #tick(place: Place): void {
    const { group } = place;
    if (group === null) return;
    group.core.tick();
    const step = dueStep(group, place.table, place.id);
    if (step !== null) takeStep(group, step);
    if (isGivenUp(group, place.id)) this.#drop(place, group);
  }

  #drop(place: Place, group: Group): void {
    const { term, votedFor, lastIndex } = group.core.status();
    const end = { index: lastIndex, term: group.core.logTerm(lastIndex) ?? 0 };
    place.givenUpAt = end;
    place.disk = new MemoryDisk([], { term, votedFor, commitIndex: 0 });
    place.applied = [];
    place.memberships = [NO_MEMBERSHIP];
    place.pending = [];
    place.group = null;
    place.hasReplica = false;
    this.dropped++;
    this.#begin(place);
  }

  /** A replica that nobody wants asks some leader, whose answer comes later; see MembershipWatch. */
  #ask(place: Place): void {
    if (place.group === null || this.#wanted(place.table).includes(place.id)) return;
    const leaders = this.places.filter((p) => p.group?.isLeader === true && p.id !== place.id);
    const leader = leaders[this.#below(leaders.length)];
    if (leader === undefined) return;
    this.#answers.push({ place, askedAtStep: this.steps, led: leader.group!.core.status() });
  }

  #takeAnswer(): void {
    const answer = this.#answers.splice(this.#below(this.#answers.length), 1)[0];
    if (answer === undefined) return;
    const { place, askedAtStep, led } = answer;
    const { voters, votersOutgoing, learners } = led.membership;
    if (!led.membershipSettled || [...voters, ...votersOutgoing, ...learners].includes(place.id)) return;
    const { group } = place;
    // As Replicas.forget does.
    if (group === null || place.leaderHeardAtStep >= askedAtStep || group.core.term > led.term) return;
    if (!this.#wanted(place.table).includes(place.id) && !group.isLeader) this.#drop(place, group);
  }

  #pump(place: Place): void {
    const core = place.group?.core;
    if (core === undefined || !core.hasReady()) return;
    const ready = core.ready();
    this.#inFlight.push(...ready.messages);
    place.pending.push(ready);
    for (const entry of ready.committed) this.#apply(place, entry);
    const last = ready.committed.at(-1);
    if (last !== undefined) core.applied(last.index);
  }

  #completeWrite(place: Place): void {
    const ready = place.pending.shift();
    if (ready === undefined || place.group === null) return;
    place.disk.write(ready.hardState, ready.entries);
    place.group.core.persisted(ready.mark);
    this.#inFlight.push(...ready.messagesAfterPersist);
  }

  #deliver(): void {
    if (this.#inFlight.length === 0) return;
    // Mostly in order, as on a stream.
    const at = this.#random() < 0.9 ? 0 : this.#below(this.#inFlight.length);
    const [message] = this.#inFlight.splice(at, 1);
    if (message === undefined || this.#random() < this.dropRate) return;
    const place = this.places[message.to - 1]!;
    place.group?.core.step(message);
    if (place.group?.core.leader === message.from) place.leaderHeardAtStep = this.steps;
  }

  #apply(place: Place, entry: Entry): void {
    if (entry.index !== place.applied.length + 1) this.#fail(`n${place.id} applied ${entry.index} out of turn`);
    const known = this.#committed[entry.index - 1];
    if (known === undefined) this.#committed.push(entry);
    else if (known.term !== entry.term || known.data !== entry.data) {
      this.#fail(`n${place.id} applied another entry at ${entry.index}`);
    }
    place.applied.push(entry);
    const isChange = entry.type === EntryType.ConfChange;
    place.memberships.push(isChange ? place.group!.core.applyMembership(entry) : place.memberships.at(-1)!);
  }

  /** Election safety, and leader completeness at the moment of election. */
  #checkLeader(place: Place): void {
    const core = place.group?.core;
    if (core === undefined || core.role !== Role.Leader) return;
    const known = this.#leaders.get(core.term);
    if (known === place.id) return;
    if (known !== undefined) this.#fail(`n${known} and n${place.id} both lead term ${core.term}`);
    this.#leaders.set(core.term, place.id);
    for (const { index, term } of this.#committed) {
      if (core.logTerm(index) !== term) this.#fail(`leader n${place.id} of term ${core.term} lacks entry ${index}`);
    }
  }

  #fail(what: string): never {
    throw new Error(`${what} (seed ${this.#seed}, step ${this.steps})`);
  }
}
