/** What the requests of one client may take of a node at a time. */
export interface RequestLimits {
  readonly requestsPerConnection: number;
  /** Over all connections of an address. */
  readonly requestBytesPerClient: number;
}

/**
 * A node passes on the requests of all of its own callers over one connection, and has
 * held each of them to its limit before.
 */
const FORWARDED_FACTOR = 8;
/** However much its neighbours at the same address send, a connection may have this in flight. */
const RESERVED_BYTES = 256 * 1024;
/** Answers that a connection may have under way to it. */
const ANSWER_WINDOW_BYTES = 8 * 1024 * 1024;
/** The same for all connections of an address; one that has none may always have the next. */
const CLIENT_ANSWER_BYTES = 128 * 1024 * 1024;
/** Answers that come without being asked for one by one, by the most that they can be. */
const RESERVED_ANSWER_BYTES = 64 * 1024 * 1024;

/** The bytes of all connections of one address. */
interface ClientShare {
  bytes: number;
  answerBytes: number;
  connections: number;
}

/** The requests of one connection, over all of its streams, that are not answered yet. */
export class RequestBudget {
  readonly #limits: RequestLimits;
  readonly #client: ClientShare;
  #requests = 0;
  #bytes = 0;
  #answerBytes = 0;
  #reservedBytes = 0;
  #waiting: (() => void)[] = [];
  #isScheduled = false;
  /** Streams that share it. */
  holders = 0;

  constructor(limits: RequestLimits, client: ClientShare) {
    this.#limits = limits;
    this.#client = client;
  }

  /** Takes a place for a request, or says why there is none. */
  take(sizeBytes: number, forwarded: boolean): string | null {
    const factor = forwarded ? FORWARDED_FACTOR : 1;
    const { requestsPerConnection, requestBytesPerClient } = this.#limits;
    if (this.#requests >= requestsPerConnection * factor) {
      return `${this.#requests} requests are in flight on this connection, which is the limit; wait for answers first.`;
    }
    const isReserved = this.#requests === 0 || this.#bytes + sizeBytes <= RESERVED_BYTES;
    if (!isReserved && this.#client.bytes + sizeBytes > requestBytesPerClient * factor) {
      return `${this.#client.bytes} bytes of requests are in flight from this address, which is about the limit; wait for answers first.`;
    }
    this.#requests++;
    this.#bytes += sizeBytes;
    this.#client.bytes += sizeBytes;
    return null;
  }

  give(sizeBytes: number): void {
    this.#requests--;
    this.#bytes -= sizeBytes;
    this.#client.bytes -= sizeBytes;
  }

  /** Whether one more answer may be looked up: it would have to be held until the caller takes it. */
  get hasRoom(): boolean {
    if (this.#answerBytes === 0) return true;
    return this.#answerBytes < ANSWER_WINDOW_BYTES && this.#client.answerBytes < CLIENT_ANSWER_BYTES;
  }

  /** Calls back once, later, when answers were taken. To be called where there was no room, or nothing to reserve. */
  whenRoom(retry: () => void): void {
    this.#waiting.push(retry);
  }

  /** An answer waits to be taken by the caller. */
  answerWaits(sizeBytes: number): void {
    this.#answerBytes += sizeBytes;
    this.#client.answerBytes += sizeBytes;
  }

  answerTaken(sizeBytes: number): void {
    this.#answerBytes -= sizeBytes;
    this.#client.answerBytes -= sizeBytes;
    this.#wake();
  }

  /** Makes room for an answer from elsewhere that may be so large; false where there is none. */
  reserve(sizeBytes: number): boolean {
    if (!this.hasRoom || (this.#reservedBytes > 0 && this.#reservedBytes + sizeBytes > RESERVED_ANSWER_BYTES)) {
      return false;
    }
    this.#reservedBytes += sizeBytes;
    return true;
  }

  release(sizeBytes: number): void {
    this.#reservedBytes -= sizeBytes;
    this.#wake();
  }

  #wake(): void {
    if (this.#isScheduled || this.#waiting.length === 0 || !this.hasRoom) return;
    this.#isScheduled = true;
    setImmediate(() => this.#goOn());
  }

  /** Whoever still finds no room waits anew, behind those that were not asked. */
  #goOn(): void {
    this.#isScheduled = false;
    const waiting = this.#waiting;
    this.#waiting = [];
    let at = 0;
    for (; at < waiting.length && this.hasRoom; at++) waiting[at]!();
    this.#waiting = waiting.slice(at).concat(this.#waiting);
  }
}

/** One budget for each connection that has streams open. */
export class RequestBudgets {
  readonly #limits: RequestLimits;
  readonly #budgets = new Map<string, RequestBudget>();
  readonly #clients = new Map<string, ClientShare>();

  constructor(limits: RequestLimits) {
    this.#limits = limits;
  }

  /** The budget of a connection (`address:port`), until it was closed as often as it was opened. */
  open(connection: string): RequestBudget {
    let budget = this.#budgets.get(connection);
    if (budget === undefined) {
      const client = this.#clients.get(addressOf(connection)) ?? { bytes: 0, answerBytes: 0, connections: 0 };
      this.#clients.set(addressOf(connection), client);
      client.connections++;
      budget = new RequestBudget(this.#limits, client);
      this.#budgets.set(connection, budget);
    }
    budget.holders++;
    return budget;
  }

  close(connection: string): void {
    const budget = this.#budgets.get(connection);
    if (budget === undefined) return;
    budget.holders--;
    if (budget.holders > 0) return;
    this.#budgets.delete(connection);
    const client = this.#clients.get(addressOf(connection));
    if (client === undefined) return;
    client.connections--;
    // What its requests took is still to be given back, to the share that they hold.
    if (client.connections === 0 && client.bytes === 0 && client.answerBytes === 0)
      this.#clients.delete(addressOf(connection));
  }
}

function addressOf(connection: string): string {
  return connection.slice(0, connection.lastIndexOf(':'));
}
