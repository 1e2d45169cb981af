import { fitRuns } from '../../contract/log-runs.ts';
import type { LogRun, PartitionLive, RaftEvent, RaftWord } from '../../contract/model.ts';
import type { RaftRecord } from '../../contract/recording.ts';
import type { LogTail } from '../../../engine/rpc/cluster.ts';
import { KnownLog } from './known-log.ts';
import type { PartitionFacts } from './partition-facts.ts';
import { partitionLive } from './partition-live.ts';
import { TAIL_ENTRIES } from './partition-watch.ts';
import { SEGMENT_MS, type RecordingStore } from './recording-store.ts';
import { wordChange } from './word-change.ts';

/** Nodes report this often; more often nothing can be new. */
const FIGURES_MS = 200;
/** Replicas whose mere figures are recorded in a second, over all partitions: bounds a busy cluster's file. */
const MAX_FIGURES_PER_SECOND = 120;
const ALIVE_MS = 2_000;
const FLUSH_MS = 1_000;

interface Recorded {
  /** What a reader of the record knows by now. */
  head: string;
  readonly words: Map<number, RaftWord>;
  readonly runs: Map<number, LogRun[]>;
  readonly known: Map<number, KnownLog>;
  dueMs: number;
}

export interface RaftRecorderOptions {
  readonly store: RecordingStore;
  readonly partitions: number;
  readonly replicas: number;
  readonly facts: (partition: number) => PartitionFacts | null;
  /** Null when there is no link to the node. */
  readonly readLog: (node: number, partition: number, limit: number) => Promise<LogTail> | null;
  readonly now: () => number;
}

/**
 * Writes down what happens inside every partition of a cluster while its nodes run: votes,
 * roles and terms at once, figures in turn. Nobody needs to look.
 */
export class RaftRecorder {
  readonly #options: RaftRecorderOptions;
  readonly #partitions: Recorded[];
  readonly #figuresMs: number;
  #fingerprint = '';
  #beganMs: number | null = null;
  #wroteMs = 0;
  #flushedMs = 0;

  constructor(options: RaftRecorderOptions) {
    this.#options = options;
    const { partitions, replicas } = options;
    this.#figuresMs = Math.max(FIGURES_MS, (partitions * replicas * 1000) / MAX_FIGURES_PER_SECOND);
    this.#partitions = Array.from({ length: partitions }, () => ({
      head: '',
      words: new Map(),
      runs: new Map(),
      known: new Map(),
      dueMs: 0,
    }));
  }

  /** Roles, terms, leaders or states may have changed; another fingerprint says that they did. */
  changed(fingerprint: string): void {
    if (fingerprint === this.#fingerprint) return;
    this.#fingerprint = fingerprint;
    if (this.#beganMs !== null) this.#recordAll(this.#options.now());
  }

  event(partition: number, event: RaftEvent): void {
    if (this.#beganMs === null) return;
    this.#write({ kind: 'event', partition, timeMs: this.#options.now(), event });
    const recorded = this.#partitions[partition];
    if (recorded !== undefined) recorded.dueMs = 0;
  }

  /** To be called ten times a second while nodes run (`isUp`), and once when they no longer do. */
  tick(isUp: boolean): void {
    const nowMs = this.#options.now();
    if (!isUp) return this.#end(nowMs);
    if (this.#beganMs === null || nowMs - this.#beganMs >= SEGMENT_MS) this.#begin(nowMs);
    this.#partitions.forEach((recorded, partition) => {
      if (nowMs >= recorded.dueMs) this.#record(partition, recorded, nowMs);
    });
    if (nowMs - this.#wroteMs >= ALIVE_MS) this.#write({ kind: 'alive', timeMs: nowMs });
    if (nowMs - this.#flushedMs < FLUSH_MS) return;
    this.#flushedMs = nowMs;
    this.#options.store.flush();
  }

  /** Writes what is due and ends the segment. */
  close(): void {
    this.#end(this.#options.now());
  }

  #begin(nowMs: number): void {
    const timing = this.#options.facts(0)?.timing;
    if (timing === undefined) return;
    const { tickMs, electionTicksMax, heartbeatTicks } = timing;
    this.#options.store.begin(nowMs);
    this.#beganMs = nowMs;
    this.#write({
      kind: 'start',
      timeMs: nowMs,
      electionTimeoutMs: tickMs * electionTicksMax,
      heartbeatMs: tickMs * heartbeatTicks,
    });
    for (const recorded of this.#partitions) {
      recorded.head = '';
      recorded.words.clear();
      recorded.runs.clear();
    }
    this.#recordAll(nowMs);
  }

  #end(nowMs: number): void {
    if (this.#beganMs === null) return;
    this.#recordAll(nowMs);
    this.#write({ kind: 'alive', timeMs: nowMs });
    this.#beganMs = null;
    this.#options.store.flush();
  }

  #recordAll(nowMs: number): void {
    this.#partitions.forEach((recorded, partition) => this.#record(partition, recorded, nowMs));
  }

  #record(partition: number, recorded: Recorded, nowMs: number): void {
    recorded.dueMs = nowMs + this.#figuresMs;
    const facts = this.#options.facts(partition);
    if (facts === null) return;
    const live = partitionLive({ facts, tails: new Map(), events: [], nowMs });
    const head = headOf(live);
    const headText = JSON.stringify(head);
    if (headText !== recorded.head) {
      recorded.head = headText;
      this.#write({ kind: 'partition', partition, timeMs: nowMs, ...head });
    }
    for (const { node, word } of live.replicas) {
      if (word !== null) this.#recordReplica(partition, recorded, node, word, live.electionTimeoutMs, nowMs);
    }
  }

  #recordReplica(
    partition: number,
    recorded: Recorded,
    node: number,
    word: RaftWord,
    electionTimeoutMs: number,
    nowMs: number,
  ): void {
    const change = wordChange(recorded.words.get(node) ?? null, word, electionTimeoutMs);
    if (change !== null) {
      recorded.words.set(node, word);
      this.#write({ kind: 'word', partition, timeMs: nowMs, node, word: change });
    }
    let known = recorded.known.get(node);
    if (known === undefined) {
      known = new KnownLog();
      recorded.known.set(node, known);
    }
    known.fit(word);
    const followed = fitRuns(recorded.runs.get(node) ?? [], word);
    const runs = [...known.runs];
    if (JSON.stringify(followed) !== JSON.stringify(runs)) {
      this.#write({ kind: 'log', partition, timeMs: nowMs, node, runs });
    }
    recorded.runs.set(node, runs);
    if (known.mustRead(word, nowMs)) void this.#read(partition, recorded, node, known);
  }

  async #read(partition: number, recorded: Recorded, node: number, known: KnownLog): Promise<void> {
    try {
      const tail = await this.#options.readLog(node, partition, TAIL_ENTRIES);
      if (tail === null) return;
      known.take(tail);
      recorded.dueMs = 0;
    } catch {
      // A node that does not answer is asked again later.
    }
  }

  #write(record: RaftRecord): void {
    this.#wroteMs = record.timeMs;
    this.#options.store.append(record.timeMs, [JSON.stringify(record)]);
  }
}

function headOf(live: PartitionLive) {
  return {
    view: live.partition,
    voters: live.voters,
    learners: live.learners,
    cuts: live.cuts,
    replicas: live.replicas.map(({ node, state, sinceMs, endedBy }) => ({ node, state, sinceMs, endedBy })),
  };
}
