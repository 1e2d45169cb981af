import { describe, expect, it } from 'vitest';
import type { FaultRequest } from '../../../electron/contract/faults.ts';
import { StoryTeller } from '../../../electron/backend/story/teller.ts';
import { event, lines, proc, runningTeller, status, T0, tell, text, won } from './story-support.ts';

/** Eight partitions as in the mock-up: n1 leads p0, p3, p6. */
const LEADERS = [1, 2, 3, 1, 2, 3, 1, 2];
const TERMS = [9, 4, 7, 7, 5, 8, 5, 7];

/** The failover of the mock-up: kill, suspicion, two elections, a split vote, a third election. */
const FAILOVER = [
  proc(0, 1, 'killed', 'app'),
  event(151, 2, 'peerSuspect', { peer: 1 }),
  event(158, 3, 'peerSuspect', { peer: 1 }),
  event(300, 2, 'electionStarted', { partition: 3, term: 8, detail: 'preVote' }),
  event(310, 2, 'electionStarted', { partition: 3, term: 8, detail: 'vote' }),
  event(312, 3, 'voteGranted', { partition: 3, term: 8, peer: 2, detail: 'vote' }),
  won(412, 2, 3, 8, [2, 3]),
  event(414, 3, 'leaderKnown', { partition: 3, term: 8, peer: 2 }),
  event(430, 2, 'electionStarted', { partition: 0, term: 10, detail: 'vote' }),
  event(441, 3, 'electionStarted', { partition: 0, term: 10, detail: 'vote' }),
  event(442, 2, 'voteRejected', { partition: 0, term: 10, peer: 3, detail: 'vote: already voted' }),
  won(470, 3, 6, 6, [3, 2]),
  event(900, 2, 'electionLost', { partition: 0, term: 10, detail: 'vote: no quorum in time' }),
  event(901, 2, 'electionStarted', { partition: 0, term: 11, detail: 'vote' }),
  won(1_184, 2, 0, 11, [2, 3]),
  event(1_186, 3, 'leaderKnown', { partition: 0, term: 11, peer: 2 }),
];

const FAILOVER_STORY = [
  '+0 fault: n1 killed by you (SIGKILL). It led p0, p3 and p6.',
  '+151 suspect: n2 and n3 miss 3 heartbeats from n1: suspect.',
  '+412 elected: n2 wins election for p3 in term 8 with votes n2, n3. 412 ms without leader.',
  '+470 elected: n3 wins election for p6 in term 6 with votes n3, n2. 470 ms without leader.',
  '+900 splitVote: Split vote for p0 in term 10: n2 and n3 got one vote each. Both wait and retry.',
  '+1184 elected: n2 wins election for p0 in term 11 with votes n2, n3. 1,184 ms without leader.',
];

const ISOLATE_1: FaultRequest = { kind: 'isolate', node: 1, durationMs: null };

