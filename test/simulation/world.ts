import type { GroupId } from '../../engine/config/ids.ts';
import type { NodeId } from '../../engine/raft/types.ts';
import type { SnapshotOffer } from '../../engine/transport/types.ts';
import { EventQueue, type SimulatedEvent } from './event-queue.ts';
import type { Plan } from './plan.ts';
import { Random } from './random.ts';
import { Trace } from './trace.ts';
import type { Violation } from './violation.ts';

/** Virtual time, the events to come, chance, and the record of what was: what all parts of a run share. */
export class World {
  readonly plan: Plan;
  readonly queue = new EventQueue();
  readonly trace = new Trace();
  readonly networkRandom: Random;
  readonly nodeRandom: Random;
  readonly faultRandom: Random;
  readonly clientRandom: Random;
  readonly operatorRandom: Random;
  /** Virtual time since the run began. */
  nowUs = 0;
  /** Messages delivered, ticks, syncs and client events so far. */
  steps = 0;
  /** False in the liveness phase. */
  faultsOn = true;

  /** The first thing that went wrong. */
  violation: Violation | null = null;
  /** Who wants to know that a node has won an election. */
  onElection: ((node: NodeId, group: GroupId) => void) | null = null;
  /** Who wants to know that a leader has committed the first entry in its term. */
  onFirstCommit: ((node: NodeId, group: GroupId) => void) | null = null;
  /** A node rests, because its disk does not answer. */
  onStall: ((node: NodeId) => void) | null = null;
  /** A node has begun to send a snapshot. */
  onSnapshotSent: ((node: NodeId) => void) | null = null;
  /** Who may keep the offer of a snapshot back: true when it does, and `hand` hands it over later. */
  onOffer: ((from: NodeId, to: NodeId, offer: SnapshotOffer, hand: () => void) => boolean) | null = null;

  /** Whoever leads the system group is about to write the next step of the planner. */
  onStep: ((node: NodeId) => void) | null = null;
  /** A replica that its group had let go was deleted. */
  onDeletion: (() => void) | null = null;
  /** Who wants to know that a leader has applied a change of members. */
  onChange: ((node: NodeId, group: GroupId) => void) | null = null;

  constructor(plan: Plan) {
    this.plan = plan;
    this.networkRandom = new Random(plan.seed, 2);
    this.nodeRandom = new Random(plan.seed, 3);
    this.faultRandom = new Random(plan.seed, 4);
    this.clientRandom = new Random(plan.seed, 5);
    this.operatorRandom = new Random(plan.seed, 12);
  }

  /** The longest that a follower waits before it stands. */
  get electionUs(): number {
    const { electionTicksMax, tickMs } = this.plan.timing;
    return electionTicksMax * tickMs * 1000;
  }

  after(delayUs: number, event: SimulatedEvent): void {
    this.queue.push(this.nowUs + Math.floor(delayUs), event);
  }

  /** Lets the next event happen. False when there is none. */
  next(): boolean {
    const event = this.queue.pop();
    if (event === undefined) return false;
    this.nowUs = this.queue.poppedAtUs;
    this.trace.happened(this.nowUs, this.steps, event);
    event.run();
    return true;
  }

  /** Adds a line to the record; `group` null concerns all groups. */
  note(group: GroupId | null, text: () => string): void {
    this.trace.note(this.nowUs, this.steps, group, text);
  }
}
