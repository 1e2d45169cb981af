import * as grpc from '@grpc/grpc-js';
import type {
  AddMemberRequest,
  ClusterEvent,
  CreateTokenRequest,
  ExportPart,
  Faults,
  GroupRole,
  GroupStatus,
  LogRequest,
  LogTail,
  Member,
  MembersResponse,
  NodeStatus,
  Observation,
  RemoveMemberRequest,
  ReplaceMemberRequest,
  TokenInfo,
  TransferRequest,
} from '../rpc/cluster.ts';
import type { LogLevel } from '../config/node-config.ts';
import { LEADER_HEADER } from '../rpc/headers.ts';
import { serviceClient } from '../rpc/protos.ts';
import { credentialsFor, type ConnectionOptions, type Credentials } from './credentials.ts';
import { dialAddress } from './endpoint.ts';
import {
  AccessError,
  ClosedError,
  DeadlineExceededError,
  ElsewhereError,
  PrkDbError,
  TlsError,
  UnavailableError,
} from './errors.ts';
import { accessRefusalIn, channelOptions, methodOf, rpcReason, tlsProblemIn, unary, type UnaryOptions } from './rpc.ts';

const DEFAULT_TIMEOUT_MS = 2000;
const HAND_OVER_TIMEOUT_MS = 10_000;
const EXPORT_SILENCE_MS = 30_000;
/** More than the node itself waits for a majority. */
const TOKEN_TIMEOUT_MS = 6_000;
const MEMBERS_TIMEOUT_MS = 8_000;

export interface RpcOptions {
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface ObserveOptions {
  /** 50 to 60000; default 200. */
  readonly intervalMs?: number;
  /** Retained events above this come first; 0 for none. */
  readonly afterSequence?: number;
}

export interface ObserveHandlers {
  observation(observation: Observation): void;
  /** Called once. Null when the node ended the stream in order, or it was cancelled. */
  end(error: PrkDbError | null): void;
}

const ROLES: ReadonlySet<string> = new Set<GroupRole>([
  'leader',
  'follower',
  'candidate',
  'preCandidate',
  'learner',
] as const);

/** The node understood and said no; its own words explain. */
const REFUSALS: ReadonlySet<grpc.status> = new Set([
  grpc.status.FAILED_PRECONDITION,
  grpc.status.INVALID_ARGUMENT,
  grpc.status.PERMISSION_DENIED,
  grpc.status.UNAUTHENTICATED,
]);

/** A group whose role we have no word for is left out: a newer node may know more than we do. */
function knownGroups(groups: readonly GroupStatus[]): GroupStatus[] {
  return groups.filter((group) => ROLES.has(group.role));
}

function checkedStatus(status: NodeStatus): NodeStatus {
  return { ...status, groups: knownGroups(status.groups) };
}

function checkedEvents(events: readonly ClusterEvent[]): ClusterEvent[] {
  return events.filter((event) => event.sequence > 0 && event.kind.length > 0);
}

/**
 * Administration of one node: its status, its events, its faults, its end. Holds one
 * connection, which is made when it is first used. Calls reject with PrkDbError: UnavailableError
 * when the node cannot be reached, DeadlineExceededError when it does not answer.
 */
export class ClusterClient {
  readonly address: string;
  readonly #client: grpc.Client;
  readonly #service = serviceClient('cluster', 'prkdb.cluster.ClusterService');
  #closed = false;

  /** Throws InvalidArgumentError for what is not `http://host:port`, `https://host:port` or `host:port`. */
  constructor(endpoint: string, connection: ConnectionOptions & { readonly credentials?: Credentials } = {}) {
    this.address = dialAddress(endpoint);
    const dialing = connection.credentials ?? credentialsFor([endpoint], connection);
    const { credentials, options } = dialing.dial(this.address);
    this.#client = new this.#service(this.address, credentials, { ...channelOptions, ...options });
  }

