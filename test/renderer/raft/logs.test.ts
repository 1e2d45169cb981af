import { describe, expect, test } from 'vitest';
import {
  axisTicks,
  divergedEntries,
  divergesAt,
  entriesBehind,
  indexAxis,
  stretchesOf,
} from '../../../renderer/features/raft/logs.ts';
import { isNews, LOOK_BACK_MS, RecentMoments } from '../../../renderer/features/raft/partition-feed.ts';
import { messagesOf } from '../../../renderer/features/raft/messages.ts';
import { ringLayout } from '../../../renderer/features/raft/ring-layout.ts';
import { cutOffLeader, NOW_MS, progressOf, raftEvent, replicaIn, wordOf } from '../../support/partition.ts';

const byNode = (node: number) => cutOffLeader().replicas[node - 1]!;

describe('a log beside the leader’s', () => {
  test('diverges from the first entry of another term', () => {
    const live = cutOffLeader();
    expect(live.replicas.map((replica) => divergesAt(live, replica))).toEqual([1048, null, null, null, null]);
    expect(divergedEntries(live, byNode(1))).toBe(2);
  });

  test('is so many entries behind, by the leader’s word or else by its own', () => {
    const live = cutOffLeader();
    expect([1, 2, 3, 5].map((node) => entriesBehind(live, node))).toEqual([3, 0, 1, 6]);
    expect(entriesBehind(cutOffLeader({ partition: { ...live.partition, leader: 0 } }), 3)).toBeNull();
  });

  test('is cut where its term changes and where it knows it is final', () => {
    expect(stretchesOf(cutOffLeader(), byNode(3), 1040, 1060)).toEqual([
      { fromIndex: 1040, toIndex: 1047, term: 13, isCommitted: true },
      { fromIndex: 1048, toIndex: 1050, term: 14, isCommitted: true },
      { fromIndex: 1051, toIndex: 1051, term: 14, isCommitted: false },
    ]);
  });

  test('has what is final from the leader where it was not read itself, and says what is not known', () => {
    const unread = { ...byNode(4), log: [] };
    expect(stretchesOf(cutOffLeader(), unread, 1, 1060)).toEqual([
      { fromIndex: 1031, toIndex: 1047, term: 13, isCommitted: true },
      { fromIndex: 1048, toIndex: 1049, term: 14, isCommitted: true },
      { fromIndex: 1050, toIndex: 1050, term: null, isCommitted: false },
    ]);
  });
});

describe('the axis of indexes', () => {
  test('ends behind the longest log and has a cell for each entry while that fits', () => {
    expect(indexAxis(cutOffLeader(), 27)).toEqual({ fromIndex: 1027, toIndex: 1053, hasCells: true });
  });

  test('begins with the first entry there can be', () => {
    const one = wordOf({ firstLogIndex: 1, lastLogIndex: 1, commitIndex: 1, appliedIndex: 1 });
    const young = cutOffLeader({ replicas: [replicaIn(1, { word: one })] });
    expect(indexAxis(young, 27)).toEqual({ fromIndex: 1, toIndex: 27, hasCells: true });
  });

  test('shows twice as much, and so on, when replicas are apart', () => {
    const live = cutOffLeader({
      replicas: [
        replicaIn(1),
        replicaIn(2, { word: wordOf({ lastLogIndex: 980, commitIndex: 980, appliedIndex: 980 }) }),
      ],
    });
    const axis = indexAxis(live, 27);
    expect(axis).toEqual({ fromIndex: 1053 - 108 + 1, toIndex: 1053, hasCells: false });
  });

  test('is not squeezed by a replica that is very far behind', () => {
    const live = cutOffLeader({
      replicas: [
        replicaIn(1, { word: wordOf({ lastLogIndex: 90_000, commitIndex: 90_000, appliedIndex: 90_000 }) }),
        replicaIn(2),
      ],
    });
    expect(indexAxis(live, 27).hasCells).toBe(true);
  });

  test('has round ticks', () => {
    expect(axisTicks({ fromIndex: 1027, toIndex: 1053, hasCells: true }, 9)).toEqual([1030, 1035, 1040, 1045, 1050]);
    expect(axisTicks({ fromIndex: 1, toIndex: 27, hasCells: true }, 9)).toEqual([5, 10, 15, 20, 25]);
  });
});

describe('messages', () => {
  test('an index that moved was acknowledged; what is under way is sent', () => {
    const before = cutOffLeader({ timeMs: NOW_MS - 500, events: [] });
    const whole = cutOffLeader({ events: [] });
    const progress = progressOf({ 3: 1052, 4: 1050, 5: 1046 });
    const now = cutOffLeader({
      events: [],
      replicas: whole.replicas.map((replica) =>
        replica.node === 2
          ? {
              ...replica,
              word: wordOf({
                role: 'leader',
                progress: progress.map((one) => (one.node === 5 ? { ...one, inFlight: 5 } : one)),
              }),
            }
          : replica,
      ),
    });
    expect(messagesOf(before, now)).toEqual([
      { from: 3, to: 2, kind: 'reply', label: 'Ack 1,052' },
      { from: 2, to: 5, kind: 'request', label: 'Append ×5' },
    ]);
  });

  test('a vote replaces the request for it, and ages away', () => {
    const at = NOW_MS - 200;
    const live = cutOffLeader({
      partition: { ...cutOffLeader().partition, leader: 0 },
      voters: [1, 2, 3],
      events: [
        raftEvent('electionStarted', 2, { timeMs: at, detail: 'vote' }),
        raftEvent('voteGranted', 3, { timeMs: at + 2, peer: 2, detail: 'vote' }),
        raftEvent('voteRejected', 1, { timeMs: at + 3, peer: 2, detail: 'vote: its log is older' }),
      ],
    });
    expect(messagesOf(null, live)).toEqual([
      { from: 3, to: 2, kind: 'reply', label: 'Vote t14' },
      { from: 1, to: 2, kind: 'refusal', label: 'No, t14' },
    ]);
    expect(messagesOf(null, { ...live, timeMs: NOW_MS + 5_000 })).toEqual([]);
  });
});

test('a moment comes with how it was a little earlier', () => {
  const recent = new RecentMoments();
  const at = (timeMs: number) => recent.take(cutOffLeader({ timeMs }));
  expect(at(0).before).toBeNull();
  expect(at(300).before?.timeMs).toBe(0);
  expect(at(LOOK_BACK_MS + 200).before?.timeMs).toBe(300);
});

test('a vote is news, and figures are not', () => {
  const live = cutOffLeader();
  const changed = (word: Parameters<typeof wordOf>[0]) =>
    cutOffLeader({ replicas: live.replicas.map((one) => (one.node === 5 ? { ...one, word: wordOf(word) } : one)) });
  const before = changed({ votedFor: 0 });
  expect(isNews(null, live)).toBe(true);
  expect(isNews(before, changed({ votedFor: 0, commitIndex: 2000, electionLeftMs: 1 }))).toBe(false);
  expect(isNews(before, changed({ votedFor: 2 }))).toBe(true);
  expect(isNews(live, cutOffLeader({ events: [...live.events, raftEvent('steppedDown', 1)] }))).toBe(true);
});

test('no two replicas stand in one place on the ring', () => {
  for (let count = 1; count <= 9; count++) {
    const { places, nodePx } = ringLayout(count);
    for (const [i, a] of places.entries()) {
      for (const b of places.slice(i + 1)) expect(Math.hypot(a.x - b.x, a.y - b.y)).toBeGreaterThan(2 * nodePx);
    }
  }
});
