import {
  keyText,
  noCounts,
  noFollowCounts,
  runCopy,
  type CopyCheckpoint,
  type FollowCounts,
  type KeyStore,
} from '../../../engine/copy/index.ts';
import type { CopySettings, CopyStage, CopyView } from '../../contract/copies.ts';
import { toApiError } from '../api-error.ts';
import { BackendError } from '../errors.ts';
import type { WriteGate } from '../remote/write-gate.ts';
import { CopyComparison } from './copy-comparison.ts';
import type { CopyRecord } from './copy-record.ts';
import { gatedStore } from './gated-store.ts';
import { RecentRate } from './recent-rate.ts';

/** Of the keys that need a look, so many are named. */
const MAX_NAMED = 20;

export interface CopyJobOptions {
  readonly id: string;
  readonly settings: CopySettings;
  /** As an earlier run of the app left it; null for a new one. */
  readonly record: CopyRecord | null;
  readonly open: (cluster: string) => Promise<KeyStore>;
  /** Null for a local cluster. Throws when there is none of that name. */
  readonly gateOf: (cluster: string) => WriteGate | null;
  readonly save: (record: CopyRecord) => Promise<void>;
  readonly changed: () => void;
  readonly now: () => number;
}

interface Work {
  readonly stop: AbortController;
  readonly ended: Promise<void>;
}

type Ended = Extract<CopyStage, 'rehearsed' | 'paused' | 'done'>;
type Failure = CopyView['error'];

/** One copy from its rehearsal to its end. Does one thing at a time, but for comparing both sides. */
export class CopyJob {
  readonly id: string;
  readonly createdAtMs: number;
  readonly #options: CopyJobOptions;
  #stage: CopyStage;
  #stageSinceMs: number;
  #error: Failure = null;
  #rehearsal: CopyRecord['rehearsal'] | null;
  #checkpoint: CopyCheckpoint | null;
  #counts = noCounts;
  #followed: FollowCounts | null = null;
  #named: CopyView['named'] = [];
  readonly #comparison: CopyComparison;
  #rate = new RecentRate();
  #work: Work | null = null;

