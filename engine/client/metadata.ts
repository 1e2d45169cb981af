import type * as grpc from '@grpc/grpc-js';
import { plaintext, type Credentials } from '../net/credentials.ts';
import type { MetadataResponse } from '../rpc/kv.ts';
import { serviceClient } from '../rpc/protos.ts';
import { AccessError, ClosedError, ConnectionError, TlsError, type PrkDbError } from './errors.ts';
import { metadataProblem } from './routing.ts';
import { accessRefusalIn, channelOptions, methodOf, rpcReason, tlsProblemIn, unary } from './rpc.ts';

/** A node that has not answered by then is not waited for alone. */
const HEDGE_AFTER_MS = 250;

export interface HealthResponse {
  readonly healthy: boolean;
  readonly numPartitions: number;
  readonly leadersReady: number;
}

/** Unary calls to whichever node answers first: no node is waited for while another could answer. */
export class AnyNode {
  readonly #clients = new Map<string, grpc.Client>();
  readonly #service = serviceClient('prkdb', 'raft.PrkDbService');
  readonly #credentials: Credentials;
  /** The ways to end what is being asked. */
  readonly #asking = new Set<() => void>();
  #closed = false;

  constructor(credentials: Credentials = plaintext) {
    this.#credentials = credentials;
  }

  /** The first acceptable Metadata. Rejects with ConnectionError, which lists every address with its reason, TlsError or AccessError. */
  metadata(addresses: readonly string[], timeoutMs: number, clusterId: string): Promise<MetadataResponse> {
    return this.#first<MetadataResponse>(addresses, 'Metadata', timeoutMs, (m) => metadataProblem(m, clusterId));
  }

  /** Like metadata(), for Health. */
  health(addresses: readonly string[], timeoutMs: number): Promise<HealthResponse> {
    return this.#first<HealthResponse>(addresses, 'Health', timeoutMs, () => null);
  }

  /** Rejects what is being asked with ClosedError. */
  close(): void {
    this.#closed = true;
    for (const abandon of this.#asking) abandon();
    for (const client of this.#clients.values()) client.close();
    this.#clients.clear();
  }

  #client(address: string): grpc.Client {
    let client = this.#clients.get(address);
    if (client === undefined) {
      const { credentials, options } = this.#credentials.dial(address);
      client = new this.#service(address, credentials, { ...channelOptions, ...options });
      this.#clients.set(address, client);
    }
    return client;
  }

  #first<Response>(
    addresses: readonly string[],
    methodName: string,
    timeoutMs: number,
    problemOf: (response: Response) => string | null,
  ): Promise<Response> {
    const method = methodOf(this.#service, methodName);
    return new Promise((resolve, reject) => {
      const reasons = new Map<string, string>();
      /** Says more than that nobody answered. */
      let known: PrkDbError | null = null;
      const stop = new AbortController();
      const deadlineMs = Date.now() + timeoutMs;
      let next = 0;
      let hedge: NodeJS.Timeout | undefined;

      const settle = (finish: () => void) => {
        if (stop.signal.aborted) return;
        clearTimeout(hedge);
        this.#asking.delete(abandon);
        stop.abort();
        finish();
      };
      const abandon = () => settle(() => reject(new ClosedError()));
      const failed = (address: string, reason: string) => {
        if (stop.signal.aborted) return;
        reasons.set(address, reason);
        if (reasons.size === addresses.length) {
          const attempts = [...reasons].map(([endpoint, why]) => ({ endpoint, reason: why }));
          const error = known ?? new ConnectionError(attempts);
          settle(() => reject(error));
        } else ask();
      };
      const ask = () => {
        clearTimeout(hedge);
        const address = addresses[next++];
        if (address === undefined || stop.signal.aborted) return;
        if (next < addresses.length) hedge = setTimeout(ask, HEDGE_AFTER_MS);
        void attempt(address);
      };
      const attempt = async (address: string) => {
        const options = { timeoutMs: Math.max(1, deadlineMs - Date.now()), signal: stop.signal };
        try {
          const response = await unary<Response>(this.#client(address), method, {}, options);
          const problem = problemOf(response);
          if (problem === null) settle(() => resolve(response));
          else failed(address, problem);
        } catch (error) {
          const problem = tlsProblemIn(error);
          const refusal = accessRefusalIn(error);
          if (problem !== null) known ??= new TlsError(address, problem);
          else if (refusal !== null) known ??= new AccessError(refusal);
          failed(address, rpcReason(error));
        }
      };
      this.#asking.add(abandon);
      if (this.#closed) abandon();
      else if (addresses.length === 0) settle(() => reject(new ConnectionError([])));
      else ask();
    });
  }
}
