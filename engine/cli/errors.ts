import { BackupError } from '../backup/index.ts';
import { ChangesLostError, CopyError, CopyRefusedError } from '../copy/index.ts';
import { EtcdError } from '../etcd/index.ts';
import { PrkDbError } from '../client/index.ts';
import { DrillError } from '../drill/index.ts';
import { CertificateError } from '../net/errors.ts';
import { SupervisorError } from '../supervisor/index.ts';

/** The command was not understood: exit code 2. */
export class UsageError extends Error {}

/** The command could not be done: exit code 1. */
export class CommandError extends Error {
  readonly hint: string;
  constructor(message: string, hint = '') {
    super(message);
    this.hint = hint;
  }
}

/** What went wrong and what to do, in one or two lines. */
export function errorLines(error: unknown): string[] {
  if (error instanceof SupervisorError || error instanceof DrillError || error instanceof CommandError) {
    return [`prkdb: ${oneLine(error.message)}`, ...(error.hint === '' ? [] : [oneLine(error.hint)])];
  }
  if (error instanceof UsageError) return [`prkdb: ${oneLine(error.message)}`, 'See: prkdb help'];
  if (error instanceof EtcdError) {
    return [`prkdb: ${oneLine(error.message)}`, ...(error.hint === null ? [] : [oneLine(error.hint)])];
  }
  if (error instanceof CopyRefusedError) {
    return [`prkdb: ${oneLine(error.message)}`, `${oneLine(error.hint)} (--restart)`];
  }
  if (error instanceof ChangesLostError)
    return [`prkdb: ${oneLine(error.message)} (--restart --on-conflict overwrite)`];
  if (error instanceof CopyError) {
    return [`prkdb: ${oneLine(error.message)}`, 'What was copied before is in the target; run it again to go on.'];
  }
  if (error instanceof PrkDbError || error instanceof CertificateError || error instanceof BackupError)
    return [`prkdb: ${oneLine(error.message)}`];
  const message = error instanceof Error ? error.message : String(error);
  return [`prkdb: ${oneLine(message)}`, 'Set PRKDB_DEBUG=1 to see where it comes from.'];
}

function oneLine(text: string): string {
  return text.replace(/\s*\n\s*/g, ' ').trim();
}
