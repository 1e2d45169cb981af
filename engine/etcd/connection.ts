import * as grpc from '@grpc/grpc-js';
import type { Credentials } from '../client/credentials.ts';
import { channelOptions, methodOf, unary } from '../client/rpc.ts';
import { serviceClient } from '../rpc/protos.ts';
import { EtcdError, toEtcdError, wasNotSent } from './errors.ts';

export interface EtcdUser {
  readonly name: string;
  readonly password: string;
}

export type EtcdService = 'KV' | 'Watch' | 'Lease' | 'Cluster' | 'Maintenance' | 'Auth';

export interface CallOptions {
  readonly timeoutMs: number;
  /** The call may change something, so it is not repeated once it was sent. */
  readonly writes?: boolean;
  /** Asked without signing in, unless etcd wants that: nobody gets the password before it is known who it is. */
  readonly anonymous?: boolean;
  readonly signal?: AbortSignal | undefined;
}

/** Thrown where nothing was sent, so that another member may be asked, also for a write. */
export class NotSentError extends EtcdError {}

/**
 * The connection to one member. Signs in before the first call that needs it, and anew
 * when etcd forgot the sign-in. Calls reject with EtcdError.
 */
export class EtcdConnection {
  readonly address: string;
  readonly #client: grpc.Client;
  readonly #user: EtcdUser | null;
  #token: Promise<string> | null = null;
  #tokenText = '';
  #closed = false;

  constructor(address: string, credentials: Credentials, user: EtcdUser | null) {
    this.address = address;
    this.#user = user;
    const dialing = credentials.dial(address);
    const addToken: grpc.Interceptor = (options, next) =>
      new grpc.InterceptingCall(next(options), {
        start: (metadata, listener, start) => {
          if (this.#tokenText !== '') metadata.set('token', this.#tokenText);
          start(metadata, listener);
        },
      });
    this.#client = new grpc.Client(address, dialing.credentials, {
      ...channelOptions,
      // A snapshot comes in pieces of 32 KB, a page of keys as one message.
      ...dialing.options,
      interceptors: [addToken],
    });
  }

  async call<Response>(
    service: EtcdService,
    name: string,
    request: object,
    { timeoutMs, writes = false, anonymous = false, signal }: CallOptions,
  ): Promise<Response> {
    const untilMs = performance.now() + timeoutMs;
    for (let attempt = 0; ; attempt++) {
      if (this.#closed) throw new EtcdError('closed', 'The connection was closed.', 'Try again.');
      try {
        if (!anonymous || attempt > 0) await this.#signIn(untilMs);
        const left = Math.max(1, untilMs - performance.now());
        return await unary<Response>(this.#client, this.#method(service, name), request, { timeoutMs: left, signal });
      } catch (error) {
        if (signal?.aborted === true) throw error;
        const mapped = toEtcdError(error, this.address, writes);
        // etcd refuses a token it does not know before it does anything.
        if (mapped.code === 'unauthenticated' && this.#user !== null && attempt === 0 && !isWrongPassword(error)) {
          this.#forgetToken();
          continue;
        }
        if (!(error instanceof EtcdError) && wasNotSent(error)) {
          throw new NotSentError(mapped.code, mapped.message, mapped.hint);
        }
        throw mapped;
      }
    }
  }

  /** A stream of answers to one request. The signal ends it. */
  async serverStream<Response>(
    service: EtcdService,
    name: string,
    request: object,
    timeoutMs: number,
  ): Promise<grpc.ClientReadableStream<Response>> {
    await this.#signIn(performance.now() + timeoutMs);
    const method = this.#method(service, name);
    return this.#client.makeServerStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize as unknown as (bytes: Buffer) => Response,
      request,
      new grpc.Metadata(),
    );
  }

  /** Both directions, as Watch is. */
  async bidiStream<Response>(
    service: EtcdService,
    name: string,
    timeoutMs: number,
  ): Promise<grpc.ClientDuplexStream<object, Response>> {
    await this.#signIn(performance.now() + timeoutMs);
    const method = this.#method(service, name);
    return this.#client.makeBidiStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize as unknown as (bytes: Buffer) => Response,
      new grpc.Metadata(),
    );
  }

  close(): void {
    this.#closed = true;
    this.#client.close();
  }

  #method(service: EtcdService, name: string): grpc.MethodDefinition<object, object> {
    return methodOf(serviceClient('etcd', `etcdserverpb.${service}`), name);
  }

  async #signIn(untilMs: number): Promise<void> {
    const user = this.#user;
    if (user === null) return;
    const left = Math.max(1, untilMs - performance.now());
    this.#token ??= unary<{ token: string }>(this.#client, this.#method('Auth', 'Authenticate'), user, {
      timeoutMs: left,
    }).then(
      ({ token }) => (this.#tokenText = token),
      (error: unknown) => {
        this.#forgetToken();
        throw error;
      },
    );
    await this.#token;
  }

  #forgetToken(): void {
    this.#token = null;
    this.#tokenText = '';
  }
}

function isWrongPassword(error: unknown): boolean {
  return /authentication failed|not enabled/.test((error as Partial<grpc.ServiceError>).details ?? '');
}
