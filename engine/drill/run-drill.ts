import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { PrkDbClient } from '../client/index.ts';
import { connectionOf, endpointOf, type LocalCluster, type Supervisor } from '../supervisor/index.ts';
import { buildReport, type FaultRecord } from './build-report.ts';
import { checkHistorySlowly } from './check-slowly.ts';
import { DrillError, refuseWhenCancelled } from './errors.ts';
import { healCluster } from './heal.ts';
import { answersOf, ratePerSecond, recoveredAt } from './measures.ts';
import { oneAtATime } from './one-at-a-time.ts';
import { checkCluster, checkStatuses } from './preconditions.ts';
import type { DrillReport, DrillSettings, Scenario } from './report.ts';
import { planFault, type NodeControls, type Situation } from './scenarios.ts';
import { fillSettings } from './settings.ts';
import { ClusterWatch } from './watch.ts';
import { Workload } from './workload.ts';

export type DrillPhase = 'preparing' | 'before' | 'fault' | 'healing' | 'recovering' | 'after' | 'checking';

export interface DrillProgress {
  readonly phase: DrillPhase;
  /** What is being done, in a sentence. */
  readonly text: string;
  readonly elapsedMs: number;
  readonly operations: number;
  readonly failed: number;
}

export interface DrillOptions extends Partial<DrillSettings> {
  readonly scenario: Scenario;
  readonly onProgress?: (progress: DrillProgress) => void;
  /** Hears which nodes have just lost their links, and of none once they have them again. */
  readonly onLinks?: (isolated: readonly number[]) => void;
  readonly signal?: AbortSignal;
}

interface Listeners {
  readonly onProgress: DrillOptions['onProgress'] | undefined;
  readonly onLinks: DrillOptions['onLinks'] | undefined;
}

const POLL_MS = 50;
const PROGRESS_MS = 250;
const READY_WAIT_MS = 15_000;
const RESTART_WAIT_MS = 60_000;
/** How much longer than it should a fault may last when nobody ends it. */
const FAULT_GRACE_MS = 30_000;

/**
 * Runs load against a local cluster that is up and whole, does the fault, heals it, and
 * measures what clients felt and whether the cluster kept its promises. The fault is healed
 * however the drill ends. Rejects with DrillError when there is nothing to report: the
 * settings make no sense, the cluster is not whole, cannot take the fault or cannot be
 * healed, or the signal fired. A cluster that breaks a promise is a report that says so.
 */
export async function runDrill(supervisor: Supervisor, name: string, options: DrillOptions): Promise<DrillReport> {
  const { scenario, onProgress, onLinks, signal = new AbortController().signal, ...input } = options;
  const cluster = await supervisor.get(name);
  checkCluster(cluster);
  const settings = fillSettings(input, cluster.record.partitions, scenario);
  return oneAtATime(cluster.record, () =>
    new Drill(supervisor, cluster, scenario, settings, signal, { onProgress, onLinks }).run(),
  );
}

class Drill {
  readonly #supervisor: Supervisor;
  readonly #cluster: LocalCluster;
  readonly #scenario: Scenario;
  readonly #settings: DrillSettings;
  readonly #signal: AbortSignal;
  readonly #listeners: Listeners;
  readonly #id = drillId(new Date());
  readonly #startedAtMs = Date.now();
  readonly #watch: ClusterWatch;
  readonly #controls: NodeControls;
  #workload: Workload | null = null;
  #told: { readonly phase: DrillPhase; readonly text: string; readonly atMs: number } | null = null;

