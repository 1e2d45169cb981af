import type { StoryEvent } from '../../contract/model.ts';
import type { ClusterEvent, NodeStatus } from '../../../engine/rpc/cluster.ts';
import type { ProcessEvent } from '../../../engine/supervisor/types.ts';
import { CatchUpTeller } from './catch-up.ts';
import { CauseKeeper } from './causes.ts';
import { StoryContext, type Condition } from './context.ts';
import { ElectionTeller } from './elections.ts';
import { FaultTeller } from './faults.ts';
import type { StoryCommand, StoryInput } from './input.ts';
import { byWords, ProcessTeller } from './processes.ts';
import { QuorumTeller } from './quorum.ts';
import { ReorderBuffer } from './reorder.ts';
import { StartupTeller } from './startup.ts';
import { SuspectTeller } from './suspects.ts';
import { counted, nodeName, sentence, strong } from './text.ts';
import { ThroughputTeller } from './throughput.ts';
import { UpkeepTeller } from './upkeep.ts';

/** An orderly stop takes a few seconds; forced ones a few more. */
const STOP_PATIENCE_MS = 30_000;

type ProcessInput = Extract<StoryInput, { type: 'process' }>;

/**
 * Turns what nodes, processes and users do to one cluster into the sentences of its
 * feed. It has no clock and does no IO: the same inputs and the same advances give the
 * same sentences.
 */
export class StoryTeller {
  readonly #context: StoryContext;
  readonly #buffer = new ReorderBuffer();
  readonly #causes: CauseKeeper;
  readonly #elections: ElectionTeller;
  readonly #suspects: SuspectTeller;
  readonly #processes: ProcessTeller;
  readonly #startup: StartupTeller;
  readonly #quorum: QuorumTeller;
  readonly #catchUp: CatchUpTeller;
  readonly #throughput: ThroughputTeller;
  readonly #upkeep: UpkeepTeller;
  readonly #faults: FaultTeller;
  /** The user asked for the whole cluster to stop, so nothing that follows is news. */
  #stopping = false;
  #stoppingSinceMs = 0;