  async status(options: RpcOptions = {}): Promise<NodeStatus> {
    return checkedStatus(await this.#unary<NodeStatus>('Status', {}, options));
  }

  /**
   * The newest entries of one group's log, without their data. `partition` is undefined for the
   * system group; `limit` is 1 to 256, 32 unless given. Rejects with INVALID_ARGUMENT when the
   * node holds no replica of the partition.
   */
  async log(request: Partial<LogRequest>, options: RpcOptions = {}): Promise<LogTail> {
    const tail = await this.#unary<LogTail>('Log', { fromIndex: 0, limit: 0, ...request }, options);
    return { ...tail, status: tail.status === null ? null : (knownGroups([tail.status])[0] ?? null) };
  }

  /** Asks the node to suffer these faults from now on, instead of those before. Resolves with what holds now. */
  setFaults(faults: Faults, options: RpcOptions = {}): Promise<Faults> {
    return this.#unary<Faults>('SetFaults', faults, options);
  }

  /**
   * Asks the node, which must lead the partition (undefined: the system group), to hand it to
   * another replica. Resolves when that one was asked; who leads then is told by an event and by the status.
   */
  async transferLeadership(request: TransferRequest, options: RpcOptions = {}): Promise<void> {
    await this.#unary('TransferLeadership', request, options);
  }

  /** How much the node logs from now on. Resolves with the level before. */
  async setLogLevel(level: LogLevel, options: RpcOptions = {}): Promise<string> {
    return (await this.#unary<{ before: string }>('SetLogLevel', { level }, options)).before;
  }

  /** Asks the node to hand all that it leads to others. Resolves with the number of groups that nobody took. */
  async handOver(options: RpcOptions = {}): Promise<number> {
    const timeoutMs = options.timeoutMs ?? HAND_OVER_TIMEOUT_MS;
    return (await this.#unary<{ remaining: number }>('HandOver', {}, { ...options, timeoutMs })).remaining;
  }

  /**
   * Asks the node to stop in order; resolves when it has agreed, not when it is gone.
   * `withCluster`: the other nodes are about to stop too, so nothing is handed to them.
   */
  async stop(token: string, options: RpcOptions & { readonly withCluster?: boolean } = {}): Promise<void> {
    await this.#unary('Stop', { token, withCluster: options.withCluster ?? false }, options);
  }

  /**
   * Lets a token in from now on, of which the node learns the hash alone. Rejects with
   * ElsewhereError when another node leads the system group; see `atSystemLeader`.
   */
  createToken(request: CreateTokenRequest, options: RpcOptions = {}): Promise<TokenInfo> {
    return this.#unary<TokenInfo>('CreateToken', request, { timeoutMs: TOKEN_TIMEOUT_MS, ...options });
  }

  async listTokens(options: RpcOptions = {}): Promise<readonly TokenInfo[]> {
    return (await this.#unary<{ tokens: TokenInfo[] }>('ListTokens', {}, options)).tokens;
  }

  /** Rejects as `createToken` does. */
  async revokeToken(id: string, options: RpcOptions = {}): Promise<void> {
    await this.#unary('RevokeToken', { id }, { timeoutMs: TOKEN_TIMEOUT_MS, ...options });
  }

  /**
   * All keys of a partition as they were at one index, in key order; see ClusterService.Export.
   * What is not taken yet is not fetched either. Throws PrkDbError, also for a node that falls silent.
   */
  async *export(partition: number, options: { readonly signal?: AbortSignal } = {}): AsyncGenerator<ExportPart> {
    if (this.#closed) throw new ClosedError();
    const method = methodOf(this.#service, 'Export');
    const call = this.#client.makeServerStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize as (bytes: Buffer) => ExportPart,
      { partition },
    );
    const abort = () => call.cancel();
    options.signal?.addEventListener('abort', abort, { once: true });
    let silent = false;
    const fallsSilent = () => {
      silent = true;
      call.cancel();
    };
    let timer = setTimeout(fallsSilent, EXPORT_SILENCE_MS);
    let isWhole = false;
    try {
      for await (const part of call as AsyncIterable<ExportPart>) {
        clearTimeout(timer);
        isWhole = part.end;
        yield part;
        timer = setTimeout(fallsSilent, EXPORT_SILENCE_MS);
      }
    } catch (error) {
      options.signal?.throwIfAborted();
      if (silent) throw new UnavailableError(`The node at ${this.address} fell silent in the middle of an export.`);
      throw toPrkDbError(error, this.address);
    } finally {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', abort);
      call.cancel();
    }
    if (!isWhole) throw new UnavailableError(`The node at ${this.address} ended an export before its end.`);
  }

  /**
   * The members of the cluster, where its partitions shall be, and what moves now. `forwarded`
   * asks this node alone, which may know less than the leader of the system group.
   */
  members(request: { readonly forwarded?: boolean } = {}, options: RpcOptions = {}): Promise<MembersResponse> {
    return this.#unary<MembersResponse>('Members', { forwarded: false, ...request }, memberOptions(options));
  }

  /**
   * Makes a node a member: it gets its share of the partitions once it follows. An id of 0 takes
   * the next one. With `replaces` it takes the place of a member, which is then removed. Rejects
   * with INVALID_ARGUMENT, in the node's own words, when that cannot be.
   */
  addMember(
    request: Partial<AddMemberRequest> & { readonly member: Member },
    options: RpcOptions = {},
  ): Promise<MembersResponse> {
    const whole = { replaces: 0, forwarded: false, clusterId: '', ...request };
    return this.#unary<MembersResponse>('AddMember', whole, memberOptions(options));
  }

  /** Begins to drain a member, which is removed once it holds nothing. `force`: also a dead one. */
  removeMember(
    request: Partial<RemoveMemberRequest> & { readonly id: number },
    options: RpcOptions = {},
  ): Promise<MembersResponse> {
    const whole = { force: false, forwarded: false, ...request };
    return this.#unary<MembersResponse>('RemoveMember', whole, memberOptions(options));
  }

  /** One member takes over from another, which is then removed. */
  replaceMember(
    request: Partial<ReplaceMemberRequest> & { readonly oldId: number; readonly newId: number },
    options: RpcOptions = {},
  ): Promise<MembersResponse> {
    return this.#unary<MembersResponse>('ReplaceMember', { forwarded: false, ...request }, memberOptions(options));
  }

  /** Spreads replicas and leaders over the members again. */
  rebalance(request: { readonly forwarded?: boolean } = {}, options: RpcOptions = {}): Promise<MembersResponse> {
    return this.#unary<MembersResponse>('Rebalance', { forwarded: false, ...request }, memberOptions(options));
  }

  /** Events as they happen and status samples, until cancelled. Does not reconnect. Returns the way to cancel. */
  observe(options: ObserveOptions, handlers: ObserveHandlers): () => void {
    const method = methodOf(this.#service, 'Observe');
    const call = this.#client.makeServerStreamRequest(
      method.path,
      method.requestSerialize,
      method.responseDeserialize as (bytes: Buffer) => Observation,
      { intervalMs: options.intervalMs ?? 0, afterSequence: options.afterSequence ?? 0 },
    );
    let ended = false;
    const end = (error: PrkDbError | null) => {
      if (ended) return;
      ended = true;
      handlers.end(error);
    };
    call.on('data', (message: Observation) => {
      if (ended) return;
      const { status } = message;
      handlers.observation({
        events: checkedEvents(message.events),
        status: status === null ? null : checkedStatus(status),
      });
    });
    call.on('error', (error) => end(this.#closed ? null : toPrkDbError(error, this.address)));
    call.on('end', () => end(null));
    return () => {
      end(null);
      call.cancel();
    };
  }

  close(): void {
    this.#closed = true;
    this.#client.close();
  }

  async #unary<Response>(name: string, request: object, options: RpcOptions): Promise<Response> {
    if (this.#closed) throw new ClosedError();
    const rpcOptions: UnaryOptions = { timeoutMs: options.timeoutMs ?? DEFAULT_TIMEOUT_MS, signal: options.signal };
    try {
      return await unary<Response>(this.#client, methodOf(this.#service, name), request, rpcOptions);
    } catch (error) {
      if (options.signal?.aborted === true) throw error;
      throw toPrkDbError(error, this.address);
    }
  }
}

/** These wait for the leader of the system group, and for a quorum of it. */
function memberOptions(options: RpcOptions): RpcOptions {
  return { ...options, timeoutMs: options.timeoutMs ?? MEMBERS_TIMEOUT_MS };
}

function toPrkDbError(error: unknown, address: string): PrkDbError {
  if (error instanceof PrkDbError) return error;
  const problem = tlsProblemIn(error);
  if (problem !== null) return new TlsError(address, problem);
  const refusal = accessRefusalIn(error);
  if (refusal !== null) return new AccessError(refusal);
  const { code, details, metadata } = error as Partial<grpc.ServiceError>;
  const leader = metadata?.get(LEADER_HEADER)[0];
  if (leader !== undefined) return new ElsewhereError(details ?? 'Another node has to be asked.', String(leader));
  if (code === grpc.status.DEADLINE_EXCEEDED) {
    return new DeadlineExceededError(
      `The node at ${address} did not answer in time. It may be paused or busy.`,
      'unknown',
    );
  }
  if (code === grpc.status.ABORTED)
    return new PrkDbError('NO_LEADER', details ?? 'The cluster could not decide it now.');
  if (code !== undefined && REFUSALS.has(code)) {
    return new PrkDbError('INVALID_ARGUMENT', details ?? 'The node refused the request.');
  }
  return new UnavailableError(`The node at ${address} cannot be reached: ${rpcReason(error)}. Check that it runs.`);
}