  constructor(
    supervisor: Supervisor,
    cluster: LocalCluster,
    scenario: Scenario,
    settings: DrillSettings,
    signal: AbortSignal,
    listeners: Listeners,
  ) {
    this.#supervisor = supervisor;
    this.#cluster = cluster;
    this.#scenario = scenario;
    this.#settings = settings;
    this.#signal = signal;
    this.#listeners = listeners;
    const { name } = cluster.record;
    this.#watch = new ClusterWatch(cluster.record);
    this.#controls = {
      kill: (node) => supervisor.killNode(name, node),
      pause: (node) => supervisor.pauseNode(name, node),
      restart: (node) => this.#restart(node),
      // A drill that dies heals nothing: its nodes do by themselves.
      setFaults: (node, faults) =>
        this.#watch.setFaults(node, { ...faults, leaseMs: settings.faultSeconds * 1000 + FAULT_GRACE_MS }),
    };
  }

  async run(): Promise<DrillReport> {
    let client: PrkDbClient | null = null;
    try {
      this.#tell('preparing', 'Looking at the cluster.');
      await this.#untilWhole(READY_WAIT_MS, 'before the drill; nothing was done to it');
      checkStatuses(this.#cluster, this.#watch.freshStatuses(), this.#scenario);
      const { record } = this.#cluster;
      const { members, partitions } = record;
      const endpoints = members.map((member) => endpointOf(record, member));
      client = await PrkDbClient.connect(endpoints, connectionOf(record));
      const workload = new Workload(client, partitions, `drill/${this.#id}/`, this.#settings);
      this.#workload = workload;
      return await this.#runLoaded(workload);
    } finally {
      client?.close();
      this.#watch.close();
    }
  }

  async #runLoaded(workload: Workload): Promise<DrillReport> {
    const { secondsBefore, secondsAfter } = this.#settings;
    try {
      let fault: FaultRecord;
      let endMs: number;
      try {
        workload.start();
        await this.#untilEveryPartitionAnswers(workload);
        this.#tell('before', `Load of ${this.#settings.clients} clients, ${secondsBefore} s undisturbed.`);
        const loadFromMs = performance.now();
        await this.#wait(secondsBefore);
        fault = await this.#doFault(loadFromMs);
        const recovered = await this.#untilRecovered(workload, fault);
        if (recovered) {
          this.#tell('after', `Throughput is back; ${secondsAfter} s more.`);
          await this.#wait(secondsAfter);
        }
        endMs = performance.now();
      } finally {
        await workload.stop();
      }
      this.#tell('checking', 'Reading everything back.');
      const finals = await workload.readBack(this.#signal);
      this.#tell('checking', `Checking ${workload.operations.length} operations.`);
      const check = await checkHistorySlowly(workload.operations, this.#signal);
      return buildReport({
        id: this.#id,
        startedAtMs: this.#startedAtMs,
        version: this.#watch.freshStatuses()[0]?.version ?? '',
        record: this.#cluster.record,
        scenario: this.#scenario,
        settings: this.#settings,
        fault,
        endMs,
        workload,
        finals,
        check,
        elections: this.#watch.elections,
        leadersAfter: this.#watch.leaders(),
      });
    } finally {
      await workload.cleanUp();
    }
  }

  /** From the plan to the heal, which comes whatever happens. */
  async #doFault(loadFromMs: number): Promise<FaultRecord> {
    const { name } = this.#cluster.record;
    const plan = planFault(this.#scenario, () => this.#look());
    const leadersBefore = this.#watch.leaders();
    const steps: FaultRecord['steps'][number][] = [];
    const wallOffsetMs = Date.now() - performance.now();
    // The supervisor takes a moment to find and signal a process; its own record says when it did.
    const stopListening = this.#supervisor.onEvent((event) => {
      const last = steps.at(-1);
      if (event.cluster !== name || last === undefined || event.timeMs < last.atMs) return;
      if (event.kind !== 'killed' || !plan.victims.includes(event.nodeId) || last.adjusted) return;
      const hits = last.hits.map((hit) => ({ ...hit, atMs: event.timeMs }));
      steps[steps.length - 1] = { ...last, atMs: event.timeMs, hits, adjusted: true };
    });
    try {
      this.#tell('fault', `Doing the fault: ${plan.title}.`);
      await plan.inject(this.#controls, (text, hits) => {
        refuseWhenCancelled(this.#signal);
        steps.push({ text, hits, atMs: hits[0]?.atMs ?? Date.now(), adjusted: false });
        this.#tell('fault', `${text}.`);
      });
      if (plan.cutsLinks) this.#listeners.onLinks?.(plan.victims);
      if (!plan.passes) await this.#wait(this.#settings.faultSeconds);
    } finally {
      stopListening();
      this.#tell('healing', 'Healing the cluster.');
      await healCluster(this.#supervisor, name, plan.cutsLinks, (node, faults) =>
        this.#controls.setFaults(node, faults),
      );
      if (plan.cutsLinks) this.#listeners.onLinks?.([]);
    }
    const healedMs = performance.now();
    return {
      title: plan.title,
      victims: plan.victims,
      steps,
      loadFromMs,
      wallOffsetMs,
      atMs: (steps[0]?.atMs ?? Date.now()) - wallOffsetMs,
      healedMs,
      leadersBefore,
    };
  }

  async #untilRecovered(workload: Workload, fault: FaultRecord): Promise<boolean> {
    this.#tell('recovering', 'Waiting until throughput is back.');
    const { partitions } = this.#cluster.record;
    const endMs = performance.now() + this.#settings.recoverySeconds * 1000;
    while (performance.now() < endMs) {
      await this.#wait(PROGRESS_MS / 1000);
      const answers = answersOf(workload.operations, (key) => workload.partitionOf(key));
      const before = ratePerSecond(answers, fault.loadFromMs, fault.atMs);
      const range = { fromMs: fault.healedMs, untilMs: performance.now() };
      if (this.#isWhole() && recoveredAt(answers, range, partitions, before) !== null) return true;
    }
    return false;
  }

  async #untilEveryPartitionAnswers(workload: Workload): Promise<void> {
    const { name, partitions } = this.#cluster.record;
    const endMs = performance.now() + READY_WAIT_MS;
    for (;;) {
      const answers = answersOf(workload.operations, (key) => workload.partitionOf(key));
      if (new Set(answers.map((one) => one.partition)).size === partitions) return;
      if (performance.now() > endMs) {
        const [error] = workload.errors.values();
        throw new DrillError(
          'notServing',
          `Not every partition of ${name} answered before the fault${error === undefined ? '' : `: ${error.example}`}`,
          'Nothing was done to it. Bring it to rest and try again.',
        );
      }
      await this.#wait(POLL_MS / 1000);
    }
  }

  async #restart(node: number): Promise<void> {
    const { name } = this.#cluster.record;
    const startedMs = Date.now();
    await this.#supervisor.restartNode(name, node);
    const isBack = () =>
      this.#watch.freshStatuses().some((status) => status.nodeId === node && status.startedAtMs >= startedMs);
    await this.#until(() => isBack() && this.#isWhole(), RESTART_WAIT_MS, `after n${node} was restarted`);
  }

  async #untilWhole(forMs: number, when: string): Promise<void> {
    await this.#until(() => this.#isWhole(), forMs, when);
  }

  async #until(condition: () => boolean, forMs: number, when: string): Promise<void> {
    const endMs = performance.now() + forMs;
    while (!condition()) {
      if (performance.now() > endMs) {
        const { name } = this.#cluster.record;
        throw new DrillError(
          'notServing',
          `Not every node of ${name} answered and not every partition had a leader ${when}.`,
          `See what is missing with: prkdb status ${name}`,
        );
      }
      await this.#wait(POLL_MS / 1000);
    }
  }

  /** Every node answers and every partition is led. */
  #isWhole(): boolean {
    const { members, partitions } = this.#cluster.record;
    return this.#watch.freshStatuses().length === members.length && this.#watch.leaders().size === partitions;
  }

  #look(): Situation {
    const nodes = this.#cluster.record.members.map((member) => member.id);
    return { nodes, leaders: this.#watch.leaders(), voters: this.#watch.voters() };
  }

  /** Tells progress meanwhile; rejects when the drill was cancelled. */
  async #wait(seconds: number): Promise<void> {
    const endMs = performance.now() + seconds * 1000;
    for (;;) {
      refuseWhenCancelled(this.#signal);
      this.#workload?.check();
      if (this.#told !== null && performance.now() - this.#told.atMs >= PROGRESS_MS) {
        this.#tell(this.#told.phase, this.#told.text);
      }
      const leftMs = endMs - performance.now();
      if (leftMs <= 0) return;
      await sleep(Math.min(leftMs, PROGRESS_MS), undefined, { signal: this.#signal }).catch(() => undefined);
    }
  }

  #tell(phase: DrillPhase, text: string): void {
    this.#told = { phase, text, atMs: performance.now() };
    this.#listeners.onProgress?.({
      phase,
      text,
      elapsedMs: Date.now() - this.#startedAtMs,
      operations: this.#workload?.operations.length ?? 0,
      failed: [...(this.#workload?.errors.values() ?? [])].reduce((sum, error) => sum + error.count, 0),
    });
  }
}

/** `20260102-030405-0a1b`, in UTC: sorts by time, and is a file name. */
function drillId(now: Date): string {
  const digits = now.toISOString().replaceAll(/\D/g, '');
  return `${digits.slice(0, 8)}-${digits.slice(8, 14)}-${randomBytes(2).toString('hex')}`;
}