describe('the story of a failover', () => {
  it('tells kill, suspicion, elections and a split vote with offsets', () => {
    const told = tell(runningTeller({ nodes: 3, leaders: LEADERS, terms: TERMS }), FAILOVER);
    expect(lines(told)).toEqual(FAILOVER_STORY);
    expect(new Set(told.map((e) => e.storyId))).toEqual(new Set([told[0]!.id]));
    expect(told[2]).toMatchObject({ node: 2, partition: 3, term: 8 });
    expect(told[0]!.parts[0]).toEqual({ text: 'n1', strong: true });
  });

  it('tells the same whatever the order of arrival between nodes', () => {
    const delays = [
      (i: number) => (FAILOVER.length - i) * 3,
      (i: number) => [0, 45, 10, 38][i % 4]!,
      (i: number) => (i * 17) % 39,
    ];
    for (const delay of delays) {
      const told = tell(runningTeller({ nodes: 3, leaders: LEADERS, terms: TERMS }), FAILOVER, delay);
      expect(lines(told)).toEqual(FAILOVER_STORY);
    }
  });

  it('tells the cause first, also when it is heard long after its effects', () => {
    const told = tell(runningTeller({ nodes: 3, leaders: LEADERS, terms: TERMS }), FAILOVER, (i) =>
      i === 0 ? 2_000 : 5,
    );
    expect(lines(told)).toEqual(FAILOVER_STORY);
    const cutOff = { type: 'command', timeMs: T0, command: { name: 'fault', fault: ISOLATE_1 } } as const;
    const isolated = tell(
      runningTeller({ nodes: 3, leaders: [1, 2] }),
      [
        cutOff,
        event(350, 1, 'steppedDown', { partition: 0, term: 1, detail: 'no quorum in time' }),
        won(412, 2, 0, 2, [2, 3]),
      ],
      (i) => (i === 0 ? 1_500 : 5),
    );
    expect(lines(isolated)).toEqual([
      '+0 fault: n1 cut off by you: every link to the others is cut. It led p0.',
      '+350 leaderless: n1 gives up p0: it no longer hears a quorum.',
      '+412 elected: n2 wins election for p0 in term 2 with votes n2, n3. 412 ms without leader.',
    ]);
  });

  it('waits for no cause when a leader says itself that it was too slow, and not for ever', () => {
    const teller = runningTeller({ nodes: 3, leaders: [1] });
    teller.push(won(0, 2, 0, 2, [2, 3]));
    expect(teller.advance(T0 + 200)).toEqual([]);
    teller.push(event(10, 1, 'leaderKnown', { partition: 0, term: 2, peer: 2 }));
    expect(lines(teller.advance(T0 + 300))).toHaveLength(1);
    teller.push(won(1_000, 3, 0, 3, [2, 3]));
    expect(teller.advance(T0 + 3_400)).toEqual([]);
    expect(lines(teller.advance(T0 + 3_600))).toHaveLength(1);
  });

  it('gives the same sentences the same ids, so that two watchers agree', () => {
    const ids = () => tell(runningTeller({ nodes: 3, leaders: LEADERS, terms: TERMS }), FAILOVER).map((e) => e.id);
    expect(ids()).toEqual(ids());
    expect(new Set(ids()).size).toBe(FAILOVER_STORY.length);
  });

  it('groups elections won by one node in one moment', () => {
    const told = tell(runningTeller({ nodes: 3, leaders: [1, 1, 2, 1] }), [
      proc(0, 1, 'killed'),
      won(400, 2, 0, 2, [2, 3]),
      won(420, 2, 1, 2, [2, 3]),
      won(440, 2, 3, 3, [2, 3]),
    ]);
    expect(lines(told).slice(1)).toEqual([
      '+440 elected: n2 wins elections for p0, p1 and p3 in terms 2, 2 and 3 with votes n2, n3. Up to 440 ms without leader.',
    ]);
  });

  it('names a leader that only its followers report', () => {
    const told = tell(
      runningTeller({ nodes: 3, leaders: [1] }),
      [
        proc(0, 1, 'killed'),
        event(500, 3, 'leaderKnown', { partition: 0, term: 2, peer: 2 }),
        event(530, 2, 'leaderKnown', { partition: 0, term: 2, peer: 2 }),
        won(502, 2, 0, 2, [2, 3]),
      ],
      (i) => (i === 3 ? 1_000 : 5),
    );
    expect(lines(told).slice(1)).toEqual(['+500 elected: n2 wins election for p0 in term 2. 500 ms without leader.']);
  });

  it('does not retell the leaders that a restarted node learns of', () => {
    const told = tell(runningTeller({ nodes: 3, leaders: [1, 2] }), [
      proc(0, 3, 'killed', 'command'),
      proc(1_000, 3, 'started', 'command'),
      event(1_200, 3, 'leaderKnown', { partition: 0, term: 1, peer: 1 }),
      event(1_200, 3, 'leaderKnown', { partition: 1, term: 1, peer: 2 }),
    ]);
    expect(lines(told)).toEqual([
      '+0 fault: n3 killed by the prkdb command (SIGKILL). It led no partition.',
      '+1000 started: n3 started again by the prkdb command.',
    ]);
  });
});

