import type { ApiError } from '../../electron/contract/contract.ts';

const codes: readonly ApiError['code'][] = [
  'invalidInput',
  'notFound',
  'alreadyExists',
  'noLeader',
  'deadline',
  'readOnly',
  'refused',
  'portInUse',
  'storage',
  'disconnected',
  'internal',
];

/** An ApiError that can be thrown. */
export class ApiFailure extends Error implements ApiError {
  readonly code: ApiError['code'];
  readonly hint: string | null;

  constructor(error: ApiError) {
    super(error.message);
    this.name = 'ApiFailure';
    this.code = error.code;
    this.hint = error.hint;
  }
}

/** The ApiError in whatever was thrown or received; an 'internal' one where there is none. */
export function toApiError(thrown: unknown): ApiError {
  if (typeof thrown === 'object' && thrown !== null && 'code' in thrown && 'message' in thrown) {
    const code = codes.find((known) => known === thrown.code);
    if (code !== undefined && typeof thrown.message === 'string') {
      const hint = 'hint' in thrown && typeof thrown.hint === 'string' ? thrown.hint : null;
      return { code, message: thrown.message, hint };
    }
  }
  const message = thrown instanceof Error ? thrown.message : 'Something failed without saying why.';
  return { code: 'internal', message, hint: null };
}
