export type SupervisorErrorCode =
  | 'invalidSpec'
  | 'invalidName'
  | 'notFound'
  | 'alreadyExists'
  | 'portInUse'
  | 'dataDirInUse'
  | 'dataDirUnusable'
  | 'running'
  | 'notRunning'
  | 'notOurs'
  | 'unsupported'
  | 'launchFailed'
  | 'corruptRecord'
  | 'certificates'
  | 'busy'
  | 'closed';

/** Why the supervisor did not do it, in a sentence (`message`), and what to do about it (`hint`). */
export class SupervisorError extends Error {
  readonly code: SupervisorErrorCode;
  readonly hint: string;
  /** The field of a ClusterSpec that is at fault, where one is. */
  readonly field: string | null;
  constructor(
    code: SupervisorErrorCode,
    message: string,
    hint: string,
    options: ErrorOptions & { field?: string } = {},
  ) {
    super(message, options);
    this.name = 'SupervisorError';
    this.code = code;
    this.hint = hint;
    this.field = options.field ?? null;
  }
}