describe('what goes without saying', () => {
  it('is a silence that began while the cluster started, and its end', () => {
    const teller = new StoryTeller({
      nodes: [1, 2, 3],
      replicas: [[1, 2, 3]],
      conditions: [1, 2, 3].map((node) => ({ node, condition: { kind: 'stopped' as const, sinceMs: 0 } })),
    });
    const told = tell(teller, [
      ...[1, 2, 3].map((node) => proc(0, node, 'started')),
      event(700, 1, 'peerSuspect', { peer: 2 }),
      won(900, 1, 0, 1, [1, 3]),
      event(9_000, 1, 'peerLive', { peer: 2 }),
    ]);
    expect(told.map((one) => one.kind)).toEqual(['started']);
  });
});

describe('coming back', () => {
  const groups = (index: number, leader: number) =>
    [0, 1].map((partition) => ({ partition, commitIndex: index, lastLogIndex: index, appliedIndex: index, leader }));

  it('tells when a restarted node has caught up, by how much and how long it took', () => {
    const told = tell(runningTeller({ nodes: 3, leaders: [2, 3] }), [
      proc(0, 1, 'killed'),
      status(9_000, 2, groups(15_702, 2)),
      proc(10_000, 1, 'started'),
      status(10_400, 1, groups(100, 0), 10_000),
      status(11_000, 1, groups(9_000, 2), 10_000),
      status(12_800, 1, groups(15_702, 2), 10_000),
    ]);
    expect(lines(told)).toEqual([
      '+0 fault: n1 killed by you (SIGKILL). It led no partition.',
      '+10000 started: n1 started again by you.',
      '+12800 recovered: n1 caught up on all 2 partitions, 31,204 entries in 2.8 s.',
    ]);
  });

  it('tells a pause and how long it lasted', () => {
    const told = tell(runningTeller({ nodes: 3, leaders: [3, 1] }), [
      proc(0, 3, 'paused'),
      event(160, 1, 'peerSuspect', { peer: 3 }),
      won(610, 2, 0, 2, [2, 1]),
      proc(6_000, 3, 'resumed'),
      // It was away itself, so what it misses is no news.
      event(6_001, 3, 'peerSuspect', { peer: 1 }),
      event(6_050, 1, 'peerLive', { peer: 3 }),
    ]);
    expect(lines(told)).toEqual([
      '+0 paused: n3 paused by you (SIGSTOP). It led p0.',
      '+160 suspect: n1 misses 3 heartbeats from n3: suspect.',
      '+610 elected: n2 wins election for p0 in term 2 with votes n2, n1. 610 ms without leader.',
      '+6000 resumed: n3 resumed by you after 6.0 s.',
    ]);
  });

  it('says when throughput is back, and what the clients felt', () => {
    const rate = (at: number, writesPerSecond: number, retried: number) => ({
      type: 'throughput' as const,
      timeMs: T0 + at,
      writesPerSecond,
      load: { retried, failed: 0 },
    });
    const told = tell(runningTeller({ nodes: 3, leaders: [1] }), [
      ...[-300, -200, -100].map((at) => rate(at, 12_000, 3)),
      proc(0, 1, 'killed'),
      rate(500, 200, 150),
      won(700, 2, 0, 2, [2, 3]),
      rate(1_000, 6_000, 217),
      rate(1_500, 11_900, 217),
      rate(2_000, 12_100, 217),
    ]);
    expect(lines(told).at(-1)).toBe('+1500 recovered: Throughput is back. 214 operations were retried, 0 failed.');
  });
});

