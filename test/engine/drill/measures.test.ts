import { describe, expect, it } from 'vitest';
import type { Operation } from '../../../engine/check/index.ts';
import {
  answersOf,
  leaderlessTimes,
  longestGap,
  ratePerSecond,
  recoveredAt,
  timelineOf,
  type Answer,
} from '../../../engine/drill/measures.ts';

const at = (atMs: number, partition = 0): Answer => ({ atMs, partition });
const every = (stepMs: number, fromMs: number, untilMs: number, partition = 0): Answer[] =>
  Array.from({ length: Math.floor((untilMs - fromMs) / stepMs) }, (_, i) => at(fromMs + i * stepMs, partition));
const put = (returnedAt: number, outcome: 'ok' | 'failed' | 'unknown', key = 'p0'): Operation => ({
  clientId: 1,
  key,
  kind: 'put',
  value: 'v',
  invokedAt: returnedAt - 1,
  returnedAt,
  outcome,
});

describe('what counts as an answer', () => {
  it('is a value, an acknowledgement or a conflict, by time, whatever the order of the history', () => {
    const conflict: Operation = {
      clientId: 2,
      key: 'p1',
      kind: 'cas',
      value: 'x',
      expectedRevision: 3,
      outcome: 'conflict',
      invokedAt: 1,
      returnedAt: 5,
    };
    const history = [put(9, 'ok'), put(7, 'failed'), put(8, 'unknown'), conflict];
    expect(answersOf(history, (key) => Number(key.slice(1)))).toEqual([at(5, 1), at(9, 0)]);
  });
});

describe('the longest time between two answers', () => {
  it('begins with the last answer before the fault', () => {
    expect(longestGap([at(90), at(340), at(350)], 100, 400)).toEqual({ lengthMs: 250, endMs: 340, open: false });
  });

  it('counts the time until the end, when nothing comes any more', () => {
    expect(longestGap([at(90), at(110)], 100, 400)).toEqual({ lengthMs: 290, endMs: 400, open: false });
  });

  it('says that there was no answer at all', () => {
    expect(longestGap([at(90)], 100, 400)).toEqual({ lengthMs: 310, endMs: 400, open: true });
    expect(longestGap([], 100, 400)).toEqual({ lengthMs: 300, endMs: 400, open: true });
  });

  it('ignores what came before the fault or after the end', () => {
    expect(longestGap([at(0), at(100), at(101), at(102), at(900)], 100, 110)).toMatchObject({ lengthMs: 8 });
  });
});

describe('rates', () => {
  it('count answers in (from, until], per second', () => {
    expect(ratePerSecond([at(100), at(101), at(600), at(601)], 100, 600)).toBe(4);
    expect(ratePerSecond([at(100)], 100, 100)).toBe(0);
  });
});

describe('recovery', () => {
  const both = (fromMs: number, untilMs: number) => [
    ...every(10, fromMs, untilMs, 0),
    ...every(10, fromMs + 1, untilMs, 1),
  ];
  const sorted = (answers: Answer[]) => answers.toSorted((a, b) => a.atMs - b.atMs);

  it('is where the next second has half of the rate before and every partition', () => {
    // 200 a second from 2000 on: the second from 1500 is the first that has 100 of them.
    const found = recoveredAt(sorted(both(2000, 5000)), { fromMs: 0, untilMs: 5000 }, 2, 200);
    expect(found).toBe(1500);
  });

  it('is not there while one partition is silent, however busy the others are', () => {
    const answers = sorted([...every(1, 0, 5000, 0), ...every(10, 3000, 5000, 1)]);
    expect(recoveredAt(answers, { fromMs: 0, untilMs: 5000 }, 2, 100)).toBe(2000);
    expect(recoveredAt(every(1, 0, 5000, 0), { fromMs: 0, untilMs: 5000 }, 2, 100)).toBeNull();
  });

  it('is not there when less than half of the rate came back', () => {
    expect(recoveredAt(sorted(both(0, 5000)), { fromMs: 0, untilMs: 5000 }, 2, 500)).toBeNull();
  });

  it('needs a whole second to tell', () => {
    expect(recoveredAt(sorted(both(0, 900)), { fromMs: 0, untilMs: 900 }, 2, 100)).toBeNull();
  });
});

describe('the time without a leader', () => {
  const hit = { partition: 3, leader: 1, term: 7, atMs: 1000 };

  it('ends with the next term that somebody wins in that partition', () => {
    const [time] = leaderlessTimes(
      [hit],
      [
        { partition: 3, node: 3, term: 9, atMs: 2500 },
        { partition: 3, node: 2, term: 8, atMs: 1412 },
        { partition: 3, node: 1, term: 7, atMs: 400 },
        { partition: 4, node: 2, term: 8, atMs: 1100 },
      ],
    );
    expect(time).toMatchObject({ lengthMs: 412, election: { node: 2, term: 8 } });
  });

  it('is unknown when nobody won, and never negative', () => {
    expect(leaderlessTimes([hit], [])).toEqual([{ hit, election: null, lengthMs: null }]);
    expect(leaderlessTimes([hit], [{ partition: 3, node: 2, term: 8, atMs: 990 }])).toMatchObject([{ lengthMs: 0 }]);
  });
});

describe('the timeline', () => {
  it('counts answers and failures by bucket, the last instant in the last one', () => {
    const history = [put(1000, 'ok'), put(1099, 'failed'), put(1100, 'ok'), put(1250, 'ok'), put(1300, 'unknown')];
    expect(timelineOf(history, { fromMs: 1000, untilMs: 1300 })).toEqual({
      bucketMs: 100,
      answered: [1, 1, 1],
      failed: [1, 0, 1],
    });
  });

  it('has at most 600 buckets however long it took', () => {
    const { bucketMs, answered } = timelineOf([], { fromMs: 0, untilMs: 300_000 });
    expect(bucketMs).toBe(500);
    expect(answered).toHaveLength(600);
  });
});
