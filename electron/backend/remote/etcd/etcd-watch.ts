import {
  EtcdClient,
  EtcdError,
  listAlarms,
  listMembers,
  type EtcdAlarm,
  type EtcdMember,
  type EtcdStatus,
} from '../../../../engine/etcd/index.ts';
import { toApiError } from '../../api-error.ts';
import type { Connection } from '../connection.ts';
import type { Problem } from '../problem.ts';

const TICK_MS = 100;
const STATUS_EVERY_MS = 400;
const STATUS_TIMEOUT_MS = 2_000;
const SLOW_EVERY_MS = 5_000;
const MAX_BACKOFF_MS = 5_000;
const TOLD_BY_STATUS: ReadonlySet<string> = new Set([
  'noLeader',
  'unavailable',
  'deadline',
  'unknownOutcome',
  'closed',
]);

export interface EtcdWatchListener {
  members(members: readonly EtcdMember[], addresses: ReadonlyMap<string, readonly string[]>): void;
  /** `tookMs`: how long the answer took. */
  status(address: string, status: EtcdStatus, tookMs: number): void;
  failure(address: string, problem: Problem): void;
  /** No client can be made: the profile or its files are the reason. */
  trouble(problem: Problem): void;
  /** Members answer and do not say who they are, as to a user they do not know. Null: they do again. */
  refused(problem: Problem | null): void;
  alarms(alarms: readonly EtcdAlarm[]): void;
  /** Every slow round, for what else is asked now and then. */
  slow(): void;
  /** Each tick, after whatever came. */
  tick(): void;
}

interface Asked {
  dueMs: number;
  backoffMs: number;
  busy: boolean;
  answered: boolean;
}

/**
 * Asks every member for its status, again and again, each on its own so that one that hangs
 * delays nobody; members and alarms now and then. Failing addresses are asked less often.
 */
export class EtcdWatch {
  readonly #connect: () => Promise<Connection>;
  readonly #listener: EtcdWatchListener;
  readonly #clusterId: string | null;
  readonly #memberUrls: readonly string[];
  readonly #onError: (error: unknown) => void;
  readonly #asked = new Map<string, Asked>();
  readonly #timer: NodeJS.Timeout;
  #client: EtcdClient | null = null;
  #connecting = false;
  #connectDueMs = 0;
  #connectBackoffMs = STATUS_EVERY_MS;
  #slowDueMs = 0;
  #slowBusy = false;
  #closed = false;

  constructor(options: {
    readonly connect: () => Promise<Connection>;
    /** Null: the first that answers decides. */
    readonly clusterId: string | null;
    /** Where members were when they were last heard. */
    readonly memberUrls: readonly string[];
    readonly listener: EtcdWatchListener;
    /** Failures that nobody asked about, for the log. */
    readonly onError: (error: unknown) => void;
  }) {
    this.#onError = options.onError;
    this.#connect = options.connect;
    this.#clusterId = options.clusterId;
    this.#memberUrls = options.memberUrls;
    this.#listener = options.listener;
    this.#timer = setInterval(() => this.#tick(), TICK_MS);
  }

  /** Null while none can be made. */
  get client(): EtcdClient | null {
    return this.#client;
  }

