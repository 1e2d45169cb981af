import { credentialsFor, type Credentials, type TlsOptions } from '../client/credentials.ts';
import { parseEndpoint } from '../client/endpoint.ts';
import { EtcdConnection, NotSentError, type CallOptions, type EtcdService, type EtcdUser } from './connection.ts';
import { EtcdError, isTransient } from './errors.ts';
import type { StatusResponse } from './messages.ts';
import type { EtcdMember, EtcdStatus } from './types.ts';

export interface EtcdClientOptions {
  /** `http://host:port`, `https://host:port` or `host:port`; one that answers is enough. */
  readonly endpoints: readonly string[];
  readonly tls?: TlsOptions | undefined;
  readonly user?: EtcdUser | undefined;
  /** Answers of any other cluster are refused. Null: the first that answers decides. */
  readonly clusterId?: string | null;
}

export const DEFAULT_TIMEOUT_MS = 5_000;
const VERIFY_TIMEOUT_MS = 1_500;
/** An address that failed is asked last for so long. */
const PENALTY_MS = 3_000;

interface Endpoint {
  readonly connection: EtcdConnection;
  /** It said the right cluster id since its last failure. */
  verified: boolean;
  avoidUntilMs: number;
}

/**
 * A client of one etcd cluster: asks whichever member answers, the given addresses and those
 * learned from the members. Never asks a member of another cluster. Close it when done.
 */
export class EtcdClient {
  readonly #credentials: Credentials;
  readonly #user: EtcdUser | null;
  readonly #endpoints = new Map<string, Endpoint>();
  /** As the caller named them; others come and go with the members. */
  readonly #given: ReadonlySet<string>;
  #clusterId: string | null;
  #closed = false;

