import * as grpc from '@grpc/grpc-js';
import { rpcReason, tlsProblemIn } from '../client/rpc.ts';

export type EtcdErrorCode =
  | 'permissionDenied'
  | 'unauthenticated'
  | 'compacted'
  | 'noLeader'
  | 'tooManyRequests'
  | 'noSpace'
  | 'tooLarge'
  | 'tls'
  | 'unavailable'
  | 'deadline'
  | 'unknownOutcome'
  | 'otherCluster'
  | 'notFound'
  | 'refused'
  | 'notEtcd'
  | 'closed';

/** A failure of a call to etcd, in words for people: what failed, and one thing to do. */
export class EtcdError extends Error {
  readonly code: EtcdErrorCode;
  readonly hint: string | null;

  constructor(code: EtcdErrorCode, message: string, hint: string | null = null) {
    super(message);
    this.name = 'EtcdError';
    this.code = code;
    this.hint = hint;
  }
}

interface Known {
  readonly pattern: RegExp;
  readonly code: EtcdErrorCode;
  readonly words: string;
  readonly hint: string;
}

/** etcd's own sentences (its rpctypes package), which tell more than the gRPC code. */
const known: readonly Known[] = [
  {
    pattern: /authentication failed, invalid user ID or password/,
    code: 'unauthenticated',
    words: 'etcd does not know this user with this password.',
    hint: 'Check both in the profile.',
  },
  {
    pattern: /user name is empty|user name not found/,
    code: 'unauthenticated',
    words: 'etcd asks for a user here, and none was given that it knows.',
    hint: 'Give a user and password in the profile, or a client certificate whose name is a user.',
  },
  {
    pattern: /invalid auth token|auth: revision in header is old/,
    code: 'unauthenticated',
    words: 'etcd no longer takes the sign-in of this connection.',
    hint: 'Try again: it signs in anew.',
  },
  {
    pattern: /authentication is not enabled/,
    code: 'unauthenticated',
    words: 'This etcd does not use users: authentication is not enabled there.',
    hint: 'Remove user and password from the profile.',
  },
  {
    pattern: /permission denied/,
    code: 'permissionDenied',
    words: 'The user may not do this on this etcd.',
    hint: 'Have its role widened, or use another user.',
  },
  {
    pattern: /required revision has been compacted/,
    code: 'compacted',
    words: 'The history asked for has been compacted away.',
    hint: 'Read a newer revision, or what is there now.',
  },
  {
    pattern: /required revision is a future revision/,
    code: 'refused',
    words: 'The cluster has not reached this revision yet.',
    hint: 'Read an older revision.',
  },
  {
    pattern: /database space exceeded/,
    code: 'noSpace',
    words: 'The database of etcd is full, so it takes no writes.',
    hint: 'Compact, defragment every member, then disarm the NOSPACE alarm.',
  },
  {
    pattern: /too many requests/,
    code: 'tooManyRequests',
    words: 'etcd has more requests than it can commit.',
    hint: 'Wait a moment; if it stays so, look at the disks of its members.',
  },
  {
    pattern: /request is too large|message larger than max/,
    code: 'tooLarge',
    words: 'This is more than etcd takes in one request (1.5 MB unless set otherwise).',
    hint: 'Store less under one key, or raise --max-request-bytes there.',
  },
  {
    pattern: /etcdserver: no leader|leader changed|not leader/,
    code: 'noLeader',
    words: 'The cluster has no leader at this moment.',
    hint: 'Wait for the election; when it lasts, bring back members until a majority is up.',
  },
  {
    pattern: /previous leader failure|etcdserver: request timed out/,
    code: 'unknownOutcome',
    words: 'etcd did not confirm in time: its leader is gone or has no majority.',
    hint: 'Read the key to learn whether a write happened.',
  },
  {
    pattern: /unhealthy cluster|not enough started members/,
    code: 'refused',
    words: 'etcd refuses to change its membership while members are down: it could lose its quorum.',
    hint: 'Bring the members back first.',
  },
  {
    pattern: /can only promote a learner member which is in sync/,
    code: 'refused',
    words: 'The learner has not caught up with the leader yet, so it cannot vote.',
    hint: 'Wait until its applied index is near the leader’s.',
  },
  {
    pattern: /bad leader transferee/,
    code: 'refused',
    words: 'That member cannot take the leadership: it is down, or a learner.',
    hint: 'Choose another member.',
  },
  {
    pattern: /too many learner members/,
    code: 'refused',
    words: 'etcd takes no further learner.',
    hint: 'Promote or remove the one there is.',
  },
  {
    pattern: /member not found|requested lease not found/,
    code: 'notFound',
    words: 'etcd does not know it (any more).',
    hint: 'Look again: it may have been removed.',
  },
  {
    pattern: /rpc not supported for learner/,
    code: 'refused',
    words: 'A learner answers only serializable reads.',
    hint: 'Use the address of a voting member.',
  },
];

/** Whether nothing can have been done: the call never left, or etcd refused it outright. */
export function wasNotSent(error: unknown): boolean {
  const { code, details } = error as Partial<grpc.ServiceError>;
  if (code === grpc.status.UNAVAILABLE) return /No connection established|Name resolution failed/.test(details ?? '');
  return code === grpc.status.DEADLINE_EXCEEDED && /waiting for LB pick|Waiting for LB/i.test(details ?? '');
}

export function isTransient(error: unknown): boolean {
  if (error instanceof EtcdError) return ['unavailable', 'deadline', 'noLeader'].includes(error.code);
  return false;
}

/** What gRPC and etcd say, as an EtcdError. `writes`: whether the call could have changed something. */
export function toEtcdError(error: unknown, address: string, writes: boolean): EtcdError {
  if (error instanceof EtcdError) return error;
  const problem = tlsProblemIn(error);
  if (problem !== null) return new EtcdError('tls', `There is no connection to ${address}: ${problem.words}.`);
  const { code, details = '' } = error as Partial<grpc.ServiceError>;
  const found = known.find(({ pattern }) => pattern.test(details));
  if (found !== undefined) {
    const harmless = found.code === 'unknownOutcome' && !writes;
    return new EtcdError(harmless ? 'deadline' : found.code, found.words, harmless ? 'Try again.' : found.hint);
  }
  if (code === grpc.status.DEADLINE_EXCEEDED) {
    if (writes && !wasNotSent(error)) {
      return new EtcdError(
        'unknownOutcome',
        `${address} did not answer in time.`,
        'Read the key to learn whether the write happened.',
      );
    }
    return new EtcdError('deadline', `${address} did not answer in time.`, 'It may be paused, busy or cut off.');
  }
  if (code === grpc.status.UNIMPLEMENTED || /Protocol error|Parse Error|HTTP\/2|ERR_HTTP2/i.test(details)) {
    return new EtcdError('notEtcd', `What answers at ${address} is not an etcd v3 member.`, 'Check the address.');
  }
  if (code === grpc.status.UNAVAILABLE) {
    if (writes && !wasNotSent(error)) {
      return new EtcdError(
        'unknownOutcome',
        `The connection to ${address} broke before the answer.`,
        'Read the key to learn whether the write happened.',
      );
    }
    return new EtcdError('unavailable', `${address} cannot be reached: ${rpcReason(error)}.`, 'Check that it runs.');
  }
  return new EtcdError('refused', details.replace(/^etcdserver: /, '') || 'etcd refused the request.');
}
