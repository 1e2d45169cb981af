import { randomBytes } from 'node:crypto';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterClient } from '../client/cluster-client.ts';
import { nodeConfigSchema, type Member } from '../config/node-config.ts';
import { saysRemoved } from '../config/removed.ts';
import { adminTokenFile, connectionOf } from './access.ts';
import { endpointOf, nodeTlsOf } from './certificates.ts';
import { SupervisorError } from './errors.ts';
import { writeJson } from './files.ts';
import { foundersOf, isFounder } from './members.ts';
import { nodeDir, nodeLogFile } from './home.ts';
import { beginLog, lastWords } from './node-log.ts';
import { processState, signalOurs, type ProcessState } from './process-identity.ts';
import { withAction, type Records, type RunAction, type RunState } from './records.ts';
import type { Actor, ClusterRecord, NodeExit, NodeLauncher } from './types.ts';

const STOP_RPC_TIMEOUT_MS = 700;
/** A node that has not stopped in order by then is killed. */
const STOP_GRACE_MS = 5000;
const KILL_WAIT_MS = 5000;
const POLL_MS = 15;

type ExitCode = Pick<NodeExit, 'code' | 'signal'>;

/**
 * Starts, signals and ends single node processes and keeps their run files. Every method
 * is called under the cluster's lock.
 */
export class NodeControl {
  readonly #records: Records;
  readonly #launcher: NodeLauncher;
  readonly #actor: Actor;
  /** How the processes that this one launched ended, by token. */
  readonly #exits = new Map<string, ExitCode>();
  readonly #onOwnExit: (cluster: string, nodeId: number, token: string) => void;

  constructor(
    records: Records,
    launcher: NodeLauncher,
    actor: Actor,
    onOwnExit: (cluster: string, nodeId: number, token: string) => void,
  ) {
    this.#records = records;
    this.#launcher = launcher;
    this.#actor = actor;
    this.#onOwnExit = onOwnExit;
  }

  state(run: RunState | null): Promise<ProcessState> {
    return run === null ? Promise.resolve('gone') : processState(run.pid, run.token);
  }

