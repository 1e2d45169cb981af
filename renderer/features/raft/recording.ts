import { fitRuns } from '../../../electron/contract/log-runs.ts';
import type { LogRun, PartitionLive, RaftEvent, RaftWord } from '../../../electron/contract/model.ts';
import type { RaftRecord, RaftSegment } from '../../../electron/contract/recording.ts';

/** One partition's recording: segments oldest first, each of which tells all anew. */
export type Recording = readonly RaftSegment[];

/** As many as the live inspector gets. */
const MAX_EVENTS = 64;

/** The end of a process is noticed within this. */
export const NOTICED_MS = 3_000;

/**
 * The partition as it was at a moment, built from what was recorded up to then; null before
 * the beginning. A moment at which nothing was recorded is as the last one before it. That a
 * process had ended or stood still by then counts also where it was noticed a little later:
 * else an election would come before the death that caused it.
 */
export function partitionAt(recording: Recording, timeMs: number): PartitionLive | null {
  const segment = recording.findLast(({ records }) => (records[0]?.timeMs ?? Infinity) <= timeMs);
  if (segment === undefined) return null;
  const state = new ReplayState();
  for (const record of segment.records) {
    if (record.timeMs > timeMs) break;
    state.apply(record);
  }
  return withHindsight(recording, state.live(timeMs, eventsUpTo(recording, timeMs)));
}

/** Of these states it is known when they began, not only when they were noticed. */
function standsStill(state: PartitionLive['replicas'][number]['state']): boolean {
  return state === 'dead' || state === 'stopped' || state === 'paused';
}

function withHindsight(recording: Recording, live: PartitionLive | null): PartitionLive | null {
  if (live === null) return null;
  const { timeMs } = live;
  const noticed = recording
    .filter(({ id, records }) => id <= timeMs + NOTICED_MS && (records.at(-1)?.timeMs ?? 0) > timeMs)
    .flatMap(({ records }) => records)
    .filter((record) => record.kind === 'partition' && record.timeMs > timeMs && record.timeMs <= timeMs + NOTICED_MS)
    .flatMap((record) => (record.kind === 'partition' ? record.replicas : []));
  return {
    ...live,
    replicas: live.replicas.map((replica) => {
      if (standsStill(replica.state)) return replica;
      const later = noticed.find(
        ({ node, state, sinceMs }) => node === replica.node && standsStill(state) && sinceMs <= timeMs,
      );
      return later === undefined ? replica : { ...replica, ...later };
    }),
  };
}

class ReplayState {
  #electionTimeoutMs = 0;
  #heartbeatMs = 0;
  #head: (RaftRecord & { kind: 'partition' }) | null = null;
  readonly #words = new Map<number, { word: RaftWord; heardAtMs: number }>();
  readonly #logs = new Map<number, readonly LogRun[]>();

  apply(record: RaftRecord): void {
    switch (record.kind) {
      case 'start':
        this.#electionTimeoutMs = record.electionTimeoutMs;
        this.#heartbeatMs = record.heartbeatMs;
        return;
      case 'partition':
        this.#head = record;
        return;
      case 'word': {
        const word = { ...(this.#words.get(record.node)?.word ?? emptyWord), ...record.word };
        this.#words.set(record.node, { word, heardAtMs: record.timeMs });
        this.#logs.set(record.node, fitRuns(this.#logs.get(record.node) ?? [], word));
        return;
      }
      case 'log':
        this.#logs.set(record.node, record.runs);
        return;
      case 'event':
      case 'alive':
        return;
    }
  }

  live(timeMs: number, events: RaftEvent[]): PartitionLive | null {
    const head = this.#head;
    if (head === null) return null;
    return {
      timeMs,
      partition: head.view,
      voters: head.voters,
      learners: head.learners,
      electionTimeoutMs: this.#electionTimeoutMs,
      heartbeatMs: this.#heartbeatMs,
      replicas: head.replicas.map((replica) => {
        const said = this.#words.get(replica.node);
        return {
          ...replica,
          name: `n${replica.node}`,
          word: said?.word ?? null,
          heardAtMs: said?.heardAtMs ?? null,
          log: [...(this.#logs.get(replica.node) ?? [])],
        };
      }),
      cuts: head.cuts,
      events,
    };
  }
}

/** Only for a recording whose first words of a replica are lost. */
const emptyWord: RaftWord = {
  role: 'follower',
  term: 0,
  votedFor: 0,
  leader: 0,
  commitIndex: 0,
  appliedIndex: 0,
  firstLogIndex: 1,
  lastLogIndex: 0,
  persistedIndex: 0,
  electionLeftMs: 0,
  progress: [],
};

/** The last events that were noticed by then, in order of their own time, each once. */
function eventsUpTo(recording: Recording, timeMs: number): RaftEvent[] {
  const seen = new Map<string, RaftEvent>();
  // Newest first, since there may be thousands and a few are wanted.
  for (const segment of recording.toReversed()) {
    for (const record of segment.records.toReversed()) {
      if (record.kind !== 'event' || record.timeMs > timeMs) continue;
      seen.set(eventKey(record.event), record.event);
      if (seen.size === MAX_EVENTS) return inOrder(seen);
    }
  }
  return inOrder(seen);
}

/** A node that a reopened app follows anew tells its last events again. */
export function eventKey(event: RaftEvent): string {
  return `${event.timeMs}/${event.node}/${event.kind}/${event.term}/${event.peer}`;
}

function inOrder(events: ReadonlyMap<string, RaftEvent>): RaftEvent[] {
  return [...events.values()].sort((a, b) => a.timeMs - b.timeMs);
}