  constructor(options: {
    readonly nodes: readonly number[];
    /** replicas[p]: the nodes that hold partition p. */
    readonly replicas: readonly (readonly number[])[];
    /** What is true already when the telling begins. */
    readonly conditions: readonly { readonly node: number; readonly condition: Condition }[];
  }) {
    this.#context = new StoryContext(options.nodes, options.replicas);
    for (const { node, condition } of options.conditions) {
      this.#context.setCondition(node, condition.kind, condition.sinceMs);
    }
    this.#causes = new CauseKeeper(this.#context, this.#buffer);
    this.#elections = new ElectionTeller(this.#context, this.#buffer);
    this.#suspects = new SuspectTeller(this.#context, this.#buffer);
    this.#processes = new ProcessTeller(this.#context, this.#buffer);
    this.#startup = new StartupTeller(this.#context);
    this.#quorum = new QuorumTeller(this.#context);
    this.#catchUp = new CatchUpTeller(this.#context);
    this.#throughput = new ThroughputTeller(this.#context);
    this.#upkeep = new UpkeepTeller(this.#context, this.#buffer);
    this.#faults = new FaultTeller(this.#context, {
      quorum: this.#quorum,
      throughput: this.#throughput,
      catchUp: this.#catchUp,
    });
    this.#quorum.update(Math.max(0, ...options.conditions.map(({ condition }) => condition.sinceMs)), true);
  }

  push(input: StoryInput): void {
    this.#buffer.add(input);
  }

  /** To be called every now and then (100 ms): tells all that has waited long enough, in the order it happened. */
  advance(nowMs: number): StoryEvent[] {
    for (
      let input = this.#buffer.next(nowMs);
      input !== null && (this.#quiet || !this.#causes.awaits(input, nowMs));
      input = this.#buffer.next(nowMs)
    ) {
      this.#buffer.take();
      this.#causes.heard(input);
      this.#handle(input);
    }
    // A stop that failed half-way leaves nodes whose story goes on.
    if (this.#stopping && nowMs - this.#stoppingSinceMs > STOP_PATIENCE_MS) this.#stopping = false;
    this.#startup.advance(nowMs);
    this.#suspects.advance(nowMs);
    return this.#context.drain();
  }

  /** Nothing waits to be told, whatever the time. */
  get isSettled(): boolean {
    return this.#buffer.isEmpty && !this.#startup.isUnderWay;
  }

  get #quiet(): boolean {
    return this.#stopping || this.#startup.isUnderWay;
  }

  #handle(input: StoryInput): void {
    switch (input.type) {
      case 'event':
        return this.#event(input.event);
      case 'process':
        return this.#process(input.event);
      case 'command':
        return this.#command(input.command, input.timeMs);
      case 'status':
        return this.#status(input.status);
      case 'throughput':
        return this.#throughput.sample(input);
    }
  }

  #event(event: ClusterEvent): void {
    if (event.kind === 'peerSuspect') return this.#suspects.suspect(event, this.#quiet);
    if (event.kind === 'peerLive') return this.#suspects.live(event, this.#quiet);
    if (event.kind === 'storageFailed') return this.#storageFailed(event);
    if (this.#upkeep.event(event, this.#quiet)) return;
    this.#elections.event(event, this.#quiet);
    this.#startup.update(event.timeMs);
    if (event.kind === 'electionWon' && event.partition !== undefined) {
      this.#quorum.led(event.partition, event.timeMs, this.#quiet);
    }
  }

  #status(status: NodeStatus): void {
    if (this.#context.condition(status.nodeId).kind === 'up') {
      for (const group of status.groups) {
        if (group.partition === undefined || group.role !== 'leader') continue;
        this.#elections.learn(group.partition, status.nodeId, group.term);
        this.#quorum.led(group.partition, status.timeMs, this.#quiet);
      }
      this.#startup.update(status.timeMs);
    }
    this.#catchUp.status(status);
  }

  #process(event: ProcessEvent): void {
    const { nodeId: node, timeMs } = event;
    switch (event.kind) {
      case 'started':
        this.#started(event);
        return;
      case 'resumed':
        this.#processes.resumed(event);
        this.#isBack([node], timeMs);
        return;
      case 'stopped':
        if (this.#stopping) this.#stoppedInOrder(node, timeMs);
        else this.#stopped(event);
        return;
      case 'killed':
      case 'crashed':
      case 'paused':
        this.#gone(event);
    }
  }

  #gone(event: ProcessEvent): void {
    const { nodeId: node, timeMs } = event;
    this.#startup.interrupt();
    this.#catchUp.cancel(node);
    this.#processes.gone(event);
    this.#quorum.update(timeMs, this.#quiet);
    this.#watchThroughput(node, timeMs);
  }

  /** Every node at once is the cluster, which somebody else than this app has stopped. */
  #stopped(event: ProcessEvent): void {
    const together = this.#buffer.takeMoment(
      event.timeMs,
      (input): input is ProcessInput =>
        input.type === 'process' && input.event.kind === 'stopped' && input.event.by === event.by,
    );
    const events = [event, ...together.map((input) => input.event)];
    const stopped = new Set(events.map((e) => e.nodeId));
    const isRest = (node: number): boolean => !stopped.has(node) && this.#context.condition(node).kind !== 'stopped';
    if (event.by === 'none' || this.#context.nodes.some(isRest)) {
      for (const e of events) this.#gone(e);
      return;
    }
    this.#startup.interrupt();
    for (const node of stopped) this.#context.setCondition(node, 'stopped', event.timeMs);
    this.#tellClusterStopped(event.timeMs, event.by);
    this.#stopping = true;
    this.#stoppingSinceMs = event.timeMs;
  }

  #started(event: ProcessEvent): void {
    this.#stopping = false;
    const wasStopped = this.#context.nodes.every((node) => this.#context.condition(node).kind === 'stopped');
    if (wasStopped) {
      this.#startup.begin(event.timeMs);
      this.#quorum.reset();
      this.#catchUp.reset();
      this.#throughput.reset();
    }
    if (this.#startup.isUnderWay) {
      this.#context.setCondition(event.nodeId, 'up', event.timeMs);
      this.#suspects.forget(event.nodeId);
      return;
    }
    this.#isBack(this.#processes.started(event), event.timeMs);
  }

  #isBack(nodes: readonly number[], timeMs: number): void {
    for (const node of nodes) {
      this.#suspects.forget(node);
      this.#catchUp.begin(node, timeMs);
    }
  }

  #stoppedInOrder(node: number, timeMs: number): void {
    this.#context.setCondition(node, 'stopped', timeMs);
    if (this.#context.nodes.some((other) => this.#context.condition(other).kind !== 'stopped')) return;
    this.#tellClusterStopped(timeMs, 'app');
  }

  #tellClusterStopped(timeMs: number, by: ProcessEvent['by']): void {
    this.#context.leaders.clear();
    this.#throughput.reset();
    this.#context.tell({
      timeMs,
      kind: 'stopped',
      parts: sentence(strong('Cluster stopped'), byWords(by), '. Its data is kept.'),
    });
  }

  #command(command: StoryCommand, timeMs: number): void {
    switch (command.name) {
      case 'stopCluster':
        this.#startup.interrupt();
        this.#stopping = true;
        this.#stoppingSinceMs = timeMs;
        this.#throughput.reset();
        this.#faults.forget();
        // A node that is gone already sends no event of its own.
        for (const node of this.#context.nodesDown) {
          if (this.#context.condition(node).kind === 'dead') this.#context.setCondition(node, 'stopped', timeMs);
        }
        return;
      case 'fault':
        this.#startup.interrupt();
        return this.#faults.start(command.fault, timeMs, this.#quiet);
      case 'faultEnded':
        return this.#isBack(this.#faults.end(command.fault, command.by, timeMs), timeMs);
      case 'heal':
        return this.#isBack(this.#faults.heal(timeMs), timeMs);
      case 'startLoad':
        this.#context.tell({
          timeMs,
          kind: 'load',
          parts: sentence(
            strong('Load started'),
            ` by you: ${counted(command.clients, 'client', 'clients')}, ${mixWords(command.readPercent)}.`,
          ),
        });
        return;
      case 'stopLoad':
        this.#throughput.reset();
        this.#context.tell({
          timeMs,
          kind: 'load',
          parts: sentence(
            strong('Load stopped'),
            `: ${counted(command.acknowledged, 'operation', 'operations')} acknowledged, ${counted(command.retried, 'retry', 'retries')}, ${counted(command.failed, 'failure', 'failures')}.`,
          ),
        });
    }
  }

  #watchThroughput(node: number, timeMs: number): void {
    const fault = this.#context.faultOf(node, timeMs);
    if (fault !== null) this.#throughput.fault(fault);
  }

  #storageFailed(event: ClusterEvent): void {
    const recovered = /^recovered\b:?\s*/.exec(event.detail);
    const why = event.detail.slice(recovered?.[0].length ?? 0).replace(/[.\s]+$/, '');
    this.#context.tell({
      timeMs: event.timeMs,
      kind: recovered === null ? 'error' : 'recovered',
      parts: sentence(
        nodeName(event.nodeId),
        recovered === null ? ' cannot write to its disk' : ' writes to its disk again',
        why === '' ? '.' : `: ${why}.`,
      ),
      node: event.nodeId,
      fault: this.#context.faultOf(event.nodeId, event.timeMs),
    });
  }
}

function mixWords(readPercent: number): string {
  if (readPercent === 0) return 'writes only';
  if (readPercent === 100) return 'reads only';
  return `${readPercent} % reads, ${100 - readPercent} % writes`;
}