  constructor(options: CopyJobOptions) {
    const { id, record, now } = options;
    this.id = id;
    this.#options = options;
    this.createdAtMs = record?.createdAtMs ?? now();
    this.#rehearsal = record?.rehearsal ?? null;
    this.#checkpoint = record?.checkpoint ?? null;
    this.#counts = this.#checkpoint?.counts ?? noCounts;
    const isDone = record?.isDone === true;
    this.#stage = record === null ? 'rehearsing' : isDone ? 'done' : record.checkpoint ? 'paused' : 'rehearsed';
    this.#stageSinceMs = now();
    this.#comparison = new CopyComparison({
      prefix: this.#prefix,
      withStores: (work) => this.#withStores(work),
      changed: options.changed,
      now,
    });
  }

  view(): CopyView {
    const isCopying = this.#stage === 'copying' || this.#stage === 'rehearsing';
    return {
      id: this.id,
      settings: this.#options.settings,
      stage: this.#stage,
      stageSinceMs: this.#stageSinceMs,
      error: this.#error,
      rehearsal: this.#rehearsal,
      counts: this.#counts,
      isCopied: this.#checkpoint?.isCopied === true || this.#stage === 'done',
      keysPerSecond: isCopying ? this.#rate.perSecond(this.#counts.read, this.#options.now()) : null,
      followed: this.#followed,
      named: this.#named,
      comparison: this.#comparison.view(),
    };
  }

  /** Begins to count what would be done. Throws for a target that is never written to. */
  rehearse(): void {
    // A copy that can never be written need not be counted.
    this.#options.gateOf(this.#options.settings.to)?.checkReadOnly();
    this.#start('rehearsing', async (from, to, signal) => {
      const { counts, isCopied } = await this.#run(from, to, signal, true);
      if (!isCopied) return 'paused';
      this.#rehearsal = counts;
      this.#counts = noCounts;
      await this.#save(false);
      return 'rehearsed';
    });
  }

  /** Begins to write, or goes on. Throws the refusal in words. */
  begin(typedName: string | null, anew: boolean): void {
    if (this.#work !== null) throw new BackendError('refused', 'This copy is running already.');
    if (this.#stage === 'done') throw new BackendError('refused', 'This copy has ended.', 'Make another one.');
    if (this.#rehearsal === null) {
      throw new BackendError('refused', 'It is not counted yet what this copy would do.', 'Make another one.');
    }
    const { settings, gateOf } = this.#options;
    gateOf(settings.to)?.confirm(typedName);
    if (anew) this.#checkpoint = null;
    this.#counts = this.#checkpoint?.counts ?? noCounts;
    this.#named = [];
    this.#followed = null;
    const isCopied = this.#checkpoint?.isCopied === true;
    this.#start(isCopied && settings.follow ? 'following' : 'copying', async (from, to, signal) => {
      if (anew) await this.#save(false);
      const guarded = gatedStore(to, () => gateOf(settings.to)?.checkReadOnly());
      const { isCopied: isWhole } = await this.#run(from, guarded, signal, false);
      // Following ends only when it is told to.
      if (!isWhole || settings.follow) return 'paused';
      await this.#save(true);
      return 'done';
    });
  }

  /** Resolves when nothing is done any more; at once when nothing is. */
  async pause(): Promise<void> {
    this.#work?.stop.abort();
    await this.#work?.ended;
  }

  /** Reads both sides from end to end. What is being written meanwhile goes on. */
  compare(): void {
    this.#comparison.start();
  }

  /** The target is used from now on. */
  async finish(): Promise<void> {
    if (this.#checkpoint?.isCopied !== true) {
      throw new BackendError('refused', 'Not all keys are in the target yet.', 'Let the copy come to its end.');
    }
    await this.pause();
    await this.#save(true);
    this.#become('done', null);
  }

  /** Ends all that is under way. */
  async close(): Promise<void> {
    await Promise.all([this.pause(), this.#comparison.close()]);
  }

  get #prefix(): Buffer {
    return Buffer.from(this.#options.settings.prefix, 'base64');
  }

  #run(from: KeyStore, to: KeyStore, signal: AbortSignal, dryRun: boolean) {
    const { settings, changed, now } = this.#options;
    this.#rate = new RecentRate();
    return runCopy({
      from,
      to,
      prefix: this.#prefix,
      onConflict: settings.onConflict,
      skipTooLarge: settings.skipTooLarge,
      keysPerSecond: dryRun ? null : settings.keysPerSecond,
      follow: settings.follow && !dryRun,
      dryRun,
      verify: true,
      resume: dryRun ? null : this.#checkpoint,
      save: async (checkpoint) => {
        this.#checkpoint = checkpoint;
        await this.#save(false);
      },
      progress: (counts) => {
        this.#counts = counts;
        this.#rate.add(counts.read, now());
        changed();
      },
      notable: (key, what) => {
        if (this.#named.length < MAX_NAMED) {
          this.#named = [...this.#named, { key: keyText(key), what: notableWords[what] }];
        }
      },
      copied: () => {
        this.#followed = noFollowCounts;
        this.#become('following', null);
      },
      followed: (counts) => {
        this.#followed = counts;
        changed();
      },
      signal,
    });
  }

  #start(stage: CopyStage, work: (from: KeyStore, to: KeyStore, signal: AbortSignal) => Promise<Ended>): void {
    const stop = new AbortController();
    const run = async (): Promise<void> => {
      let ended: CopyStage = 'failed';
      let error: Failure = null;
      try {
        ended = await this.#withStores((from, to) => work(from, to, stop.signal));
      } catch (thrown) {
        const { message, hint } = toApiError(thrown);
        if (stop.signal.aborted) ended = 'paused';
        else error = { message, hint };
      }
      this.#work = null;
      this.#become(ended, error);
    };
    this.#become(stage, null);
    this.#work = { stop, ended: run() };
  }

  async #withStores<T>(work: (from: KeyStore, to: KeyStore) => Promise<T>): Promise<T> {
    const { settings, open } = this.#options;
    const from = await open(settings.from);
    try {
      const to = await open(settings.to);
      try {
        return await work(from, to);
      } finally {
        to.close();
      }
    } finally {
      from.close();
    }
  }

  async #save(isDone: boolean): Promise<void> {
    if (this.#rehearsal === null) return;
    await this.#options.save({
      version: 1,
      id: this.id,
      settings: this.#options.settings,
      createdAtMs: this.createdAtMs,
      rehearsal: this.#rehearsal,
      checkpoint: this.#checkpoint,
      isDone,
    });
  }

  #become(stage: CopyStage, error: Failure): void {
    this.#stage = stage;
    this.#error = error;
    this.#stageSinceMs = this.#options.now();
    this.#options.changed();
  }
}

const notableWords = {
  conflict: 'has another value in the target',
  skipped: 'has another value in the target, and keeps it',
  tooLarge: 'is more than the target can take',
  expired: 'expired before its turn',
} as const;
