import { readFileSync } from 'node:fs';
import { spawn, type ChildProcess } from 'node:child_process';

/** Something to be measured: a cluster of processes on loopback. */
export interface System {
  readonly name: 'prkdb' | 'etcd';
  readonly version: string;
  /** How it was configured, for the record. */
  readonly settings: Record<string, unknown>;
  /** Client addresses, host:port, by member. */
  readonly endpoints: readonly string[];
  /** Where each member tells its metrics. */
  readonly metricsUrls: readonly string[];
  readonly processes: readonly MemberProcess[];
  /** Index of a member that leads: for etcd the leader, for us the one that leads most partitions. */
  leader(): Promise<number>;
  stop(): Promise<void>;
}

const CLOCK_TICKS_PER_SECOND = 100;

/** One member as a process; only ever signalled through the handle we got when we started it. */
export class MemberProcess {
  readonly #command: string;
  readonly #args: readonly string[];
  readonly #environment: NodeJS.ProcessEnv;
  #child: ChildProcess | null = null;
  #output = '';

  constructor(command: string, args: readonly string[], environment: NodeJS.ProcessEnv = {}) {
    this.#command = command;
    this.#args = args;
    this.#environment = environment;
  }

  start(): void {
    const child = spawn(this.#command, this.#args, {
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...this.#environment },
    });
    const keep = (chunk: Buffer): void => {
      this.#output = (this.#output + chunk.toString()).slice(-4000);
    };
    child.stdout.on('data', keep);
    child.stderr.on('data', keep);
    this.#child = child;
  }

  get pid(): number {
    return this.#child?.pid ?? 0;
  }

  get alive(): boolean {
    return this.#child !== null && this.#child.exitCode === null && this.#child.signalCode === null;
  }

  /** The end of what it printed. */
  get output(): string {
    return this.#output;
  }

  async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.#child;
    if (child === null || !this.alive) return;
    const gone = new Promise<void>((resolve) => child.once('close', () => resolve()));
    child.kill(signal);
    const force = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await gone;
    clearTimeout(force);
  }

  /** CPU seconds used so far, by the kernel's account. */
  cpuSeconds(): number {
    if (!this.alive) return 0;
    const stat = readFileSync(`/proc/${this.pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return (Number(fields[11]) + Number(fields[12])) / CLOCK_TICKS_PER_SECOND;
  }

  /** Resident memory now. */
  memoryBytes(): number {
    if (!this.alive) return 0;
    const match = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${this.pid}/status`, 'utf8'));
    return Number(match?.[1] ?? 0) * 1024;
  }
}