  /** `replaces`: the member whose place a new one takes. */
  async launch(record: ClusterRecord, member: Member, leash: string | null, replaces?: number): Promise<void> {
    const dir = nodeDir(record.dataDir, member.id);
    await mkdir(dir, { recursive: true, mode: 0o700 });
    const configFile = path.join(dir, 'node.json');
    const config = nodeConfigSchema.parse({
      clusterId: record.clusterId,
      clusterName: record.name,
      nodeId: member.id,
      dataDir: dir,
      ...membership(record, member, replaces),
      timing: record.timing,
      faultsEnabled: true,
      tls: nodeTlsOf(record, member.id),
      access: { adminTokenFile: adminTokenFile(record) },
    });
    await writeJson(configFile, config);
    const logFile = nodeLogFile(record.dataDir, member.id);
    const logOffset = await beginLog(logFile);
    const before = await this.#records.run(record.name, member.id);
    const token = randomBytes(16).toString('hex');
    const startedAtMs = Date.now();
    const launched = await this.#launcher.launch({ configFile, token, leash, logFile });
    void launched.exited.then((exit) => {
      this.#exits.set(token, exit);
      return this.#onOwnExit(record.name, member.id, token);
    });
    await this.#records.writeRun(record.name, {
      nodeId: member.id,
      pid: launched.pid,
      token,
      leash,
      startedAtMs,
      pausedAtMs: null,
      logOffset,
      actions: withAction(before?.actions ?? [], this.#action('started', startedAtMs)),
      exit: null,
    });
  }

  /** SIGKILL. */
  async kill(record: ClusterRecord, nodeId: number): Promise<void> {
    const run = await this.#running(record, nodeId);
    const marked = await this.#mark(record.name, run, 'killed');
    await signalOurs(run.pid, run.token, 'SIGKILL');
    await this.#waitGone(run, KILL_WAIT_MS);
    await this.#ended(record, marked, { code: null, signal: 'SIGKILL' });
  }

  async pause(record: ClusterRecord, nodeId: number): Promise<void> {
    this.#refuseOnWindows();
    const run = await this.#running(record, nodeId);
    if ((await this.state(run)) === 'paused') return;
    await signalOurs(run.pid, run.token, 'SIGSTOP');
    await this.#waitFor(run, 'paused');
    await this.#mark(record.name, run, 'paused', { pausedAtMs: Date.now() });
  }

  async resume(record: ClusterRecord, nodeId: number): Promise<void> {
    this.#refuseOnWindows();
    const run = await this.#running(record, nodeId);
    if ((await this.state(run)) === 'running') return;
    await signalOurs(run.pid, run.token, 'SIGCONT');
    await this.#waitFor(run, 'running');
    await this.#mark(record.name, run, 'resumed', { pausedAtMs: null });
  }

  /**
   * In order, then by force. Does nothing for a node that does not run, but records that it
   * should not. `withCluster`: all nodes are stopped, so that none hands over what it leads.
   */
  async stop(record: ClusterRecord, member: Member, withCluster: boolean): Promise<void> {
    const run = await this.#records.run(record.name, member.id);
    if (run === null) return;
    const state = await this.state(run);
    if (state === 'gone') {
      if (run.actions.at(-1)?.kind !== 'stopped') await this.#mark(record.name, run, 'stopped');
      return;
    }
    const marked = await this.#mark(record.name, run, 'stopped', { pausedAtMs: null });
    if (state === 'paused') await signalOurs(run.pid, run.token, 'SIGCONT');
    await askToStop(record, member, run, withCluster);
    if (!(await this.#waitGone(run, STOP_GRACE_MS, false))) {
      await signalOurs(run.pid, run.token, 'SIGKILL');
      await this.#waitGone(run, KILL_WAIT_MS);
    }
    await this.#ended(record, marked, { code: null, signal: null });
  }

  /** Lets a frozen node notice that its owner is gone, and waits until it has stopped. */
  async releaseOrphan(record: ClusterRecord, member: Member): Promise<void> {
    const run = await this.#records.run(record.name, member.id);
    if (run === null) return;
    const state = await this.state(run);
    if (state === 'gone') return;
    if (state === 'paused') await signalOurs(run.pid, run.token, 'SIGCONT');
    if (!(await this.#waitGone(run, STOP_GRACE_MS, false))) await this.stop(record, member, true);
    else await this.noteEnd(record, member.id, run.token, true);
  }

  /** Records the end of a process that nobody here ended, once. */
  async noteEnd(record: ClusterRecord, nodeId: number, token: string, ownerGone: boolean): Promise<void> {
    const run = await this.#records.run(record.name, nodeId);
    if (run === null || run.token !== token || (await this.state(run)) !== 'gone') return;
    const exit = this.#exits.get(token);
    if (run.exit !== null) {
      const isUnknown = run.exit.code === null && run.exit.signal === null;
      if (!isUnknown || exit === undefined) return;
      await this.#records.writeRun(record.name, { ...run, exit: { ...run.exit, ...exit } });
      return;
    }
    const last = run.actions.at(-1);
    const wasAsked = last?.kind === 'stopped' || last?.kind === 'killed';
    if (wasAsked) {
      await this.#ended(record, run, exit ?? { code: null, signal: null });
      return;
    }
    const words = await lastWords(nodeLogFile(record.dataDir, nodeId), run.logOffset);
    const wasRemoved = saysRemoved(words, nodeId);
    const detail = ownerGone && !wasRemoved ? 'the process that owned it is gone' : words;
    const ended = {
      code: exit?.code ?? null,
      signal: exit?.signal ?? null,
      atMs: Date.now(),
      by: 'none' as const,
      detail,
    };
    await this.#records.writeRun(record.name, {
      ...run,
      pausedAtMs: null,
      exit: ended,
      actions: withAction(run.actions, {
        kind: ownerGone ? 'stopped' : 'crashed',
        by: 'none',
        atMs: ended.atMs,
        detail: detail === '' ? describeExit(ended) : detail,
      }),
    });
  }

  #action(kind: RunAction['kind'], atMs = Date.now()): Omit<RunAction, 'sequence'> {
    return { kind, by: this.#actor, atMs, detail: '' };
  }

  /** Written before the signal, so that whoever sees the end knows who asked for it. */
  async #mark(
    cluster: string,
    run: RunState,
    kind: RunAction['kind'],
    change: Partial<RunState> = {},
  ): Promise<RunState> {
    const marked = { ...run, ...change, actions: withAction(run.actions, this.#action(kind)) };
    await this.#records.writeRun(cluster, marked);
    return marked;
  }

  async #ended(record: ClusterRecord, run: RunState, fallback: ExitCode): Promise<void> {
    const { code, signal } = this.#exits.get(run.token) ?? fallback;
    const by = run.actions.at(-1)?.by ?? 'none';
    const exit: NodeExit = { code, signal, atMs: Date.now(), by, detail: '' };
    await this.#records.writeRun(record.name, { ...run, pausedAtMs: null, exit });
  }

  async #running(record: ClusterRecord, nodeId: number): Promise<RunState> {
    const run = await this.#records.run(record.name, nodeId);
    if (run !== null && (await this.state(run)) !== 'gone') return run;
    throw new SupervisorError(
      'notRunning',
      `Node n${nodeId} of ${record.name} is not running.`,
      `Start it with: prkdb start ${record.name} n${nodeId}`,
    );
  }

  async #waitGone(run: RunState, forMs: number, orFail = true): Promise<boolean> {
    const endMs = Date.now() + forMs;
    while ((await this.state(run)) !== 'gone') {
      if (Date.now() > endMs) {
        if (!orFail) return false;
        throw new SupervisorError(
          'busy',
          `Process ${run.pid} (node n${run.nodeId}) does not end although it was killed.`,
          'It may be stuck in the system on its disk. Try again, or look at it with your system’s tools.',
        );
      }
      await sleep(POLL_MS);
    }
    return true;
  }

  async #waitFor(run: RunState, wanted: ProcessState): Promise<void> {
    const endMs = Date.now() + 2000;
    while (Date.now() < endMs) {
      const state = await this.state(run);
      if (state === wanted || state === 'gone') return;
      await sleep(POLL_MS);
    }
  }

  #refuseOnWindows(): void {
    if (process.platform !== 'win32') return;
    throw new SupervisorError(
      'unsupported',
      'A node cannot be paused on Windows.',
      'Kill and start it instead, or isolate it from its peers.',
    );
  }
}

