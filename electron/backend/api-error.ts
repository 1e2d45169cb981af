import { z } from 'zod';
import { PrkDbError, type PrkDbErrorCode } from '../../engine/client/index.ts';
import { ChangesLostError, CopyError, CopyRefusedError } from '../../engine/copy/index.ts';
import { EtcdError, type EtcdErrorCode } from '../../engine/etcd/index.ts';
import { DrillError, type DrillErrorCode } from '../../engine/drill/index.ts';
import { SupervisorError, type SupervisorErrorCode } from '../../engine/supervisor/errors.ts';
import type { ApiError } from '../contract/contract.ts';
import { BackendError, describeZodError, type ApiErrorCode } from './errors.ts';

/** Any failure as it may cross the contract: in words, without a stack, never with a secret of ours. */
export function toApiError(error: unknown): ApiError {
  if (error instanceof BackendError) return { code: error.code, message: error.message, hint: error.hint };
  if (error instanceof PrkDbError) {
    const { code, hint } = clientErrors[error.code];
    return { code, message: error.message, hint };
  }
  if (error instanceof SupervisorError) {
    return { code: supervisorErrors[error.code], message: error.message, hint: error.hint };
  }
  if (error instanceof EtcdError) return { code: etcdErrors[error.code], message: error.message, hint: error.hint };
  if (error instanceof CopyRefusedError) return { code: 'refused', message: error.message, hint: error.hint };
  if (error instanceof ChangesLostError) return { code: 'refused', message: error.message, hint: null };
  if (error instanceof CopyError) {
    const hint = 'What was copied before is in the target; it goes on from there.';
    return { code: 'refused', message: error.message, hint };
  }
  if (error instanceof DrillError) return { code: drillErrors[error.code], message: error.message, hint: error.hint };
  if (error instanceof z.ZodError) {
    return { code: 'internal', message: `The answer had the wrong shape: ${describeZodError(error)}`, hint: null };
  }
  if (error instanceof Error && 'code' in error && typeof error.code === 'string') {
    const known = systemErrors[error.code];
    if (known !== undefined) return { code: known.code, message: error.message, hint: known.hint };
  }
  return {
    code: 'internal',
    message: error instanceof Error ? error.message : 'Something failed without saying why.',
    hint: null,
  };
}

interface Known {
  readonly code: ApiErrorCode;
  readonly hint: string | null;
}

const START_A_NODE = 'Start a node again, or wait if one is coming back.';
const READ_IT_BACK = 'Read the key to learn whether the write happened.';

const clientErrors: Record<PrkDbErrorCode, Known> = {
  INVALID_KEY: { code: 'invalidInput', hint: null },
  INVALID_VALUE: { code: 'invalidInput', hint: null },
  INVALID_ARGUMENT: { code: 'invalidInput', hint: null },
  NO_LEADER: { code: 'noLeader', hint: START_A_NODE },
  DEADLINE_EXCEEDED: { code: 'deadline', hint: 'Try again; a stale read answers without a leader.' },
  UNKNOWN_OUTCOME: { code: 'deadline', hint: READ_IT_BACK },
  COMPACTED: { code: 'refused', hint: 'Load the keys again.' },
  SESSION_EXPIRED: { code: 'deadline', hint: READ_IT_BACK },
  CONFLICT: { code: 'refused', hint: 'Read the key again and decide what to keep.' },
  UNAVAILABLE: { code: 'disconnected', hint: START_A_NODE },
  CONNECTION: { code: 'disconnected', hint: START_A_NODE },
  TLS: { code: 'disconnected', hint: null },
  UNAUTHENTICATED: { code: 'refused', hint: null },
  PERMISSION_DENIED: { code: 'refused', hint: null },
  INTERNAL: { code: 'internal', hint: 'The log of the node says more.' },
  CLOSED: { code: 'disconnected', hint: 'Try again.' },
};

const systemErrors: Record<string, Known> = {
  EADDRINUSE: { code: 'portInUse', hint: 'Choose another base port, or stop the program that uses it.' },
  EACCES: { code: 'storage', hint: 'Choose a directory you may write to.' },
  EPERM: { code: 'storage', hint: 'Choose a directory you may write to.' },
  EROFS: { code: 'storage', hint: 'Choose a directory that can be written to.' },
  ENOSPC: { code: 'storage', hint: 'Free some space on the disk.' },
};

const supervisorErrors: Record<SupervisorErrorCode, ApiErrorCode> = {
  invalidSpec: 'invalidInput',
  invalidName: 'invalidInput',
  notFound: 'notFound',
  alreadyExists: 'alreadyExists',
  portInUse: 'portInUse',
  dataDirInUse: 'storage',
  dataDirUnusable: 'storage',
  running: 'refused',
  notRunning: 'refused',
  notOurs: 'refused',
  unsupported: 'refused',
  launchFailed: 'internal',
  corruptRecord: 'storage',
  certificates: 'storage',
  busy: 'refused',
  closed: 'disconnected',
};

const etcdErrors: Record<EtcdErrorCode, ApiErrorCode> = {
  permissionDenied: 'refused',
  unauthenticated: 'refused',
  compacted: 'notFound',
  noLeader: 'noLeader',
  tooManyRequests: 'refused',
  noSpace: 'storage',
  tooLarge: 'invalidInput',
  tls: 'disconnected',
  unavailable: 'disconnected',
  deadline: 'deadline',
  unknownOutcome: 'deadline',
  otherCluster: 'refused',
  notFound: 'notFound',
  refused: 'refused',
  notEtcd: 'disconnected',
  closed: 'disconnected',
};

const drillErrors: Record<DrillErrorCode, ApiErrorCode> = {
  invalidSettings: 'invalidInput',
  refused: 'refused',
  cancelled: 'refused',
  notServing: 'noLeader',
  healFailed: 'internal',
  notFound: 'notFound',
  storage: 'storage',
};
