import { appendFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { ClusterClient } from '../../engine/client/cluster-client.ts';
import type { Credentials } from '../../engine/client/credentials.ts';
import type { Dialing } from '../../engine/net/credentials.ts';
import { EXPELLED_EXIT_CODE } from '../../engine/node/errors.ts';
import type { Faults, NodeStatus } from '../../engine/rpc/cluster.ts';
import type { NodeProcess } from '../support/node-cluster.ts';

const NO_FAULTS: Faults = { links: [], diskDelayMs: 0, logLimitBytes: 0, stateLimitBytes: 0 };
const RPC_TIMEOUT_MS = 1_000;
const RETRY_MS = 100;
const START_TIMEOUT_MS = 60_000;
const STOP_TIMEOUT_MS = 30_000;
const WATCH_MS = 50;

/** One node under torture: its process, and the faults that it shall suffer now. */
export class TortureNode {
  readonly process: NodeProcess;
  readonly logFile: string;
  /** One fault at a time may start, stop or freeze the process. */
  taken = false;
  /** It is on its way into the cluster or out of it: only whoever does that starts and stops it. */
  changing = false;
  /** It was asked to go, so its process may end with a sentence that says so. */
  leaving = false;
  /** We ended it, or it refused to start, as we know. */
  down = true;
  frozen = false;
  #client: ClusterClient | null = null;
  #wanted: Faults = NO_FAULTS;
  #version = 0;
  #pushing = false;

  readonly #credentials: Credentials;
  readonly #retired = new AbortController();

  constructor(process: NodeProcess, logFile: string, credentials: Credentials) {
    this.process = process;
    this.logFile = logFile;
    this.#credentials = credentials;
    process.onOutput = (text) => appendFileSync(logFile, text);
  }

  get id(): number {
    return this.process.config.nodeId;
  }

  /** For a channel to the port that it serves clients on. */
  dial(): Dialing {
    return this.#credentials.dial(this.process.address);
  }

  /** Given when the node is no member any more and its process has ended. */
  get retired(): AbortSignal {
    return this.#retired.signal;
  }

  /** Rejects with what the node said when it refuses to start. */
  async start(): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const error = new Error(`node ${this.id} neither served nor refused to within ${START_TIMEOUT_MS} ms`);
      timer = setTimeout(() => reject(error), START_TIMEOUT_MS);
    });
    try {
      await Promise.race([this.process.start(), late]);
    } catch (error) {
      await this.process.kill();
      throw error;
    } finally {
      clearTimeout(timer);
    }
    // A channel that could not connect while the node was down would go on failing for a while.
    this.close();
    this.down = false;
    this.#push();
  }

  async kill(): Promise<void> {
    this.down = true;
    this.frozen = false;
    await this.process.kill();
  }

  /** In order. Throws unless it ends with code 0. */
  async stop(): Promise<void> {
    this.down = true;
    const late = sleep(STOP_TIMEOUT_MS, 'late' as const, { ref: false });
    const code = await Promise.race([this.process.stop(), late]);
    if (code === 'late') {
      await this.process.kill();
      throw new Error(`node ${this.id} had not stopped ${STOP_TIMEOUT_MS} ms after SIGTERM`);
    }
    if (code !== 0) throw new Error(`node ${this.id} ended with code ${code} after SIGTERM: ${this.process.errors}`);
  }

  /** Resolves when its process has ended because it was removed; throws when it does not, or says something else. */
  async expelled(withinMs: number): Promise<void> {
    const endMs = performance.now() + withinMs;
    while (this.process.running) {
      if (performance.now() > endMs) {
        await this.kill();
        throw new Error(`node ${this.id} was removed, and its process goes on`);
      }
      await sleep(WATCH_MS);
    }
    const code = await this.process.stop();
    if (code !== EXPELLED_EXIT_CODE || !/was removed from the cluster/.test(this.process.errors)) {
      throw new Error(`node ${this.id} was removed, and ended with code ${code}: ${this.process.errors.trim()}`);
    }
    this.down = true;
  }

  /** No member any more, and never started again. */
  retire(): void {
    this.down = true;
    this.process.isGone = true;
    this.#retired.abort();
    this.close();
  }

  freeze(): void {
    this.frozen = true;
    this.process.signal('SIGSTOP');
  }

  thaw(): void {
    this.frozen = false;
    this.process.signal('SIGCONT');
  }

  status(timeoutMs = RPC_TIMEOUT_MS): Promise<NodeStatus> {
    return this.admin.status({ timeoutMs });
  }

  /** Makes the node suffer these, now or as soon as it can be told. */
  want(faults: Faults): void {
    if (JSON.stringify(faults) === JSON.stringify(this.#wanted)) return;
    this.#wanted = faults;
    this.#version++;
    this.#push();
  }

  /** Whether nothing is left to be told. */
  get settled(): boolean {
    return !this.#pushing;
  }

  /** Administration of this very node. */
  get admin(): ClusterClient {
    this.#client ??= new ClusterClient(this.process.address, { credentials: this.#credentials });
    return this.#client;
  }

  close(): void {
    this.#client?.close();
    this.#client = null;
  }

  #push(): void {
    if (this.#pushing || this.down) return;
    this.#pushing = true;
    void this.#pushAll();
  }

  /** Until the node has the latest, or is down: a fresh process has no faults and gets them when it serves. */
  async #pushAll(): Promise<void> {
    let told = -1;
    while (!this.down && told !== this.#version) {
      const version = this.#version;
      try {
        await this.admin.setFaults(this.#wanted, { timeoutMs: RPC_TIMEOUT_MS });
        told = version;
      } catch {
        // Frozen, or about to die: asked again until it is one or the other.
        await sleep(RETRY_MS);
      }
    }
    this.#pushing = false;
    if (told !== this.#version) this.#push();
  }
}