  /** Throws InvalidArgumentError for what is no endpoint or certificate. */
  constructor(options: EtcdClientOptions) {
    this.#credentials = credentialsFor(options.endpoints, { tls: options.tls });
    this.#user = options.user ?? null;
    this.#clusterId = options.clusterId ?? null;
    this.#given = new Set(options.endpoints.map((endpoint) => parseEndpoint(endpoint).address));
    for (const address of this.#given) this.#add(address);
  }

  /** Null until a member has answered. */
  get clusterId(): string | null {
    return this.#clusterId;
  }

  get addresses(): string[] {
    return [...this.#endpoints.keys()];
  }

  /**
   * Dials the members too where their client addresses are of the kind that was given; returns
   * the addresses of each, by member id. What is advertised without TLS is never dialed with a
   * profile that uses it, nor the other way round.
   */
  learn(members: readonly EtcdMember[]): Map<string, string[]> {
    const learned = new Map<string, string[]>();
    for (const member of members) {
      const addresses = member.clientUrls.flatMap((url) => this.#dialable(url));
      for (const address of addresses) this.#add(address);
      learned.set(member.id, addresses);
    }
    const wanted = new Set([...this.#given, ...[...learned.values()].flat()]);
    for (const [address, { connection }] of this.#endpoints) {
      if (wanted.has(address)) continue;
      connection.close();
      this.#endpoints.delete(address);
    }
    return learned;
  }

  /** Dials these too, until the members say where they are now. */
  remember(urls: readonly string[]): void {
    for (const address of urls.flatMap((url) => this.#dialable(url))) this.#add(address);
  }

  /** What the member at this address says of itself. Rejects with `otherCluster` where it is of another one. */
  async status(address: string, timeoutMs: number): Promise<EtcdStatus> {
    const endpoint = this.#endpoints.get(address);
    if (endpoint === undefined) throw new EtcdError('closed', `${address} is not an address of this cluster.`);
    try {
      const status = toStatus(
        await endpoint.connection.call<StatusResponse>('Maintenance', 'Status', {}, { timeoutMs, anonymous: true }),
        address,
      );
      this.#clusterId ??= status.clusterId;
      if (status.clusterId !== this.#clusterId) {
        throw new EtcdError(
          'otherCluster',
          `${address} belongs to another etcd cluster.`,
          'Remove this address from the profile, or make a profile of its own for that cluster.',
        );
      }
      endpoint.verified = true;
      endpoint.avoidUntilMs = 0;
      return status;
    } catch (error) {
      this.#avoid(endpoint);
      throw error;
    }
  }

  /**
   * Asks members one after another until one answers. A write goes to the next one only
   * while it is certain that nothing was sent.
   */
  async call<Response>(
    service: EtcdService,
    name: string,
    request: object,
    options: Partial<CallOptions> = {},
  ): Promise<Response> {
    const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const untilMs = performance.now() + timeoutMs;
    return this.#any(untilMs, options.writes === true, (connection, left) =>
      connection.call<Response>(service, name, request, { ...options, timeoutMs: left }),
    );
  }

  /** The same at one address, as defragmenting needs it. */
  async callAt<Response>(
    address: string,
    service: EtcdService,
    name: string,
    request: object,
    options: Partial<CallOptions> = {},
  ): Promise<Response> {
    const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const endpoint = this.#endpoints.get(address);
    if (endpoint === undefined) throw new EtcdError('closed', `${address} is not an address of this cluster.`);
    if (!endpoint.verified) await this.status(address, Math.min(timeoutMs, VERIFY_TIMEOUT_MS));
    return endpoint.connection.call<Response>(service, name, request, { ...options, timeoutMs });
  }

  /** A connection to a member that answers, for streams. */
  async connection(timeoutMs: number = DEFAULT_TIMEOUT_MS): Promise<EtcdConnection> {
    return this.#any(performance.now() + timeoutMs, false, (connection) => Promise.resolve(connection));
  }

  close(): void {
    this.#closed = true;
    for (const { connection } of this.#endpoints.values()) connection.close();
    this.#endpoints.clear();
  }

  async #any<T>(
    untilMs: number,
    writes: boolean,
    work: (connection: EtcdConnection, timeoutMs: number) => Promise<T>,
  ): Promise<T> {
    if (this.#closed) throw new EtcdError('closed', 'The connection to the cluster was closed.', 'Try again.');
    const failures: EtcdError[] = [];
    const order = this.#inOrder();
    for (const [i, endpoint] of order.entries()) {
      const left = untilMs - performance.now();
      if (left <= 0) break;
      const { address } = endpoint.connection;
      try {
        if (!endpoint.verified) await this.status(address, Math.min(left, VERIFY_TIMEOUT_MS));
        // Reads may ask the next one when this one hangs; a write that was sent must be waited for.
        const share = writes || i === order.length - 1 ? left : Math.max(1_000, left / 2);
        return await work(endpoint.connection, Math.min(left, share));
      } catch (error) {
        if (!(error instanceof EtcdError)) throw error;
        const another = error instanceof NotSentError || error.code === 'otherCluster' || !endpoint.verified;
        if (!another && (writes || !isTransient(error))) throw error;
        this.#avoid(endpoint);
        failures.push(error);
      }
    }
    throw summaryOf(failures);
  }

  #inOrder(): Endpoint[] {
    const nowMs = performance.now();
    const rank = (endpoint: Endpoint): number => (endpoint.avoidUntilMs > nowMs ? 2 : endpoint.verified ? 0 : 1);
    return [...this.#endpoints.values()].sort((a, b) => rank(a) - rank(b));
  }

  #avoid(endpoint: Endpoint): void {
    endpoint.verified = false;
    endpoint.avoidUntilMs = performance.now() + PENALTY_MS;
  }

  #add(address: string): void {
    if (this.#endpoints.has(address) || this.#closed) return;
    const connection = new EtcdConnection(address, this.#credentials, this.#user);
    this.#endpoints.set(address, { connection, verified: false, avoidUntilMs: 0 });
  }

  #dialable(url: string): string[] {
    try {
      const { address, scheme } = parseEndpoint(url);
      return (scheme === 'https') === this.#credentials.secure ? [address] : [];
    } catch {
      return [];
    }
  }
}

/** One failure for all that were asked: the one that says most. */
function summaryOf(failures: readonly EtcdError[]): EtcdError {
  const [first] = failures;
  if (first === undefined) {
    return new EtcdError('deadline', 'The cluster did not answer in time.', 'Check that a member runs.');
  }
  const telling = failures.find(({ code }) => code !== 'unavailable' && code !== 'deadline') ?? first;
  if (failures.length === 1 || telling.code !== first.code) return telling;
  return new EtcdError(first.code, failures.map((failure) => failure.message).join(' '), first.hint);
}

function toStatus(response: StatusResponse, address: string): EtcdStatus {
  const { header } = response;
  if (header === null) {
    throw new EtcdError('notEtcd', `What answers at ${address} is not an etcd v3 member.`, 'Check the address.');
  }
  return {
    clusterId: header.clusterId,
    memberId: header.memberId,
    version: response.version,
    leaderId: response.leader,
    term: Number(response.raftTerm),
    raftIndex: Number(response.raftIndex),
    appliedIndex: Number(response.raftAppliedIndex),
    revision: Number(header.revision),
    dbSizeBytes: Number(response.dbSize),
    dbInUseBytes: Number(response.dbSizeInUse),
    isLearner: response.isLearner,
    errors: response.errors,
  };
}