/** Founding nodes are told what the cluster was founded with, others whom to join. */
function membership(record: ClusterRecord, member: Member, replaces: number | undefined): object {
  const { partitions, replicationFactor } = record;
  const others = record.members.filter((other) => other.id !== member.id).map((other) => endpointOf(record, other));
  if (isFounder(record, member.id)) {
    return { members: foundersOf(record), partitions, replicationFactor, seeds: others };
  }
  return {
    members: [member],
    join: others,
    ...(replaces === undefined ? {} : { replaces }),
  };
}

async function askToStop(record: ClusterRecord, member: Member, run: RunState, withCluster: boolean): Promise<void> {
  let client: ClusterClient | null = null;
  try {
    client = new ClusterClient(endpointOf(record, member), connectionOf(record));
    await client.stop(run.token, { timeoutMs: STOP_RPC_TIMEOUT_MS, withCluster });
  } catch {
    // Not serving yet, or hung, or its certificates are gone. Where SIGTERM is no orderly stop, the wait for it is all there is.
    if (process.platform !== 'win32') await signalOurs(run.pid, run.token, 'SIGTERM');
  } finally {
    client?.close();
  }
}

/** How a process ended, in words. */
export function describeExit(exit: ExitCode): string {
  if (exit.signal !== null) return `ended by ${exit.signal}`;
  return exit.code === null ? 'ended' : `exit code ${exit.code}`;
}
