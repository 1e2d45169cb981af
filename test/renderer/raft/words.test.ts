import { describe, expect, test } from 'vitest';
import { commitRule } from '../../../renderer/features/raft/commit-rule.ts';
import { whatIsHappening } from '../../../renderer/features/raft/happening.ts';
import { headlineOf } from '../../../renderer/features/raft/headline.ts';
import { logSentence, logSubject } from '../../../renderer/features/raft/log-words.ts';
import { snapshotPercent } from '../../../renderer/features/raft/logs.ts';
import { partitionInPath } from '../../../renderer/features/raft/raft-route.ts';
import { ringSentence } from '../../../renderer/features/raft/replica-words.ts';
import { ballotOf } from '../../../renderer/features/raft/votes.ts';
import { plainText } from '../../../renderer/features/raft/words.ts';
import { cutOffLeader, NOW_MS, progressOf, raftEvent, replicaIn, wordOf } from '../../support/partition.ts';

/** Three voters of which n1 and n2 are dead. */
function lonely() {
  const whole = cutOffLeader();
  return cutOffLeader({
    partition: {
      ...whole.partition,
      leader: 0,
      hasQuorum: false,
      leaderSinceMs: null,
      leaderlessSinceMs: NOW_MS - 4_000,
    },
    voters: [1, 2, 3],
    replicas: [
      replicaIn(1, { state: 'dead', endedBy: 'app', sinceMs: NOW_MS - 4_000 }),
      replicaIn(2, { state: 'dead', endedBy: 'none', sinceMs: NOW_MS - 2_000 }),
      replicaIn(3, { word: wordOf({ role: 'preCandidate' }) }),
    ],
    cuts: [],
  });
}

describe('the headline', () => {
  test('says who leads, how many voters take part, and what that means', () => {
    const { parts, meaning } = headlineOf(cutOffLeader(), null);
    expect(parts).toEqual(['n2 leads term 14', '4 of 5 voters reachable']);
    expect(meaning).toBe(
      'Quorum is 3: 3 of 5 must agree. Commit index 1,050. One voter, n1, is cut off and cannot commit anything.',
    );
  });

  test('says since when there is no leader, and how many are missing', () => {
    const { parts, meaning } = headlineOf(lonely(), null);
    expect(parts[0]).toBe('No leader for 4.0 s');
    expect(meaning).toContain('Only 1 voter can be reached, so nothing can be written until 1 more is back.');
  });

  test('says that it knows nothing new', () => {
    const { parts, meaning } = headlineOf(cutOffLeader(), 5_000);
    expect(parts).toEqual(['No data for 5 s']);
    expect(meaning).toContain('Last known: n2 leads term 14.');
  });
});

describe('what is happening', () => {
  test('tells the cut, the election with its votes, and what becomes of the old leader’s entries', () => {
    expect(plainText(whatIsHappening(cutOffLeader()))).toBe(
      [
        'You cut n1 off 3.2 s ago: it runs, and no message gets through.',
        'n5 misses heartbeats: the others do not hear it in time.',
        'n2 won term 14, 3.0 s ago, with the votes of n2, n3 and n4. All writes go through n2.',
        'n1 has not heard of it and still believes to lead term 13.',
        '2 entries at the end of n1’s log were never committed: n2 will replace them when n1 is back.',
        'n5 is 6 entries behind and is being sent them.',
        'No acknowledged write is lost: all up to 1,050 is on the disks of at least 3 voters, whoever is away.',
      ].join(' '),
    );
  });

  test('tells why nobody can lead', () => {
    const said = plainText(whatIsHappening(lonely()));
    expect(said).toContain('You killed n1 4.0 s ago. The process of n2 ended by itself 2.0 s ago.');
    expect(said).toContain('Only 1 of 3 voters can be reached, and it takes 2 to elect a leader');
  });

  test('tells a vote while it is counted, and who votes otherwise', () => {
    const whole = cutOffLeader();
    const voting = cutOffLeader({
      partition: { ...whole.partition, leader: 0, term: 14 },
      voters: [1, 2, 3],
      replicas: [
        replicaIn(1, { word: wordOf({ role: 'candidate', term: 15, votedFor: 1 }) }),
        replicaIn(2, { word: wordOf({ role: 'candidate', term: 14, votedFor: 2 }) }),
        replicaIn(3, { word: wordOf({ term: 15, votedFor: 2 }) }),
      ],
      cuts: [],
      events: [],
    });
    expect(plainText(whatIsHappening(voting))).toContain(
      'n1 asks for votes for term 15 and has 1 of the 2 it needs: n1; n3 voted for n2.',
    );
  });

  test('explains a quiet partition', () => {
    const whole = cutOffLeader();
    const quiet = cutOffLeader({
      partition: { ...whole.partition, leaderSinceMs: NOW_MS - 600_000 },
      events: [],
      voters: [2, 3],
      replicas: whole.replicas.slice(1, 3),
    });
    expect(plainText(whatIsHappening(quiet))).toMatch(
      /^n2 leads term 14: every write goes to it, and counts once 2 of 2/,
    );
  });
});