  /** Whether every address has answered or failed at least once. */
  get hasAsked(): boolean {
    const { addresses } = this;
    return addresses.length > 0 && addresses.every((address) => this.#asked.get(address)?.answered === true);
  }

  /** Begins anew at once, with certificates and secret read again. */
  reconnect(): void {
    this.#client?.close();
    this.#client = null;
    this.#asked.clear();
    this.#connectDueMs = 0;
    this.#connectBackoffMs = STATUS_EVERY_MS;
    this.#slowDueMs = 0;
    this.#tick();
  }

  /** Those that are asked. */
  get addresses(): string[] {
    return this.#client?.addresses ?? [];
  }

  /** Members changed: looks at once. */
  hurry(): void {
    this.#slowDueMs = 0;
  }

  close(): void {
    this.#closed = true;
    clearInterval(this.#timer);
    this.#client?.close();
    this.#client = null;
  }

  #tick(): void {
    const nowMs = performance.now();
    const client = this.#client;
    if (client === null) {
      if (!this.#connecting && nowMs >= this.#connectDueMs) void this.#open();
    } else {
      for (const address of client.addresses) this.#askIfDue(client, address, nowMs);
      if (!this.#slowBusy && nowMs >= this.#slowDueMs && client.clusterId !== null) void this.#askSlowly(client);
    }
    this.#listener.tick();
  }

  async #open(): Promise<void> {
    this.#connecting = true;
    try {
      const { endpoints, tls, user } = await this.#connect();
      const client = new EtcdClient({ endpoints, tls, user, clusterId: this.#clusterId });
      client.remember(this.#memberUrls);
      if (this.#closed) client.close();
      else this.#client = client;
    } catch (error) {
      const { message, hint } = toApiError(error);
      this.#listener.trouble({ message, hint });
      this.#connectDueMs = performance.now() + this.#connectBackoffMs;
      this.#connectBackoffMs = Math.min(MAX_BACKOFF_MS, this.#connectBackoffMs * 2);
    } finally {
      this.#connecting = false;
    }
  }

  #askIfDue(client: EtcdClient, address: string, nowMs: number): void {
    let asked = this.#asked.get(address);
    if (asked === undefined) {
      asked = { dueMs: 0, backoffMs: STATUS_EVERY_MS, busy: false, answered: false };
      this.#asked.set(address, asked);
    }
    if (asked.busy || nowMs < asked.dueMs) return;
    asked.busy = true;
    void this.#ask(client, address, asked);
  }

  async #ask(client: EtcdClient, address: string, asked: Asked): Promise<void> {
    const askedMs = performance.now();
    try {
      const status = await client.status(address, STATUS_TIMEOUT_MS);
      if (this.#client !== client) return;
      asked.backoffMs = STATUS_EVERY_MS;
      asked.answered = true;
      this.#listener.status(address, status, performance.now() - askedMs);
    } catch (error) {
      // It may have left the cluster meanwhile.
      if (this.#client !== client || !client.addresses.includes(address)) return;
      asked.backoffMs = Math.min(MAX_BACKOFF_MS, asked.backoffMs * 1.5);
      asked.answered = true;
      this.#listener.failure(address, problemOf(error));
    } finally {
      asked.busy = false;
      asked.dueMs = performance.now() + asked.backoffMs;
    }
  }

  async #askSlowly(client: EtcdClient): Promise<void> {
    this.#slowBusy = true;
    this.#slowDueMs = performance.now() + SLOW_EVERY_MS;
    try {
      const members = await listMembers(client);
      if (this.#client !== client) return;
      this.#listener.refused(null);
      this.#listener.members(members, client.learn(members));
      for (const address of this.#asked.keys()) if (!client.addresses.includes(address)) this.#asked.delete(address);
      this.#listener.slow();
      // A user that may not read alarms may still watch the rest.
      const alarms = await listAlarms(client).catch(() => null);
      if (this.#client === client && alarms !== null) this.#listener.alarms(alarms);
    } catch (error) {
      if (!(error instanceof EtcdError)) this.#onError(error);
      const isTold = error instanceof EtcdError && TOLD_BY_STATUS.has(error.code);
      // Without a leader there is no linearizable list, and without an answer none at all: the statuses tell
      // that. A refused sign-in is repeated seldom: each costs the member its processor, and may lock the user out.
      if (isTold) this.#slowDueMs = performance.now() + STATUS_EVERY_MS;
      else if (this.#client === client) this.#listener.refused(problemOf(error));
    } finally {
      this.#slowBusy = false;
    }
  }
}

function problemOf(error: unknown): Problem {
  if (error instanceof EtcdError) return { message: error.message, hint: error.hint };
  return { message: error instanceof Error ? error.message : String(error), hint: null };
}
