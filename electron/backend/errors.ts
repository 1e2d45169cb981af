import type { z } from 'zod';
import type { ApiError } from '../contract/contract.ts';

export type ApiErrorCode = ApiError['code'];

/** A refusal of the backend itself, already in words for a user. */
export class BackendError extends Error {
  readonly code: ApiErrorCode;
  readonly hint: string | null;

  constructor(code: ApiErrorCode, message: string, hint: string | null = null) {
    super(message);
    this.name = 'BackendError';
    this.code = code;
    this.hint = hint;
  }
}

/** "cluster.partitions: At most 256 partitions." for every issue, one a line. */
export function describeZodError(error: z.ZodError): string {
  return error.issues
    .map((issue) => (issue.path.length > 0 ? `${issue.path.map(String).join('.')}: ${issue.message}` : issue.message))
    .join('\n');
}