test('of replicas that were never heard nothing is promised', () => {
  const whole = lonely();
  const unheard = { ...whole, replicas: whole.replicas.map((replica) => ({ ...replica, word: null })) };
  expect(plainText(whatIsHappening(unheard))).not.toContain('acknowledged');
  expect(headlineOf(unheard, null).meaning).toContain('No replica was heard yet.');
  expect(plainText(commitRule(unheard))).toBe('Only a leader may commit, and no replica was heard yet.');
});

describe('votes', () => {
  test('are what the voters say they gave', () => {
    const ballot = ballotOf(cutOffLeader());
    expect(ballot).toMatchObject({ term: 14, candidate: 2, isWon: true, granted: 3 });
    expect(ballot.votes.map((vote) => vote.answer)).toEqual(['away', 'yes', 'yes', 'yes', 'none']);
  });

  test('are told by events when the voter was not heard since', () => {
    const whole = cutOffLeader();
    const silent = cutOffLeader({
      replicas: whole.replicas.map((replica) => ({ ...replica, word: wordOf({ term: 13, votedFor: 1 }) })),
      events: [
        raftEvent('voteGranted', 5, { peer: 2, detail: 'vote' }),
        raftEvent('voteGranted', 4, { peer: 2, detail: 'preVote' }),
      ],
    });
    expect(ballotOf(silent).votes.map((vote) => vote.answer)).toEqual(['away', 'none', 'none', 'none', 'yes']);
  });

  test('are in the sentence of the ring', () => {
    const live = cutOffLeader();
    expect(ringSentence(live, ballotOf(live))).toBe(
      'Replicas of p2: n2 leads term 14 with votes from n2, n3 and n4. n1: cut off, leads old term 13. n3: match 1,051, timer 280 ms. n4: match 1,050, timer 280 ms. n5: match 1,046, timer 71 ms.',
    );
  });
});

describe('the commit rule', () => {
  test('has the numbers of the moment', () => {
    expect(plainText(commitRule(cutOffLeader()))).toBe(
      'The leader counts how far each voter’s disk agrees with its log: 1,052 on n2, 1,051 on n3, 1,050 on n4, 1,046 on n5, and nothing yet from n1. Three of 5 voters hold 1,050, so all up to 1,050 is committed.',
    );
  });

  test('says when too few hold anything, and when nobody may commit', () => {
    const whole = cutOffLeader();
    const fresh = cutOffLeader({
      replicas: whole.replicas.map((replica) =>
        replica.node === 2
          ? { ...replica, word: wordOf({ role: 'leader', progress: progressOf({ 3: 1051 }) }) }
          : replica,
      ),
    });
    expect(plainText(commitRule(fresh))).toContain(
      'That is 2 of 5, and 3 are needed: nothing new is committed beyond 1,050.',
    );
    expect(plainText(commitRule(lonely()))).toContain('Only a leader may commit. There is none now');
  });

  test('says what a majority holds and the leader has not committed yet', () => {
    const whole = cutOffLeader({ partition: { ...cutOffLeader().partition, commitIndex: 1048 } });
    const ahead = cutOffLeader({
      partition: whole.partition,
      replicas: whole.replicas.map((replica) =>
        replica.node === 2
          ? {
              ...replica,
              word: wordOf({ role: 'leader', commitIndex: 1048, progress: progressOf({ 3: 1051, 4: 1050 }) }),
            }
          : replica,
      ),
    });
    expect(plainText(commitRule(ahead))).toContain('Three of 5 voters hold 1,050, so it is about to be committed');
  });
});

test('a follower may have been heard later than the leader', () => {
  const whole = cutOffLeader();
  const later = cutOffLeader({ partition: { ...whole.partition, commitIndex: 1051 } });
  expect(plainText(commitRule(later))).toContain('A follower has heard already that all up to 1,051 is committed');
});

test('a strip is named by what it is to the leader', () => {
  const live = cutOffLeader();
  expect(live.replicas.map((replica) => logSubject(live, replica))).toEqual([
    'diverged',
    'leader',
    '1 behind',
    '2 behind',
    '6 behind',
  ]);
  expect(logSentence(live, live.replicas[0]!)).toContain('its last 2 entries will be replaced');
});

test('a replica that gets a snapshot is told of with how much of it was sent', () => {
  const live = cutOffLeader();
  const replicas = live.replicas.map((replica) => {
    const progress = replica.word!.progress.map((one) =>
      one.node === 5 ? { ...one, state: 'snapshot' as const, snapshotShare: 0.4279 } : one,
    );
    return { ...replica, word: { ...replica.word!, progress } };
  });
  const now = { ...live, replicas };
  expect(logSubject(now, replicas[4]!)).toBe('snapshot 42 %');
  expect(plainText(whatIsHappening(now))).toContain('it is sent a copy of the whole state (a snapshot), 42 % so far.');
  expect(snapshotPercent(now, 4)).toBeNull();
});

test('an address names a partition, none, or nonsense', () => {
  expect([undefined, '', '0', '63', 'x', '-1', '1e3'].map(partitionInPath)).toEqual([
    null,
    null,
    0,
    63,
    'unknown',
    'unknown',
    'unknown',
  ]);
});
