import { randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { DrillError } from './errors.ts';
import { drillReportSchema, REPORT_FORMAT_VERSION, type DrillReport } from './report.ts';

/** The oldest go first. */
export const MAX_REPORTS = 200;

const FILE = /^([0-9]{8}-[0-9]{6}-[0-9a-f]{4})\.json$/;
const ID = /^[0-9]{8}-[0-9]{6}-[0-9a-f]{4}$/;

/** The drill reports of one home directory: `<home>/drills/<id>.json`. Several processes may use it at once. */
export class ReportStore {
  readonly #dir: string;
  readonly #maxReports: number;
  /** Reports do not change, so that each is read once. */
  readonly #read = new Map<string, DrillReport>();

  constructor(home: string, maxReports = MAX_REPORTS) {
    this.#dir = path.join(home, 'drills');
    this.#maxReports = maxReports;
  }

  /** Newest first. Files that are no reports of this version are left out, and left alone. */
  async list(): Promise<DrillReport[]> {
    const ids = await this.#ids();
    for (const held of this.#read.keys()) if (!ids.includes(held)) this.#read.delete(held);
    const reports = await Promise.all(ids.map((id) => this.get(id).catch(() => null)));
    return reports.filter((report) => report !== null).sort((a, b) => b.startedAtMs - a.startedAtMs);
  }

  /** Rejects with DrillError 'notFound', or 'storage' for a file that cannot be understood. */
  async get(id: string): Promise<DrillReport> {
    const file = this.#file(id);
    const held = this.#read.get(id);
    if (held !== undefined) return held;
    let text: string;
    try {
      text = await readFile(file, 'utf8');
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw missing(id);
      throw unusable(file, error);
    }
    const report = parseReport(text, file);
    this.#read.set(id, report);
    return report;
  }

  /** Readers see all of it or nothing, also after a crash. */
  async save(report: DrillReport): Promise<void> {
    const file = this.#file(report.id);
    const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
    try {
      await mkdir(this.#dir, { recursive: true, mode: 0o700 });
      const handle = await open(temporary, 'wx', 0o600);
      try {
        await handle.writeFile(reportJson(report));
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, file);
    } catch (error) {
      await rm(temporary, { force: true });
      throw unusable(file, error);
    }
    const ids = await this.#ids();
    for (const old of ids.slice(0, Math.max(0, ids.length - this.#maxReports)))
      await rm(this.#file(old), { force: true });
  }

  /** Rejects with DrillError 'notFound' when there is none. */
  async remove(id: string): Promise<void> {
    try {
      await rm(this.#file(id));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') throw missing(id);
      throw unusable(this.#file(id), error);
    } finally {
      this.#read.delete(id);
    }
  }

  /** Oldest first, since an id begins with its time. */
  async #ids(): Promise<string[]> {
    let names: string[];
    try {
      names = await readdir(this.#dir);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
      throw unusable(this.#dir, error);
    }
    return names.flatMap((name) => FILE.exec(name)?.[1] ?? []).sort();
  }

  #file(id: string): string {
    if (!ID.test(id)) throw missing(id);
    return path.join(this.#dir, `${id}.json`);
  }
}

export function reportJson(report: DrillReport): string {
  return `${JSON.stringify(report, null, 2)}\n`;
}

/** Throws DrillError 'storage' with what is wrong. */
export function parseReport(text: string, source: string): DrillReport {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw unusable(source, error);
  }
  const version = typeof value === 'object' && value !== null && 'formatVersion' in value ? value.formatVersion : null;
  if (typeof version === 'number' && version > REPORT_FORMAT_VERSION) {
    throw new DrillError('storage', `${source} was written by a newer PrkDB.`, 'Read it with that version.');
  }
  const parsed = drillReportSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw unusable(source, new Error(`${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'it has the wrong shape'}`));
}

function missing(id: string): DrillError {
  return new DrillError(
    'notFound',
    `There is no drill report ${JSON.stringify(id.slice(0, 40))}.`,
    'It may have been deleted.',
  );
}

function unusable(file: string, cause: unknown): DrillError {
  const why = cause instanceof Error ? cause.message : String(cause);
  return new DrillError(
    'storage',
    `The drill report ${file} cannot be used: ${why}`,
    'Check the directory and its free space.',
    { cause },
  );
}
