import { describe, expect, test } from 'vitest';
import type { Api } from '../../../electron/contract/contract.ts';
import type { RaftRecord, RaftSegment } from '../../../electron/contract/recording.ts';
import { NotARecording, parseRecordingFile, recordingAsText } from '../../../renderer/features/raft/recording-file.ts';
import { RecordingLoader } from '../../../renderer/features/raft/recording-loader.ts';
import { partitionAt } from '../../../renderer/features/raft/recording.ts';
import { clockTicks, gapsIn, windowAround } from '../../../renderer/features/raft/time-window.ts';
import { markFrom, nearestStep, stepAt, stepFrom, timelineOf } from '../../../renderer/features/raft/timeline.ts';
import { parseAt } from '../../../renderer/features/raft/use-at.ts';
import { cutOffLeader, NOW_MS, raftEvent, wordOf } from '../../support/partition.ts';

const start = (atMs: number): RaftRecord => ({
  kind: 'start',
  timeMs: NOW_MS + atMs,
  electionTimeoutMs: 300,
  heartbeatMs: 50,
});
const alive = (atMs: number): RaftRecord => ({ kind: 'alive', timeMs: NOW_MS + atMs });

function partition(
  atMs: number,
  leader: number,
  term: number,
  state: 'live' | 'dead' | 'paused' | 'partitioned' = 'live',
): RaftRecord {
  return {
    kind: 'partition',
    partition: 2,
    timeMs: NOW_MS + atMs,
    view: { ...cutOffLeader().partition, leader, term },
    voters: [1, 2],
    learners: [],
    cuts: [],
    replicas: [
      { node: 1, state, sinceMs: NOW_MS + atMs, endedBy: state === 'dead' ? 'app' : null },
      { node: 2, state: 'live', sinceMs: NOW_MS, endedBy: null },
    ],
  };
}

const word = (atMs: number, node: number, said: Partial<ReturnType<typeof wordOf>>): RaftRecord => ({
  kind: 'word',
  partition: 2,
  timeMs: NOW_MS + atMs,
  node,
  word: said,
});

const event = (atMs: number, told: Partial<ReturnType<typeof raftEvent>> = {}): RaftRecord => ({
  kind: 'event',
  partition: 2,
  timeMs: NOW_MS + atMs,
  event: raftEvent('electionWon', 2, { timeMs: NOW_MS + atMs - 5, voters: [1, 2], ...told }),
});

const segment = (id: number, ...records: RaftRecord[]): RaftSegment => ({ id, records });

/** n1 leads term 13, is killed, n2 wins term 14; a second segment goes on; a third is of another day. */
const recording = [
  segment(
    1,
    start(0),
    partition(0, 1, 13),
    word(0, 1, wordOf({ role: 'leader', term: 13 })),
    word(0, 2, wordOf({ term: 13 })),
    word(1_000, 2, { commitIndex: 1051 }),
    partition(2_000, 0, 13, 'dead'),
    event(2_300),
    partition(2_310, 2, 14, 'dead'),
    word(2_310, 2, { role: 'leader', term: 14 }),
  ),
  segment(
    2,
    start(3_000),
    partition(3_000, 2, 14, 'dead'),
    word(3_000, 2, wordOf({ role: 'leader', commitIndex: 1060 })),
    alive(5_000),
  ),
  segment(3, start(600_000), partition(600_000, 2, 14), event(600_100, { timeMs: NOW_MS + 2_295 }), alive(602_000)),
];

