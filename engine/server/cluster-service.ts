import { timingSafeEqual } from 'node:crypto';
import * as grpc from '@grpc/grpc-js';
import { isLogLevel, LOG_LEVELS, type LogLevel } from '../config/node-config.ts';
import type {
  AddMemberRequest,
  ClusterEvent,
  ClusterEventKind,
  CreateTokenRequest,
  Faults,
  LogRequest,
  LogTail,
  MembersResponse,
  NodeStatus,
  Observation,
  RemoveMemberRequest,
  ReplaceMemberRequest,
  RevokeTokenRequest,
  StopRequest,
  TokenInfo,
  TransferRequest,
} from '../rpc/cluster.ts';
import { tokenOf } from './access.ts';
import { LEADER_HEADER } from '../rpc/headers.ts';
import type { EventLog } from './event-log.ts';
import type { Exports } from './exports.ts';
import { TokenRequestError, type Tokens } from './tokens.ts';
import { TransferError } from './leadership.ts';
import { LogRequestError } from './log-tails.ts';
import { MembersError } from './members/changes.ts';
import { UndecidedError, type MembersDesk } from './members/desk.ts';

const DEFAULT_INTERVAL_MS = 200;
const MIN_INTERVAL_MS = 50;
const MAX_INTERVAL_MS = 60_000;
/** Events of one moment (an election makes several) share a message. */
const EVENT_FLUSH_MS = 10;
/** A watcher that does not read loses events beyond this, and sees the gap in their sequence. */
const MAX_WAITING_EVENTS = 4096;

/** After these a watcher gets a fresh status at once, so that screens follow an election. */
const statusKinds: ReadonlySet<ClusterEventKind> = new Set([
  'roleChanged',
  'leaderKnown',
  'leaderLost',
  'electionWon',
  'storageFailed',
  'storageRecovered',
  'faultsChanged',
  'peerSuspect',
  'peerLive',
]);

export interface ClusterControl {
  readonly events: EventLog;
  status(): NodeStatus;
  /** Throws a LogRequestError for what cannot be read because of how it was asked. */
  log(request: LogRequest): LogTail;
  /** Throws with a sentence when faults are not enabled or not acceptable. */
  setFaults(faults: Faults): Faults;
  /** Throws a TransferError when the transfer cannot begin. */
  transferLeadership(request: TransferRequest): void;
  /** Resolves with the number of groups that nobody took. */
  handOver(): Promise<number>;
  readonly tokens: Tokens;
  /** Returns what it was before. */
  setLogLevel(level: LogLevel): string;
  readonly exports: Exports;
  /** Where clients dial a node; '' for none. */
  addressOf(nodeId: number): string;
  readonly members: MembersDesk;
  /** Begins an orderly stop. */
  stop(request: StopRequest): void;
  /** The token of this process; null: it cannot be stopped over the network. */
  readonly token: string | null;
}

interface ObserveRequest {
  intervalMs: number;
  afterSequence: number;
}

type ObserveCall = grpc.ServerWritableStream<ObserveRequest, Observation>;

/** `prkdb.cluster.ClusterService`: status, events and faults of this node. */
export function clusterService(control: ClusterControl): grpc.UntypedServiceImplementation {
  return {
    Status: (_call: grpc.ServerUnaryCall<unknown, NodeStatus>, callback: grpc.sendUnaryData<NodeStatus>) => {
      callback(null, control.status());
    },
    Observe: (call: ObserveCall) => observe(control, call),
    Log: (call: grpc.ServerUnaryCall<LogRequest, LogTail>, callback: grpc.sendUnaryData<LogTail>) => {
      try {
        callback(null, control.log(call.request));
      } catch (error) {
        const code = error instanceof LogRequestError ? grpc.status.INVALID_ARGUMENT : grpc.status.UNAVAILABLE;
        callback({ code, details: error instanceof Error ? error.message : String(error) });
      }
    },
    SetFaults: (call: grpc.ServerUnaryCall<Faults, Faults>, callback: grpc.sendUnaryData<Faults>) => {
      try {
        callback(null, control.setFaults(call.request));
      } catch (error) {
        const details = error instanceof Error ? error.message : String(error);
        callback({ code: grpc.status.FAILED_PRECONDITION, details });
      }
    },
    TransferLeadership: (call: grpc.ServerUnaryCall<TransferRequest, object>, callback: grpc.sendUnaryData<object>) => {
      try {
        control.transferLeadership(call.request);
        callback(null, {});
      } catch (error) {
        const code = error instanceof TransferError ? grpc.status.FAILED_PRECONDITION : grpc.status.UNAVAILABLE;
        callback({ code, details: error instanceof Error ? error.message : String(error) });
      }
    },
    HandOver: (_call: grpc.ServerUnaryCall<unknown, object>, callback: grpc.sendUnaryData<object>) => {
      control.handOver().then(
        (remaining) => callback(null, { remaining }),
        (error: unknown) => callback({ code: grpc.status.UNAVAILABLE, details: String(error) }),
      );
    },
    Members: (call: MembersCall<{ forwarded: boolean }>, callback: MembersCallback) => {
      answerMembers(control.members.members(call.request), callback);
    },
    AddMember: (call: MembersCall<AddMemberRequest>, callback: MembersCallback) => {
      answerMembers(control.members.addMember(call.request, tokenOf(call)), callback);
    },
    RemoveMember: (call: MembersCall<RemoveMemberRequest>, callback: MembersCallback) => {
      answerMembers(control.members.removeMember(call.request, tokenOf(call)), callback);
    },
    ReplaceMember: (call: MembersCall<ReplaceMemberRequest>, callback: MembersCallback) => {
      answerMembers(control.members.replaceMember(call.request, tokenOf(call)), callback);
    },
    Rebalance: (call: MembersCall<{ forwarded: boolean }>, callback: MembersCallback) => {
      answerMembers(control.members.rebalance(call.request, tokenOf(call)), callback);
    },
    Stop: (call: grpc.ServerUnaryCall<StopRequest, object>, callback: grpc.sendUnaryData<object>) => {
      if (!sameToken(call.request.token, control.token)) {
        callback({
          code: grpc.status.PERMISSION_DENIED,
          details: 'The token is not the one this node was started with; stop it from where it was started.',
        });
        return;
      }
      callback(null, {});
      control.stop(call.request);
    },
    Export: (call: Parameters<Exports['serve']>[0]) => control.exports.serve(call),
    SetLogLevel: (call: grpc.ServerUnaryCall<{ level: string }, object>, callback: grpc.sendUnaryData<object>) => {
      const { level } = call.request;
      if (isLogLevel(level)) return callback(null, { before: control.setLogLevel(level) });
      callback({ code: grpc.status.INVALID_ARGUMENT, details: `A log level is one of ${LOG_LEVELS.join(', ')}.` });
    },
    CreateToken: (
      call: grpc.ServerUnaryCall<CreateTokenRequest, TokenInfo>,
      callback: grpc.sendUnaryData<TokenInfo>,
    ) => {
      control.tokens.create(call.request).then(
        (info) => callback(null, info),
        (error: unknown) => callback(tokenStatus(control, error)),
      );
    },
    ListTokens: (_call: grpc.ServerUnaryCall<unknown, object>, callback: grpc.sendUnaryData<object>) => {
      callback(null, { tokens: control.tokens.list() });
    },
    RevokeToken: (call: grpc.ServerUnaryCall<RevokeTokenRequest, object>, callback: grpc.sendUnaryData<object>) => {
      control.tokens.revoke(call.request).then(
        () => callback(null, {}),
        (error: unknown) => callback(tokenStatus(control, error)),
      );
    },
  };
}

