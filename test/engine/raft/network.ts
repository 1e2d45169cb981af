import { Raft } from '../../../engine/raft/raft.ts';
import type { Entry, Message, NodeId, Ready } from '../../../engine/raft/types.ts';
import { bytes, configOf, MemoryDisk, seededRandom } from './harness.ts';
import type { Options } from './harness.ts';

/** A member with a disk that takes its time and a process that can die. */
export class SimulatedNode {
  readonly id: NodeId;
  readonly disk = new MemoryDisk();
  readonly applied: Entry[] = [];
  /** Readies on their way to the disk, oldest first. */
  pending: Ready[] = [];
  raft: Raft | null = null;
  readonly #options: Options;

  constructor(id: NodeId, options: Options) {
    this.id = id;
    this.#options = { ...options, id };
  }

  start(): void {
    this.raft = new Raft(configOf({ ...this.#options, appliedIndex: this.applied.length }, this.disk));
  }

  /** What was not synced is lost. */
  crash(): void {
    this.raft = null;
    this.pending = [];
  }
}

/**
 * Several members, a lossy network and slow disks, all from one seed. After every step
 * the safety properties of the Raft paper (figure 3) are checked; a breach throws with
 * the seed and the step.
 */
export class Network {
  readonly nodes: readonly SimulatedNode[];
  readonly random: () => number;
  dropRate = 0;
  /** The share of steps in which a disk completes a write; low, and writes pile up. */
  diskRate = 0.2;
  steps = 0;
  readonly #seed: number;
  #inFlight: Message[] = [];
  readonly #cut = new Set<string>();
  /** Leader by term; entry by index as first applied by anyone. */
  readonly #leaders = new Map<number, NodeId>();
  readonly #committed: Entry[] = [];
  /** For each read asked for: how much was committed, as far as anyone knew, before it. */
  readonly #reads = new Map<number, number>();
  #proposals = 0;
  #readsAsked = 0;
  readsAnswered = 0;

  constructor(size: number, seed: number, options: Options = {}) {
    this.#seed = seed;
    this.random = seededRandom(seed);
    const voters = Array.from({ length: size }, (_, i) => i + 1);
    this.nodes = voters.map((id) => new SimulatedNode(id, { voters, random: this.random, ...options }));
    for (const node of this.nodes) node.start();
  }

  get committedCount(): number {
    return this.#committed.length;
  }

  get leaders(): SimulatedNode[] {
    return this.nodes.filter((node) => node.raft?.role === 'leader');
  }

  pick<T>(list: readonly T[]): T {
    return list[Math.floor(this.random() * list.length)]!;
  }

  cut(a: NodeId, b: NodeId): void {
    this.#cut.add(`${a}>${b}`);
  }

  /** Both ways, from everyone. */
  isolate(id: NodeId): void {
    for (const other of this.nodes) {
      this.cut(id, other.id);
      this.cut(other.id, id);
    }
  }

  heal(): void {
    this.#cut.clear();
  }

  /** One random thing happens somewhere. */
  step(): void {
    this.steps++;
    const dice = this.random();
    const node = this.pick(this.nodes);
    if (dice < 0.08) node.raft?.tick();
    else if (dice < 0.12) this.#propose(node);
    else if (dice < 0.14) this.#read(node);
    else if (dice < 0.4) this.#pump(node);
    else if (dice < 0.4 + this.diskRate) this.#completeWrite(node);
    else this.#deliver();
    this.#check(node);
  }

  /** Everything works: each node ticks once and everything is delivered. */
  calmRound(): void {
    for (const node of this.nodes) node.raft?.tick();
    for (let i = 0; i < 200; i++) {
      for (const node of this.nodes) {
        this.#pump(node);
        while (node.pending.length > 0) this.#completeWrite(node);
        this.#check(node);
      }
      if (this.#inFlight.length === 0 && this.nodes.every((node) => !(node.raft?.hasReady() ?? false))) return;
      while (this.#inFlight.length > 0) this.#deliver();
    }
  }

  #propose(node: SimulatedNode): void {
    node.raft?.propose(bytes(`proposal ${++this.#proposals}`));
  }

  #read(node: SimulatedNode): void {
    if (node.raft === null) return;
    const requestId = ++this.#readsAsked;
    if (node.raft.readIndex(requestId)) this.#reads.set(requestId, this.#committed.length);
  }

  #pump(node: SimulatedNode): void {
    if (node.raft === null || !node.raft.hasReady()) return;
    const ready = node.raft.ready();
    this.#inFlight.push(...ready.messages);
    node.pending.push(ready);
    for (const entry of ready.committed) this.#apply(node, entry);
    const last = ready.committed.at(-1);
    if (last !== undefined) node.raft.applied(last.index);
    for (const { requestId, index } of ready.readStates) {
      const floor = this.#reads.get(requestId);
      if (floor === undefined) this.#fail(`read ${requestId} was answered twice, or never asked`);
      if (index < floor) this.#fail(`read ${requestId} at ${index} misses what was committed up to ${floor}`);
      this.#reads.delete(requestId);
      this.readsAnswered++;
    }
    for (const requestId of ready.rejectedReads) {
      if (!this.#reads.delete(requestId)) this.#fail(`read ${requestId} was rejected after it was answered`);
    }
  }

  #completeWrite(node: SimulatedNode): void {
    const ready = node.pending.shift();
    if (ready === undefined || node.raft === null) return;
    node.disk.write(ready.hardState, ready.entries);
    node.raft.persisted(ready.mark);
    this.#inFlight.push(...ready.messagesAfterPersist);
  }

  #deliver(): void {
    if (this.#inFlight.length === 0) return;
    // Mostly in order, as on a stream; now and then anything overtakes anything.
    const at = this.random() < 0.8 ? 0 : Math.floor(this.random() * this.#inFlight.length);
    const [message] = this.#inFlight.splice(at, 1);
    if (message === undefined || this.#cut.has(`${message.from}>${message.to}`)) return;
    if (this.random() < this.dropRate) return;
    // Some arrive twice.
    if (this.dropRate > 0 && this.random() < 0.05) this.#inFlight.push(message);
    this.nodes[message.to - 1]!.raft?.step(message);
  }

  /** State machine safety: no two members apply different entries at one index. */
  #apply(node: SimulatedNode, entry: Entry): void {
    if (entry.index !== node.applied.length + 1) {
      this.#fail(`node ${node.id} applied ${entry.index} after ${node.applied.length}`);
    }
    if (node.disk.log[entry.index - 1]?.term !== entry.term) {
      this.#fail(`node ${node.id} applied ${entry.index} before it was on its disk`);
    }
    const known = this.#committed[entry.index - 1];
    if (known === undefined) this.#committed.push(entry);
    else if (known.term !== entry.term || known.data !== entry.data) {
      this.#fail(`node ${node.id} applied another entry at ${entry.index}`);
    }
    node.applied.push(entry);
  }

  #check(node: SimulatedNode): void {
    const { raft } = node;
    if (raft === null) return;
    if (raft.role === 'leader') this.#checkLeader(node, raft);
    if (this.steps % 64 === 0) this.#checkLogMatching();
  }

  /** Election safety, and leader completeness at the moment of election. */
  #checkLeader(node: SimulatedNode, raft: Raft): void {
    const known = this.#leaders.get(raft.term);
    if (known === node.id) return;
    if (known !== undefined) this.#fail(`nodes ${known} and ${node.id} both lead term ${raft.term}`);
    this.#leaders.set(raft.term, node.id);
    const log = new MemoryDisk(node.disk.log);
    for (const ready of node.pending) log.write(null, ready.entries);
    for (const entry of this.#committed) {
      const own = log.log[entry.index - 1];
      if (own === undefined ? entry.index > raft.lastIndex : own.term !== entry.term) {
        this.#fail(`leader ${node.id} of term ${raft.term} lacks committed entry ${entry.index}`);
      }
    }
  }

  /** Log matching, on what is on the disks. */
  #checkLogMatching(): void {
    for (const a of this.nodes) {
      for (const b of this.nodes) {
        if (a.id >= b.id) continue;
        let equalAbove = false;
        for (let i = Math.min(a.disk.log.length, b.disk.log.length) - 1; i >= 0; i--) {
          const equal = a.disk.log[i]!.term === b.disk.log[i]!.term;
          if (equalAbove && !equal) this.#fail(`logs of ${a.id} and ${b.id} differ at ${i + 1} but not after it`);
          equalAbove ||= equal;
        }
      }
    }
  }

  #fail(what: string): never {
    throw new Error(`${what} (seed ${this.#seed}, step ${this.steps})`);
  }
}
