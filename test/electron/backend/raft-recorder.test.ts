import { appendFile, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { KnownLog } from '../../../electron/backend/raft/known-log.ts';
import type { PartitionFacts, ReplicaFacts } from '../../../electron/backend/raft/partition-facts.ts';
import { partitionLive } from '../../../electron/backend/raft/partition-live.ts';
import { RaftRecorder } from '../../../electron/backend/raft/raft-recorder.ts';
import { readRecords } from '../../../electron/backend/raft/recording-reader.ts';
import { RAFT_LIMITS, RecordingStore, SEGMENT_MS } from '../../../electron/backend/raft/recording-store.ts';
import { wordChange } from '../../../electron/backend/raft/word-change.ts';
import type { RaftEvent, RaftWord } from '../../../electron/contract/model.ts';
import { raftSegmentSchema } from '../../../electron/contract/recording.ts';
import type { GroupStatus, LogTail } from '../../../engine/rpc/cluster.ts';
import { partitionAt, type Recording } from '../../../renderer/features/raft/recording.ts';
import { timelineOf } from '../../../renderer/features/raft/timeline.ts';
import { wordOf } from '../../support/partition.ts';
import { localCluster, NOW, report } from './cluster-support.ts';

let dir: string;
const errors: unknown[] = [];
const openStore = () => RecordingStore.open(path.join(dir, 'raft'), (error) => errors.push(error));

beforeEach(async () => {
  errors.length = 0;
  dir = await mkdtemp(path.join(os.tmpdir(), 'prkdb-recording-'));
});
afterEach(() => rm(dir, { recursive: true, force: true }));

async function load(store: RecordingStore, partition: number): Promise<Recording> {
  const segments = store.segments.map(async ({ id }) => ({
    id,
    records: (await readRecords(store, partition, id, 0)).records,
  }));
  return (await Promise.all(segments)).map((segment) => raftSegmentSchema.parse(segment));
}

/** Three replicas of one partition that do as they are told, with their logs on the side. */
class Group {
  nowMs = NOW;
  leader = 1;
  term = 1;
  readonly logs = new Map<number, number[]>([1, 2, 3].map((node) => [node, [1, 1, 1]]));
  readonly states = new Map<number, ReplicaFacts['state']>([1, 2, 3].map((node) => [node, 'live']));
  commit = 3;

  status(node: number): GroupStatus {
    const log = this.logs.get(node) ?? [];
    const group = report(node, [this.leader]).groups[0]!;
    return {
      ...group,
      term: this.term,
      votedFor: this.leader,
      commitIndex: Math.min(this.commit, log.length),
      appliedIndex: Math.min(this.commit, log.length),
      lastLogIndex: log.length,
      persistedIndex: log.length,
      electionTimeoutLeftMs: 300,
      progress: group.progress.map((one) => ({ ...one, matchIndex: this.logs.get(one.nodeId)?.length ?? 0 })),
    };
  }

  facts(): PartitionFacts {
    return {
      view: {
        partition: 0,
        leader: this.leader,
        term: this.term,
        replicas: [1, 2, 3],
        commitIndex: this.commit,
        hasQuorum: true,
        replicasDown: 0,
        leaderSinceMs: NOW,
        leaderlessSinceMs: null,
      },
      timing: localCluster(3, 1).record.timing,
      replicas: [1, 2, 3].map((nodeId) => ({
        nodeId,
        state: this.states.get(nodeId) ?? 'live',
        sinceMs: NOW,
        endedBy: null,
        heardAtMs: this.nowMs,
        timeMs: this.nowMs,
        group: this.status(nodeId),
      })),
      cuts: [],
    };
  }

  tail(node: number): LogTail {
    const entries = (this.logs.get(node) ?? []).map((term, i) => ({
      index: i + 1,
      term,
      type: 'normal' as const,
      sizeBytes: 5,
    }));
    return { status: this.status(node), entries: entries.slice(-4), timeMs: this.nowMs };
  }

  /** What an inspector with all logs before its eyes would show. */
  live() {
    const tails = new Map([1, 2, 3].map((node) => [node, { ...this.tail(node), entries: this.tail(node).entries }]));
    return partitionLive({ facts: this.facts(), tails, events: [], nowMs: this.nowMs });
  }

  fingerprint(): string {
    return `${this.leader}/${this.term}/${[...this.states.values()].join()}`;
  }
}

function recorderOf(group: Group, store: RecordingStore): RaftRecorder {
  return new RaftRecorder({
    store,
    partitions: 1,
    replicas: 3,
    facts: () => group.facts(),
    readLog: (node) => Promise.resolve(group.tail(node)),
    now: () => group.nowMs,
  });
}

/** Numbers that look random and are the same every time. */
function numbers(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}

describe('a recording', () => {
  it('shows at every moment what there was to see then', async () => {
    const group = new Group();
    const store = await openStore();
    const recorder = recorderOf(group, store);
    const random = numbers(7);
    const seen: ReturnType<Group['live']>[] = [];
    for (let i = 0; i < 900; i++) {
      group.nowMs += 100;
      const what = random(12);
      const leaders = group.logs.get(group.leader)!;
      if (what < 5) leaders.push(group.term);
      else if (what < 9) {
        const node = 1 + random(3);
        // As replication does: what differs goes, what is missing comes.
        if (node !== group.leader) group.logs.set(node, leaders.slice(0, leaders.length));
      } else if (what === 9) {
        group.commit = Math.max(
          group.commit,
          [...group.logs.values()].map((log) => log.length).sort((a, b) => a - b)[1]!,
        );
      } else if (what === 10 && random(4) === 0) {
        // Only who has all that is committed can win.
        const able = [1, 2, 3].filter((node) => group.logs.get(node)!.length >= group.commit);
        group.leader = able[random(able.length)]!;
        group.term += 1;
        group.logs.get(group.leader)!.push(group.term);
      } else if (what === 11) group.states.set(1 + random(3), random(2) === 0 ? 'suspect' : 'live');
      recorder.changed(group.fingerprint());
      recorder.tick(true);
      // Reads of logs come back.
      await Promise.resolve();
      recorder.tick(true);
      if (i % 50 === 49) {
        // Nothing happens for long enough to be recorded.
        for (let quiet = 0; quiet < 6; quiet++) {
          group.nowMs += 2_000;
          recorder.tick(true);
          await Promise.resolve();
        }
        recorder.tick(true);
        seen.push(group.live());
      }
    }
    await store.close();
    const recording = await load(store, 0);
    expect(recording.length).toBeGreaterThan(1);
    for (const live of seen) {
      const replayed = partitionAt(recording, live.timeMs)!;
      expect(replayed.partition).toEqual(live.partition);
      for (const [i, replica] of live.replicas.entries()) {
        const past = replayed.replicas[i]!;
        expect(past.state).toBe(replica.state);
        expect({ ...past.word, electionLeftMs: 0 }).toEqual({ ...replica.word, electionLeftMs: 0 });
        // The end of the log, as far as the live inspector reads it; the recording may know more.
        const first = replica.log[0]!.fromIndex;
        const terms = past.log.flatMap((run) =>
          Array.from({ length: run.toIndex - run.fromIndex + 1 }, (_, n) => [run.fromIndex + n, run.term]),
        );
        const expected = replica.log.flatMap((run) =>
          Array.from({ length: run.toIndex - run.fromIndex + 1 }, (_, n) => [run.fromIndex + n, run.term]),
        );
        expect(terms.filter(([index]) => index! >= first)).toEqual(expected);
      }
    }
    expect(errors).toEqual([]);
  });

  it('begins anew where nobody looked, and says so', async () => {
    const group = new Group();
    const store = await openStore();
    const recorder = recorderOf(group, store);
    recorder.tick(true);
    group.nowMs += 5_000;
    recorder.tick(false);
    group.nowMs += 600_000;
    recorder.tick(true);
    group.nowMs += 2_000;
    recorder.tick(true);
    recorder.close();
    await store.close();
    const { spans } = timelineOf(await load(await openStore(), 0));
    expect(spans).toEqual([
      { fromMs: NOW, toMs: NOW + 5_000 },
      { fromMs: NOW + 605_000, toMs: NOW + 607_000 },
    ]);
  });

  it('has the votes at the moment of the election, also when read again later', async () => {
    const group = new Group();
    const store = await openStore();
    const recorder = recorderOf(group, store);
    recorder.tick(true);
    group.nowMs += 1_000;
    group.leader = 2;
    group.term = 2;
    const won: RaftEvent = {
      timeMs: group.nowMs,
      node: 2,
      kind: 'electionWon',
      term: 2,
      peer: 0,
      voters: [2, 3],
      detail: '',
    };
    recorder.event(0, won);
    group.nowMs += 20;
    recorder.changed(group.fingerprint());
    recorder.close();
    await store.close();
    const recording = await load(await openStore(), 0);
    const [mark] = timelineOf(recording).marks;
    expect(mark).toEqual({ timeMs: NOW + 1_020, kind: 'election', text: 'n2 won term 2' });
    const then = partitionAt(recording, mark!.timeMs)!;
    expect(then.events).toEqual([won]);
    expect(then.replicas.map((replica) => replica.word?.votedFor)).toEqual([2, 2, 2]);
    expect(partitionAt(recording, NOW + 500)?.partition).toMatchObject({ leader: 1, term: 1 });
  });

  it('costs little while nothing happens, and no more than so much while all happens', async () => {
    const bytesIn = async (store: RecordingStore) => {
      await store.close();
      return store.segments.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    };
    const quiet = new Group();
    const store = await openStore();
    const recorder = recorderOf(quiet, store);
    for (let i = 0; i < 590; i++) {
      recorder.tick(true);
      quiet.nowMs += 100;
    }
    expect(await bytesIn(store)).toBeLessThan(10_000);

    const busy = new Group();
    const busyStore = await RecordingStore.open(path.join(dir, 'busy'), (error) => errors.push(error));
    const partitions = 64;
    const all = new RaftRecorder({
      store: busyStore,
      partitions,
      replicas: 3,
      facts: (partition) => {
        const facts = busy.facts();
        return { ...facts, view: { ...facts.view, partition } };
      },
      readLog: () => null,
      now: () => busy.nowMs,
    });
    for (let i = 0; i < 590; i++) {
      for (const log of busy.logs.values()) log.push(1);
      busy.commit += 1;
      all.tick(true);
      busy.nowMs += 100;
    }
    // Sixteen minutes of this must stay well below what is kept.
    expect(await bytesIn(busyStore)).toBeLessThan(4_000_000);
  });
});

describe('the files of a recording', () => {
  it('reach back long enough and no further', async () => {
    const store = await openStore();
    const minutes = 40;
    for (let i = 0; i < minutes; i++) {
      store.begin(NOW + i * SEGMENT_MS);
      store.append(NOW + (i + 1) * SEGMENT_MS - 1, [`{"kind":"alive","timeMs":${i}}`]);
    }
    await store.close();
    const names = (await readdir(path.join(dir, 'raft'))).sort();
    expect(names).toEqual(store.segments.map(({ id }) => `${id}.jsonl`));
    const kept = store.segments.length * SEGMENT_MS;
    expect(kept).toBeGreaterThanOrEqual(RAFT_LIMITS.keepMs);
    expect(kept).toBeLessThanOrEqual(RAFT_LIMITS.keepMs + 2 * SEGMENT_MS);
    expect(errors).toEqual([]);
  });

  it('do not outgrow their bound, however much happens', async () => {
    const store = await openStore();
    const line = 'x'.repeat(8_000_000);
    for (let i = 0; i < 12; i++) {
      store.begin(NOW + i * 1000);
      store.append(NOW + i * 1000 + 1, [line]);
      await store.close();
    }
    let bytes = 0;
    for (const name of await readdir(path.join(dir, 'raft'))) bytes += (await stat(path.join(dir, 'raft', name))).size;
    expect(bytes).toBeLessThanOrEqual(64 * 1024 * 1024 + 2 * line.length);
  });

  it('lose a torn or foreign line only', async () => {
    const store = await openStore();
    store.begin(NOW);
    store.append(NOW, ['{"kind":"alive","timeMs":1}', 'nonsense', '{"kind":"strange"}', '{"kind":"alive","timeMs":2}']);
    await store.close();
    await appendFile(path.join(dir, 'raft', `${NOW}.jsonl`), '{"kind":"alive","ti');
    const again = await openStore();
    expect((await readRecords(again, 0, NOW, 0)).records).toEqual([
      { kind: 'alive', timeMs: 1 },
      { kind: 'alive', timeMs: 2 },
    ]);
  });

  it('are read on from where the reader was', async () => {
    const store = await openStore();
    store.begin(NOW);
    store.append(NOW, ['{"kind":"alive","timeMs":1}']);
    const first = await readRecords(store, 0, NOW, 0);
    store.append(NOW, ['{"kind":"alive","timeMs":2}']);
    const second = await readRecords(store, 0, NOW, first.after);
    expect([first, second].map(({ records }) => records.map(({ timeMs }) => timeMs))).toEqual([[1], [2]]);
    expect(await readRecords(store, 0, 5, 0)).toEqual({ records: [], after: 0, isEnd: true });
    await store.remove();
    expect(await readdir(dir)).toEqual([]);
  });

  it('cost the recording and nothing else when the disk refuses', async () => {
    await writeFile(path.join(dir, 'raft'), 'a file where a folder should be');
    const store = await openStore();
    store.begin(NOW);
    for (let i = 0; i < 5; i++) {
      store.append(NOW, ['{"kind":"alive","timeMs":1}']);
      store.flush();
    }
    await store.close();
    expect(errors.length).toBeGreaterThan(0);
    expect(errors.length).toBeLessThan(4);
  });
});

describe('what is known of a log', () => {
  const word = (over: Partial<RaftWord>) => wordOf({ firstLogIndex: 1, commitIndex: 0, ...over });
  const tail = (from: number, terms: readonly number[], commitIndex: number): LogTail => ({
    status: {
      ...report(1, [1]).groups[0]!,
      term: terms.at(-1) ?? 0,
      commitIndex,
      lastLogIndex: from + terms.length - 1,
    },
    entries: terms.map((term, i) => ({ index: from + i, term, type: 'normal', sizeBytes: 1 })),
    timeMs: NOW,
  });

  it('is read once, and again when another leader’s entries may follow', () => {
    const known = new KnownLog();
    const now = word({ term: 3, lastLogIndex: 5 });
    known.fit(now);
    expect(known.mustRead(now, NOW)).toBe(true);
    expect(known.mustRead(now, NOW + 1)).toBe(false);
    known.take(tail(1, [1, 1, 3, 3, 3], 5));
    const longer = word({ term: 3, lastLogIndex: 90 });
    known.fit(longer);
    expect(known.runs.at(-1)).toEqual({ fromIndex: 3, toIndex: 90, term: 3 });
    expect(known.mustRead(longer, NOW + 60_000)).toBe(false);
    const later = word({ term: 4, lastLogIndex: 91 });
    known.fit(later);
    expect(known.mustRead(later, NOW + 60_000)).toBe(true);
  });

  it('keeps what is final below what is read, and nothing that may be replaced', () => {
    const known = new KnownLog();
    known.fit(word({ term: 2, lastLogIndex: 8 }));
    known.take(tail(1, [1, 1, 2, 2, 2, 2, 2, 2], 4));
    known.fit(word({ term: 5, lastLogIndex: 9 }));
    known.take(tail(8, [5, 5], 4));
    expect(known.runs).toEqual([
      { fromIndex: 1, toIndex: 2, term: 1 },
      { fromIndex: 3, toIndex: 4, term: 2 },
      { fromIndex: 8, toIndex: 9, term: 5 },
    ]);
  });
});

describe('a change of words', () => {
  it('is what differs; a timer that runs is none until it runs low', () => {
    const before = wordOf({ electionLeftMs: 290 });
    expect(wordChange(null, before, 300)).toEqual(before);
    expect(wordChange(before, wordOf({ electionLeftMs: 200 }), 300)).toBeNull();
    expect(wordChange(before, wordOf({ electionLeftMs: 90 }), 300)).toEqual({ electionLeftMs: 90 });
    expect(wordChange(before, wordOf({ electionLeftMs: 200, term: 15 }), 300)).toEqual({
      electionLeftMs: 200,
      term: 15,
    });
  });
});