function tokenStatus(control: ClusterControl, error: unknown): Partial<grpc.StatusObject> {
  if (!(error instanceof TokenRequestError)) return { code: grpc.status.INTERNAL, details: String(error) };
  const metadata = new grpc.Metadata();
  const details = error.message;
  switch (error.kind) {
    case 'invalid':
      return { code: grpc.status.INVALID_ARGUMENT, details };
    case 'refused':
      return { code: grpc.status.FAILED_PRECONDITION, details };
    case 'noAnswer':
      return { code: grpc.status.UNKNOWN, details };
    case 'notHere': {
      const leader = control.addressOf(error.leader);
      if (leader === '') return { code: grpc.status.UNAVAILABLE, details };
      metadata.set(LEADER_HEADER, leader);
      return { code: grpc.status.FAILED_PRECONDITION, details, metadata };
    }
  }
}

type MembersCall<Request> = grpc.ServerUnaryCall<Request, MembersResponse>;
type MembersCallback = grpc.sendUnaryData<MembersResponse>;

function answerMembers(answer: Promise<MembersResponse>, callback: MembersCallback): void {
  answer.then(
    (members) => callback(null, members),
    (error: unknown) => {
      const code =
        error instanceof MembersError
          ? grpc.status.FAILED_PRECONDITION
          : error instanceof UndecidedError
            ? grpc.status.ABORTED
            : grpc.status.UNAVAILABLE;
      callback({ code, details: error instanceof Error ? error.message : String(error) });
    },
  );
}

function sameToken(given: string, expected: string | null): boolean {
  if (expected === null) return false;
  const a = Buffer.from(given);
  const b = Buffer.from(expected);
  return a.length === b.length && timingSafeEqual(a, b);
}

function observe(control: ClusterControl, call: ObserveCall): void {
  const asked = call.request.intervalMs || DEFAULT_INTERVAL_MS;
  const intervalMs = Math.min(MAX_INTERVAL_MS, Math.max(MIN_INTERVAL_MS, asked));
  let waiting: ClusterEvent[] = call.request.afterSequence > 0 ? control.events.after(call.request.afterSequence) : [];
  let statusDue = true;
  let writable = true;
  let flushTimer: NodeJS.Timeout | null = null;

  const flush = (): void => {
    flushTimer = null;
    if (!writable || (waiting.length === 0 && !statusDue)) return;
    const events = waiting;
    waiting = [];
    const status = statusDue ? control.status() : null;
    statusDue = false;
    writable = call.write({ events, status });
  };
  const stopListening = control.events.listen((event) => {
    waiting.push(event);
    if (waiting.length > MAX_WAITING_EVENTS) waiting = waiting.slice(-MAX_WAITING_EVENTS / 2);
    if (statusKinds.has(event.kind)) statusDue = true;
    flushTimer ??= setTimeout(flush, EVENT_FLUSH_MS);
  });
  const interval = setInterval(() => {
    statusDue = true;
    flush();
  }, intervalMs);
  const close = (): void => {
    stopListening();
    clearInterval(interval);
    if (flushTimer !== null) clearTimeout(flushTimer);
    writable = false;
  };
  call.on('drain', () => {
    writable = true;
    flush();
  });
  call.on('cancelled', close);
  call.on('error', close);
  call.on('close', close);
  flush();
}
