import type { Api } from '../../../../electron/contract/contract.ts';
import { fromBase64 } from '../bytes.ts';
import { escapeKey } from '../key-text.ts';
import { readFile, type FileFormat } from './read-file.ts';

const MOST_SHOWN = 5;
const PREVIEW_CHARS = 60;

export interface PreviewRow {
  /** As a person writes them; the value's beginning. */
  readonly key: string;
  readonly value: string;
  readonly sizeBytes: number;
}

/** What importing a file would do, as found by reading all of it and writing nothing. */
export interface DryRun {
  readonly records: number;
  readonly readBytes: number;
  readonly fresh: number;
  readonly same: number;
  readonly different: number;
  /** Their time was over before they were read. */
  readonly expired: number;
  readonly problems: number;
  /** The first ones. */
  readonly firstProblems: readonly { readonly line: number; readonly message: string }[];
  readonly preview: readonly PreviewRow[];
}

export const nothingRead: DryRun = {
  records: 0,
  readBytes: 0,
  fresh: 0,
  same: 0,
  different: 0,
  expired: 0,
  problems: 0,
  firstProblems: [],
  preview: [],
};

/** Reads the whole file and asks the cluster what is there already. */
export async function dryRun(
  api: Api,
  cluster: string,
  file: Blob,
  format: FileFormat,
  signal: AbortSignal,
  report: (now: DryRun) => void,
): Promise<DryRun> {
  let now = nothingRead;
  for await (const { entries, problems, readBytes } of readFile(file, format)) {
    if (signal.aborted) return now;
    const answers =
      entries.length === 0 ? [] : (await api.query('keys.compare', { cluster, entries: [...entries] })).answers;
    const count = (answer: string) => answers.filter((one) => one === answer).length;
    now = {
      records: now.records + entries.length,
      readBytes,
      fresh: now.fresh + count('new'),
      same: now.same + count('same'),
      different: now.different + count('different'),
      expired: now.expired + count('expired'),
      problems: now.problems + problems.length,
      firstProblems: [...now.firstProblems, ...problems].slice(0, MOST_SHOWN),
      preview: [...now.preview, ...entries.slice(0, MOST_SHOWN).map(previewOf)].slice(0, MOST_SHOWN),
    };
    report(now);
  }
  return now;
}

function previewOf({ key, value }: { key: string; value: string }): PreviewRow {
  const bytes = fromBase64(value);
  const beginning = escapeKey(bytes.subarray(0, PREVIEW_CHARS));
  return {
    key: escapeKey(fromBase64(key)),
    value: bytes.length > PREVIEW_CHARS ? `${beginning}…` : beginning,
    sizeBytes: bytes.length,
  };
}

export interface Imported {
  readonly written: number;
  readonly kept: number;
  readonly expired: number;
  readonly failed: number;
  readonly reason: string | null;
  readonly readBytes: number;
  readonly stopped: boolean;
}

export const nothingImported: Imported = {
  written: 0,
  kept: 0,
  expired: 0,
  failed: 0,
  reason: null,
  readBytes: 0,
  stopped: false,
};

/** Writes the file's records in its order. Stopped, it answers with what is written by then. */
export async function importFile(
  api: Api,
  cluster: string,
  file: Blob,
  format: FileFormat,
  existing: 'replace' | 'keep',
  signal: AbortSignal,
  report: (now: Imported) => void,
): Promise<Imported> {
  let now = nothingImported;
  for await (const { entries, readBytes } of readFile(file, format)) {
    if (signal.aborted) return { ...now, stopped: true };
    if (entries.length === 0) continue;
    const { outcomes, reason } = await api.command('keys.putMany', { cluster, entries: [...entries], existing });
    const count = (outcome: string) => outcomes.filter((one) => one === outcome).length;
    now = {
      written: now.written + count('written'),
      kept: now.kept + count('kept'),
      expired: now.expired + count('expired'),
      failed: now.failed + count('failed'),
      reason: now.reason ?? reason?.message ?? null,
      readBytes,
      stopped: false,
    };
    report(now);
  }
  return now;
}