describe('quorum', () => {
  it('tells its loss once, and its return when every partition is led again', () => {
    const leads = (at: number, node: number, term: number) =>
      status(at, node, [
        { partition: 0, role: 'leader', term },
        { partition: 1, role: 'leader', term },
      ]);
    const told = tell(runningTeller({ nodes: 3, leaders: [1, 2] }), [
      proc(0, 1, 'killed'),
      won(500, 3, 0, 2, [3, 2]),
      proc(2_000, 2, 'killed'),
      event(2_400, 3, 'steppedDown', { partition: 0, term: 2, detail: 'no quorum of followers heard' }),
      leads(2_450, 3, 2),
      proc(5_000, 1, 'started'),
      won(5_600, 3, 0, 3, [3, 1]),
      won(5_610, 3, 1, 3, [3, 1]),
      leads(5_700, 3, 3),
    ]);
    expect(lines(told)).toEqual([
      '+0 fault: n1 killed by you (SIGKILL). It led p0.',
      '+500 elected: n3 wins election for p0 in term 2 with votes n3, n2. 500 ms without leader.',
      '+0 fault: n2 killed by you (SIGKILL). It led p1.',
      '+0 leaderless: Quorum lost: n1 and n2 are down, so all 2 partitions take no writes and no linearizable reads until enough nodes are back.',
      '+400 leaderless: n3 gives up p0: it no longer hears a quorum.',
      '+5000 started: n1 started again by you.',
      '+3610 elected: n3 wins elections for p0 and p1 in term 3 with votes n3, n1. Up to 3.6 s without leader.',
      '+3700 recovered: Quorum is back: all 2 partitions have a leader again, 3.7 s after it was lost.',
    ]);
  });
});

