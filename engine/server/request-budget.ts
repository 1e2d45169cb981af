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
/** Until answers were seen, and then the largest of late, so that a few large ones are not asked for by the thousand. */
const FIRST_ESTIMATE_BYTES = 256 * 1024;
const ESTIMATE_DECAY = 7 / 8;

/** The bytes of all connections of one address. */
interface ClientShare {
  bytes: number;
  connections: number;
}

/** The requests of one connection, over all of its streams, that are not answered yet. */
export class RequestBudget {
  readonly #limits: RequestLimits;
  readonly #client: ClientShare;
  #requests = 0;
  #bytes = 0;
  #reads = 0;
  #answerBytes = 0;
  #estimateBytes = FIRST_ESTIMATE_BYTES;
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

  /** Whether one more read may begin: what it finds would have to be held until the caller takes it. */
  mayRead(): boolean {
    if (this.#reads === 0) return this.#answerBytes < ANSWER_WINDOW_BYTES;
    return this.#answerBytes + (this.#reads + 1) * this.#estimateBytes <= ANSWER_WINDOW_BYTES;
  }

  readBegins(): void {
    this.#reads++;
  }

  readEnds(answerBytes: number): void {
    this.#reads--;
    this.#estimateBytes = Math.max(answerBytes, this.#estimateBytes * ESTIMATE_DECAY);
  }

  /** An answer waits to be taken by the caller. */
  answerWaits(sizeBytes: number): void {
    this.#answerBytes += sizeBytes;
  }

  answerTaken(sizeBytes: number): void {
    this.#answerBytes -= sizeBytes;
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
      const client = this.#clients.get(addressOf(connection)) ?? { bytes: 0, connections: 0 };
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
    if (client.connections === 0 && client.bytes === 0) this.#clients.delete(addressOf(connection));
  }
}

function addressOf(connection: string): string {
  return connection.slice(0, connection.lastIndexOf(':'));
}
