import { randomUUID } from 'node:crypto';
import type { KeyStore } from '../../../engine/copy/index.ts';
import type { CopySettings, CopyView } from '../../contract/copies.ts';
import { BackendError } from '../errors.ts';
import type { WriteGate } from '../remote/write-gate.ts';
import { CopyJob } from './copy-job.ts';
import { CopyRecords, type CopyRecord } from './copy-record.ts';

/** Progress for a person: not more often than it can be read. */
const TELL_MS = 200;
const MAX_COPIES = 100;

export interface CopyDeskOptions {
  /** Where copies are kept, a file each. */
  readonly directory: string;
  readonly open: (cluster: string) => Promise<KeyStore>;
  /** Null for a local cluster. Throws when there is none of that name. */
  readonly gateOf: (cluster: string) => WriteGate | null;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

/** The copies of keys between clusters, with those that an earlier run of the app began. */
export class CopyDesk {
  readonly #options: CopyDeskOptions;
  readonly #records: CopyRecords;
  readonly #jobs = new Map<string, CopyJob>();
  readonly #listeners = new Set<(copies: CopyView[]) => void>();
  #timer: NodeJS.Timeout | null = null;
  #closed = false;

  private constructor(options: CopyDeskOptions) {
    this.#options = options;
    this.#records = new CopyRecords(options.directory);
  }

  static async open(options: CopyDeskOptions): Promise<CopyDesk> {
    const desk = new CopyDesk(options);
    for (const record of await desk.#records.list(options.onError)) desk.#add(record.id, record.settings, record);
    return desk;
  }

  /** Newest first. */
  list(): CopyView[] {
    return [...this.#jobs.values()].sort((a, b) => b.createdAtMs - a.createdAtMs).map((job) => job.view());
  }

  /** The listener is called at once. Returns the way to stop it. */
  watch(listener: (copies: CopyView[]) => void): () => void {
    this.#listeners.add(listener);
    listener(this.list());
    return () => this.#listeners.delete(listener);
  }

  async rehearse(settings: CopySettings): Promise<{ id: string }> {
    const { from, to } = settings;
    if (this.#closed) throw new BackendError('disconnected', 'The app is ending.');
    if (from === to) {
      throw new BackendError('invalidInput', `${from} is both source and target.`, 'Choose another cluster.');
    }
    // Said before anything begins: there is no such cluster.
    this.#options.gateOf(from);
    if (this.#jobs.size >= MAX_COPIES) {
      throw new BackendError('refused', `${MAX_COPIES} copies are kept already.`, 'Remove some that have ended.');
    }
    const id = randomUUID();
    const job = this.#add(id, settings, null);
    try {
      job.rehearse();
    } catch (error) {
      this.#jobs.delete(id);
      throw error;
    }
    return { id };
  }

  async begin(id: string, typedName: string | null, anew: boolean): Promise<void> {
    this.#get(id).begin(typedName, anew);
  }

  async pause(id: string): Promise<void> {
    const job = this.#get(id);
    // There is nothing to go on with.
    if (job.view().rehearsal === null) await this.remove(id);
    else await job.pause();
  }

  async compare(id: string): Promise<void> {
    this.#get(id).compare();
  }

  async finish(id: string): Promise<void> {
    await this.#get(id).finish();
  }

  async remove(id: string): Promise<void> {
    const job = this.#get(id);
    await job.close();
    this.#jobs.delete(id);
    await this.#records.remove(id);
    this.#tell();
  }

  /** Pauses what runs: it goes on when the app is opened again and told to. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#jobs.values()].map((job) => job.close()));
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#listeners.clear();
  }

  #get(id: string): CopyJob {
    const job = this.#jobs.get(id);
    if (job !== undefined) return job;
    throw new BackendError('notFound', 'There is no such copy.', 'It may have been removed. Make another one.');
  }

  #add(id: string, settings: CopySettings, record: CopyRecord | null): CopyJob {
    const job = new CopyJob({
      id,
      settings,
      record,
      open: this.#options.open,
      gateOf: this.#options.gateOf,
      save: (saved) => this.#records.save(saved),
      changed: () => this.#changed(),
      now: this.#options.now,
    });
    this.#jobs.set(id, job);
    return job;
  }

  #changed(): void {
    if (this.#closed || this.#timer !== null) return;
    this.#timer = setTimeout(() => {
      this.#timer = null;
      this.#tell();
    }, TELL_MS);
  }

  #tell(): void {
    const copies = this.list();
    for (const listener of this.#listeners) listener(copies);
  }
}