describe('faults of the network', () => {
  it('tells an isolation from the side that goes on, and the heal', () => {
    const told = tell(runningTeller({ nodes: 3, leaders: [1, 2] }), [
      {
        type: 'command',
        timeMs: T0,
        command: { name: 'fault', fault: { kind: 'isolate', node: 1, durationMs: null } },
      },
      event(150, 1, 'peerSuspect', { peer: 2 }),
      event(151, 1, 'peerSuspect', { peer: 3 }),
      event(152, 2, 'peerSuspect', { peer: 1 }),
      event(420, 1, 'steppedDown', { partition: 0, term: 1, detail: 'quorum not heard' }),
      won(430, 3, 0, 2, [3, 2]),
      { type: 'command', timeMs: T0 + 9_000, command: { name: 'heal' } },
    ]);
    expect(lines(told)).toEqual([
      '+0 fault: n1 cut off by you: every link to the others is cut. It led p0.',
      '+152 suspect: n2 misses 3 heartbeats from n1: suspect.',
      '+420 leaderless: n1 gives up p0: it no longer hears a quorum.',
      '+430 elected: n3 wins election for p0 in term 2 with votes n3, n2. 430 ms without leader.',
      '+9000 notice: Network healed by you: every link carries messages again.',
    ]);
  });

  const LINK = { kind: 'link', node: 1, to: 2, bothWays: true, cut: true, delayMs: 0, dropPercent: 0 } as const;
  const TIMES = { id: 'fault-1', startedAtMs: T0, endsAtMs: T0 + 30_000 };

  it('tells a cut link, who misses whom because of it, and that it ended by itself', () => {
    const told = tell(runningTeller({ nodes: 3, leaders: [1, 2] }), [
      { type: 'command', timeMs: T0, command: { name: 'fault', fault: { ...LINK, durationMs: 30_000 } } },
      event(150, 2, 'peerSuspect', { peer: 1 }),
      event(151, 1, 'peerSuspect', { peer: 2 }),
      {
        type: 'command',
        timeMs: T0 + 30_000,
        command: { name: 'faultEnded', fault: { ...LINK, ...TIMES }, by: 'time' },
      },
    ]);
    expect(lines(told)).toEqual([
      '+0 fault: n1 and n2 cut off from each other by you, for 30 s.',
      '+150 suspect: n2 misses 3 heartbeats from n1: suspect.',
      '+151 suspect: n1 misses 3 heartbeats from n2: suspect.',
      '+30000 notice: The link between n1 and n2 is whole again: the fault ended by itself after 30 s, as you set.',
    ]);
    expect(new Set(told.map((one) => one.storyId)).size).toBe(1);
  });

  it('tells one direction, delays, losses and slow disks in words', () => {
    const say = (fault: FaultRequest) =>
      lines(
        tell(runningTeller({ nodes: 3, leaders: [1, 2] }), [
          { type: 'command', timeMs: T0, command: { name: 'fault', fault } },
        ]),
      );
    const link = { ...LINK, cut: false, durationMs: null };
    expect(say({ ...link, cut: true, bothWays: false })).toEqual([
      '+0 fault: n1 no longer reaches n2: you cut that direction. n2 still reaches n1.',
    ]);
    expect(say({ ...link, delayMs: 200, durationMs: 60_000 })).toEqual([
      '+0 fault: Messages between n1 and n2 take 200 ms longer, as you asked, for 1 min.',
    ]);
    expect(say({ ...link, dropPercent: 30, bothWays: false })).toEqual([
      '+0 fault: 30 % of the messages from n1 to n2 are lost, as you asked.',
    ]);
    expect(say({ ...link, delayMs: 50, dropPercent: 5 })).toEqual([
      '+0 fault: Messages between n1 and n2 take 50 ms longer and 5 % of them are lost, as you asked.',
    ]);
    expect(say({ kind: 'disk', node: 2, delayMs: 400, durationMs: null })).toEqual([
      '+0 fault: The disk of n2 takes 400 ms longer for every write, as you asked.',
    ]);
  });

  it('knows a node that was cut off link by link, and that it is back', () => {
    const other = { ...LINK, to: 3 } as const;
    const told = tell(runningTeller({ nodes: 3, leaders: [1, 2] }), [
      { type: 'command', timeMs: T0, command: { name: 'fault', fault: { ...LINK, durationMs: null } } },
      { type: 'command', timeMs: T0 + 100, command: { name: 'fault', fault: { ...other, durationMs: null } } },
      event(300, 3, 'peerSuspect', { peer: 1 }),
      {
        type: 'command',
        timeMs: T0 + 5_000,
        command: { name: 'faultEnded', fault: { ...other, ...TIMES }, by: 'app' },
      },
      status(5_500, 1, [{ partition: 0, lastLogIndex: 140, appliedIndex: 140, commitIndex: 140 }]),
    ]);
    expect(lines(told).slice(2)).toEqual([
      '+200 suspect: n3 misses 3 heartbeats from n1: suspect.',
      '+4900 notice: The link between n1 and n3 is whole again: the fault was ended by you after 5.0 s.',
      '+5400 recovered: n1 caught up on its 1 partition, 40 entries in 500 ms.',
    ]);
  });

  it('lets a suspicion that nothing explains and that lasts begin a story of its own', () => {
    const told = tell(runningTeller({ nodes: 3, leaders: [1] }), [
      event(0, 2, 'peerSuspect', { peer: 1 }),
      event(20, 3, 'peerSuspect', { peer: 1 }),
      won(600, 2, 0, 2, [2, 3]),
      event(9_000, 2, 'peerLive', { peer: 1 }),
      event(9_010, 3, 'peerLive', { peer: 1 }),
    ]);
    expect(lines(told)).toEqual([
      '+0 suspect: n2 and n3 miss 3 heartbeats from n1: suspect.',
      '+600 elected: n2 wins election for p0 in term 2 with votes n2, n3. 600 ms without leader.',
      '+9010 recovered: n1 answers heartbeats again.',
    ]);
  });

  it('keeps quiet about a hiccup', () => {
    const told = tell(runningTeller({ nodes: 3, leaders: [1] }), [
      event(0, 2, 'peerSuspect', { peer: 1 }),
      event(60, 2, 'peerLive', { peer: 1 }),
    ]);
    expect(told).toEqual([]);
  });
});