describe('a moment of a recording', () => {
  test('is all that was known by then', () => {
    const before = partitionAt(recording, NOW_MS + 1_500)!;
    expect(before.partition).toMatchObject({ leader: 1, term: 13 });
    expect(before.replicas.map((replica) => replica.word?.commitIndex)).toEqual([1050, 1051]);
    expect(before).toMatchObject({ electionTimeoutMs: 300, heartbeatMs: 50, events: [] });
    const after = partitionAt(recording, NOW_MS + 2_400)!;
    expect(after.replicas.map((replica) => [replica.state, replica.word?.term])).toEqual([
      ['dead', 13],
      ['live', 14],
    ]);
    expect(after.events).toHaveLength(1);
  });

  test('forgets nothing at the seam of two segments but what the new one does not repeat', () => {
    const later = partitionAt(recording, NOW_MS + 4_000)!;
    expect(later.replicas.map((replica) => replica.word?.commitIndex)).toEqual([undefined, 1060]);
    expect(later.events.map(({ kind }) => kind)).toEqual(['electionWon']);
  });

  test('knows of a death that was noticed after the election it caused', () => {
    const late = [
      segment(NOW_MS, start(0), partition(0, 1, 13), event(500), partition(510, 2, 14), {
        ...partition(900, 2, 14, 'dead'),
        replicas: [{ node: 1, state: 'dead', sinceMs: NOW_MS + 100, endedBy: 'app' }],
      } as RaftRecord),
    ];
    const stateAt = (ms: number) => partitionAt(late, NOW_MS + ms)?.replicas[0]?.state;
    expect([50, 100, 520, 900].map(stateAt)).toEqual(['live', 'dead', 'dead', 'dead']);
    expect(timelineOf(late).marks.map(({ timeMs, text }) => [timeMs - NOW_MS, text])).toEqual([
      [100, 'n1 killed'],
      [510, 'n2 won term 14'],
    ]);
  });

  test('has an event once, though a reopened app was told it again', () => {
    expect(partitionAt(recording, NOW_MS + 601_000)?.events).toHaveLength(1);
  });

  test('is none before the beginning', () => {
    expect(partitionAt(recording, NOW_MS - 1)).toBeNull();
    expect(partitionAt([], NOW_MS)).toBeNull();
  });
});

describe('the timeline', () => {
  const { spans, bands, marks, steps } = timelineOf(recording);
  const after = (times: readonly number[]) => times.map((timeMs) => timeMs - NOW_MS);

  test('knows when somebody looked', () => {
    expect(spans.map(({ fromMs, toMs }) => after([fromMs, toMs]))).toEqual([
      [0, 5_000],
      [600_000, 602_000],
    ]);
  });

  test('has the terms with their leaders, and the time without one', () => {
    expect(bands.map((band) => [...after([band.fromMs, band.toMs]), band.term, band.leader])).toEqual([
      [0, 2_000, 13, 1],
      [2_000, 2_310, 13, 0],
      [2_310, 5_000, 14, 2],
      [600_000, 602_000, 14, 2],
    ]);
  });

  test('marks faults, and elections where their outcome shows', () => {
    expect(marks.map((mark) => [mark.timeMs - NOW_MS, mark.kind, mark.text])).toEqual([
      [2_000, 'fault', 'n1 killed'],
      [2_310, 'election', 'n2 won term 14'],
    ]);
  });

  test('steps where something changed, and not where a segment repeats it', () => {
    expect(after(steps)).toEqual([0, 1_000, 2_000, 2_300, 2_310, 600_000, 600_100]);
  });

  test('is walked step by step and mark by mark', () => {
    const at = (ms: number) => NOW_MS + ms;
    expect(stepAt(steps, at(999))).toBe(0);
    expect(stepAt(steps, at(-1))).toBe(-1);
    expect(stepFrom(steps, at(1_000), 1)).toBe(at(2_000));
    expect(stepFrom(steps, at(1_500), -1)).toBe(at(1_000));
    expect(stepFrom(steps, at(1_000), -1)).toBe(at(0));
    expect(stepFrom(steps, at(0), -1)).toBe(at(0));
    expect(stepFrom(steps, at(900_000), 1)).toBe(at(600_100));
    expect(stepFrom([], at(0), 1)).toBeNull();
    expect(nearestStep(steps, at(1_400))).toBe(at(1_000));
    expect(nearestStep(steps, at(1_600))).toBe(at(2_000));
    expect(markFrom(marks, at(2_310), -1)?.text).toBe('n1 killed');
    expect(markFrom(marks, at(2_310), 1)).toBeNull();
  });
});

