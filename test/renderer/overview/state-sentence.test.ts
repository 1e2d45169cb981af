import { describe, expect, test } from 'vitest';
import { stateSentence } from '../../../renderer/features/overview/state-sentence.ts';
import { viewOf } from '../../support/view.ts';

const said = (...args: Parameters<typeof stateSentence>) => {
  const { headline, meaning } = stateSentence(...args);
  return `${headline.join(' · ')} | ${meaning}`;
};

describe('the state strip', () => {
  test('says how many nodes may fail while all are up', () => {
    expect(said(viewOf(['live', 'live', 'live']), null)).toBe(
      '3 of 3 nodes up · 8 partitions healthy · 0 under-replicated | ' +
        'Quorum holds. Any one node can fail and every partition keeps serving.',
    );
    expect(said(viewOf(['live', 'live', 'live', 'live', 'live']), null)).toContain('Any 2 nodes can fail');
    expect(stateSentence(viewOf(['live', 'live', 'live']), null)).toMatchObject({ tone: 'ok', urgent: false });
  });

  test('names the nodes that nothing can replace any more', () => {
    expect(said(viewOf(['dead', 'live', 'live']), null)).toBe(
      '2 of 3 nodes up · 8 partitions serving · 8 under-replicated | ' +
        'Quorum holds with no node to spare. Losing n2 or n3 stops every partition.',
    );
    expect(stateSentence(viewOf(['dead', 'live', 'live']), null).tone).toBe('warn');
  });

  test('does not say every partition when a node holds only some', () => {
    // Five nodes with three copies each: without n1, only the partitions that had a copy there are tight.
    const sentence = said(viewOf(['dead', 'live', 'live', 'live', 'live'], { partitions: 5, copies: 3 }), null);
    expect(sentence).toContain('Losing n2, n3, n4 or n5 stops p0, p3 and p4.');
  });

  test('says what is paused, cut off or silent, and by which word', () => {
    expect(said(viewOf(['live', 'paused', 'live']), null)).toContain('n2 is paused by you.');
    expect(said(viewOf(['live', 'live', 'partitioned']), null)).toContain('n3 is cut off from the others.');
    expect(said(viewOf(['live', 'suspect', 'live']), null)).toContain('n2 does not answer heartbeats.');
    expect(said(viewOf(['live', 'live', 'live', 'paused', 'paused']), null)).toContain('n4 and n5 are paused by you.');
  });

  test('counts partitions between leaders apart from those without quorum', () => {
    const view = viewOf(['live', 'live', 'live']);
    const [first, ...rest] = view.partitions;
    const electing = { ...view, partitions: [{ ...first!, leader: 0 }, ...rest] };
    expect(said(electing, null)).toContain('7 partitions serving, 1 electing a leader');
    expect(stateSentence(electing, null)).toMatchObject({ tone: 'warn', urgent: false });
  });

  test('without quorum it says what fails, what still answers and what heals it, and is urgent', () => {
    const lost = stateSentence(viewOf(['dead', 'dead', 'live']), null);
    expect(lost).toMatchObject({ tone: 'bad', urgent: true });
    expect(lost.headline).toEqual(['1 of 3 nodes up', '0 partitions serving, 8 without quorum', '8 under-replicated']);
    expect(lost.meaning).toBe(
      'No quorum: writes and linearizable reads fail on every partition. Stale reads still answer. ' +
        'Start n1 or n2 to bring it back.',
    );
  });

  test('the way back follows from why each node is away', () => {
    expect(said(viewOf(['dead', 'live', 'paused']), null)).toContain('Start n1 or resume n3 to bring it back.');
    expect(said(viewOf(['partitioned', 'live', 'paused']), null)).toContain(
      'Resume n3 or heal the network of n1 to bring it back.',
    );
    expect(said(viewOf(['dead', 'dead', 'dead']), null)).toContain('Bring back 2 of n1, n2 and n3.');
    expect(said(viewOf(['dead', 'suspect', 'suspect']), null)).toContain('Bring back n1.');
  });

  test('one node alone is said to be the only copy', () => {
    expect(said(viewOf(['live'], { partitions: 2 }), null)).toContain('One copy of everything');
  });

  test('stopped, starting and unreachable', () => {
    expect(said(viewOf(['stopped', 'stopped', 'stopped']), null)).toMatch(
      /^Stopped \| No node runs\. The data is kept/,
    );
    const starting = viewOf(['live', 'live', 'live']);
    const summary = { ...starting.summary, state: 'starting' as const };
    expect(said({ ...starting, summary }, null)).toContain('Starting · 3 of 3 nodes up · 8 of 8 partitions led');
    const gone = { ...starting.summary, state: 'unreachable' as const };
    expect(stateSentence({ ...starting, summary: gone }, null)).toMatchObject({
      headline: ['Unreachable', 'No data yet'],
      tone: 'bad',
    });
  });

  test('an unreachable remote cluster: since when, why, and what to do', () => {
    const view = viewOf(['suspect']);
    const remote = {
      profileId: 'x',
      group: null,
      color: null,
      isUnverified: false,
      writesLocked: false,
      heardAtMs: view.timeMs - 12_000,
      problem: { message: 'Nothing listens there.', hint: 'Check the port.' },
      capabilities: [],
      endpointProblems: [],
    };
    const summary = { ...view.summary, state: 'unreachable' as const, remote };
    expect(said({ ...view, summary }, null)).toBe(
      'Unreachable · No data for 12 s | Nothing listens there. Check the port. What is shown below is the last that was heard.',
    );
  });

  test('silence outranks everything known, and says what was last known', () => {
    const stale = stateSentence(viewOf(['dead', 'dead', 'live']), 4_200);
    expect(stale.headline).toEqual(['No data for 4 s']);
    expect(stale.meaning).toBe('Last known: 1 of 3 nodes up. Everything below is as of then.');
    expect(stale.urgent).toBe(false);
  });

  test('tells faults of links and disks that leave every node up', () => {
    const times = { id: 'f', startedAtMs: 0, endsAtMs: null };
    const link = {
      kind: 'link',
      node: 1,
      to: 2,
      bothWays: true,
      cut: true,
      delayMs: 0,
      dropPercent: 0,
      ...times,
    } as const;
    const view = viewOf(['live', 'live', 'live']);
    const one = stateSentence({ ...view, faults: [link] }, null);
    expect(one).toMatchObject({ tone: 'warn' });
    expect(one.meaning).toMatch(/ 1 link suffers a fault of yours\.$/);
    const disk = { kind: 'disk', node: 1, delayMs: 5, ...times } as const;
    expect(stateSentence({ ...view, faults: [link, disk, link] }, null).meaning).toMatch(
      / 2 links and 1 disk suffer faults of yours\.$/,
    );
  });
});