describe('start and stop', () => {
  const stopped = () =>
    new StoryTeller({
      nodes: [1, 2, 3],
      replicas: [
        [1, 2, 3],
        [2, 3, 1],
        [3, 1, 2],
      ],
      conditions: [1, 2, 3].map((node) => ({ node, condition: { kind: 'stopped', sinceMs: 0 } })),
    });
  const start = [proc(0, 1, 'started'), proc(90, 2, 'started'), proc(250, 3, 'started')];
  const elections = [won(500, 1, 0, 1, [1, 2]), won(600, 2, 1, 1, [2, 3]), won(900, 3, 2, 1, [3, 1])];

  it('tells a whole start as one sentence', () => {
    const told = tell(stopped(), [
      ...start,
      event(300, 1, 'peerSuspect', { peer: 3 }),
      event(400, 2, 'electionStarted', { partition: 0, term: 1, detail: 'vote' }),
      ...elections,
    ]);
    expect(lines(told)).toEqual([
      '- started: Cluster started: 3 nodes, all 3 partitions have a leader after 900 ms. n1 leads 1, n2 1, n3 1.',
    ]);
  });

  it('tells a kill during the start, and what was there until then', () => {
    const told = tell(stopped(), [...start, elections[0]!, proc(550, 1, 'killed')]);
    expect(lines(told)).toEqual([
      '- started: Cluster started: 3 nodes; 1 of 3 partitions have a leader after 500 ms.',
      '+0 fault: n1 killed by you (SIGKILL). It led p0.',
    ]);
  });

  it('tells a whole stop as one sentence, and the next start as a start', () => {
    const teller = stopped();
    tell(teller, [...start, ...elections]);
    const told = tell(teller, [
      { type: 'command', timeMs: T0 + 20_000, command: { name: 'stopCluster' } },
      proc(20_100, 1, 'stopped'),
      event(20_150, 2, 'peerSuspect', { peer: 1 }),
      won(20_300, 2, 0, 2, [2, 3]),
      proc(20_400, 2, 'stopped'),
      proc(20_500, 3, 'stopped'),
      proc(30_000, 1, 'started'),
      proc(30_001, 2, 'started'),
      proc(30_002, 3, 'started'),
      won(30_300, 1, 0, 3, [1, 2]),
      won(30_310, 2, 1, 2, [2, 3]),
      won(30_320, 3, 2, 2, [3, 1]),
    ]);
    expect(lines(told)).toEqual([
      '- stopped: Cluster stopped by you. Its data is kept.',
      '- started: Cluster started: 3 nodes, all 3 partitions have a leader after 320 ms. n1 leads 1, n2 1, n3 1.',
    ]);
  });

  it('tells a whole stop by the command as one sentence, and the stop of one node as one node', () => {
    const told = tell(runningTeller({ nodes: 3, leaders: [1, 2] }), [
      proc(0, 1, 'stopped', 'command'),
      proc(12, 3, 'stopped', 'command'),
      proc(20, 2, 'stopped', 'command'),
      won(150, 2, 0, 2, [2, 3]),
    ]);
    expect(lines(told)).toEqual(['- stopped: Cluster stopped by the prkdb command. Its data is kept.']);
    const one = tell(runningTeller({ nodes: 3, leaders: [1, 2] }), [
      proc(0, 1, 'stopped', 'app'),
      proc(500, 1, 'started', 'app'),
    ]);
    expect(lines(one)).toEqual(['+0 stopped: n1 stopped by you. It led p0.', '+500 started: n1 started again by you.']);
  });

  it('tells a crash with what the supervisor knows of it', () => {
    const told = tell(runningTeller({ nodes: 3, leaders: [1] }), [proc(0, 1, 'crashed', 'none', 'exit code 1')]);
    expect(lines(told)).toEqual(['+0 fault: n1 crashed: exit code 1. It led p0.']);
    expect(text(told[0]!)).not.toContain('by you');
  });
});