describe('the window of the track', () => {
  test('moves as little as needed to show the playhead', () => {
    expect(windowAround(1_000, 100, 950)).toEqual({ fromMs: 900, toMs: 1_000 });
    expect(windowAround(1_000, 100, 1_050)).toEqual({ fromMs: 954, toMs: 1_054 });
    expect(windowAround(1_000, 100, 500)).toEqual({ fromMs: 496, toMs: 596 });
  });

  test('knows what was not recorded', () => {
    const spans = [
      { fromMs: 10, toMs: 20 },
      { fromMs: 50, toMs: 60 },
    ];
    expect(gapsIn({ fromMs: 0, toMs: 100 }, spans, 10)).toEqual([
      { fromMs: 0, toMs: 10 },
      { fromMs: 20, toMs: 50 },
      { fromMs: 60, toMs: 100 },
    ]);
    expect(gapsIn({ fromMs: 12, toMs: 25 }, spans, 10)).toEqual([]);
    expect(gapsIn({ fromMs: 0, toMs: 100 }, [], 10)).toEqual([{ fromMs: 0, toMs: 100 }]);
  });

  test('has round times', () => {
    expect(clockTicks({ fromMs: 1_500, toMs: 31_500 }, 4)).toEqual([10_000, 20_000, 30_000]);
  });
});

describe('a recording in a file', () => {
  const text = recordingAsText({ cluster: 'dev', partition: 2, savedAtMs: NOW_MS, recording });

  test('is the same when it is opened', async () => {
    expect((await parseRecordingFile(text)).segments).toEqual(recording);
  });

  test('is refused when it is something else, or empty', async () => {
    const broken = JSON.stringify({ ...JSON.parse(text), segments: [{ id: 1, records: [{ kind: 'word' }] }] });
    const empty = recordingAsText({ cluster: 'dev', partition: 2, savedAtMs: NOW_MS, recording: [] });
    for (const other of ['', 'hello', '{}', '[]', 'null', broken, empty]) {
      await expect(parseRecordingFile(other)).rejects.toBeInstanceOf(NotARecording);
    }
  });
});

describe('loading', () => {
  /** A backend whose pages hold two records each. */
  function backend(segments: RaftSegment[]) {
    const asked: string[] = [];
    const query = async (name: string, input: { segment: number; after: number }) => {
      if (name === 'raft.segments') return segments.map(({ id }) => ({ id, sizeBytes: 1 }));
      asked.push(`${input.segment}@${input.after}`);
      const all = segments.find(({ id }) => id === input.segment)?.records ?? [];
      const after = Math.min(all.length, input.after + 2);
      return { records: all.slice(input.after, after), after, isEnd: after >= all.length };
    };
    return { asked, api: { query } as unknown as Api };
  }

  test('fetches all pages, later only what is new, and lets go of what is gone', async () => {
    const segments = [segment(1, alive(0), alive(1), alive(2)), segment(2, alive(3))];
    const { api, asked } = backend(segments);
    const loader = new RecordingLoader(api, 'dev', 0);
    const first = await loader.sync(() => undefined);
    expect(first.map(({ records }) => records.length)).toEqual([3, 1]);
    expect(asked).toEqual(['2@0', '1@0', '1@2']);
    asked.length = 0;
    expect(await loader.sync(() => undefined)).toBe(first);
    expect(asked).toEqual(['2@1']);
    segments.shift();
    segments[0]!.records.push(alive(4));
    segments.push(segment(3, alive(5)));
    const later = await loader.sync(() => undefined);
    expect(later.map(({ id, records }) => [id, records.length])).toEqual([
      [2, 2],
      [3, 1],
    ]);
  });

  test('shows the newest before the rest is there', async () => {
    const { api } = backend([segment(1, alive(0)), segment(2, alive(3))]);
    const parts: number[][] = [];
    await new RecordingLoader(api, 'dev', 0).sync((part) => parts.push(part.map(({ id }) => id)));
    expect(parts).toEqual([[2], [1, 2]]);
  });
});

test('an address names a moment or none', () => {
  expect([null, '', '1790000000000', '-5', 'x', '1.5'].map(parseAt)).toEqual([
    null,
    null,
    1_790_000_000_000,
    null,
    null,
    null,
  ]);
});
