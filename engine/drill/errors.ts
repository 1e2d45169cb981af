export type DrillErrorCode =
  'invalidSettings' | 'refused' | 'cancelled' | 'notServing' | 'healFailed' | 'notFound' | 'storage';

/** Why there is no drill or no report, in a sentence (`message`), and what to do about it (`hint`). */
export class DrillError extends Error {
  override readonly name = 'DrillError';
  readonly code: DrillErrorCode;
  readonly hint: string;

  constructor(code: DrillErrorCode, message: string, hint: string, options: ErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.hint = hint;
  }
}

/** Throws when the signal has fired. What was begun is undone by whoever began it. */
export function refuseWhenCancelled(signal: AbortSignal): void {
  if (signal.aborted)
    throw new DrillError('cancelled', 'The drill was cancelled.', 'What it had begun was undone. Run it again.');
}
