import { describe, expect, it } from 'vitest';
import { event, lines, runningTeller, tell, won } from './story-support.ts';

const teller = () => runningTeller({ nodes: 3, leaders: [1, 1, 2, 3] });

describe('the story of what keeps a cluster well', () => {
  it('tells in one sentence that a node hands over all it leads, and then who leads', () => {
    const told = tell(teller(), [
      event(0, 1, 'transferStarted', { partition: 1, term: 1, peer: 3 }),
      event(1, 1, 'transferStarted', { partition: 0, term: 1, peer: 2 }),
      event(1, 1, 'transferStarted', { term: 1, peer: 2 }),
      won(8, 2, 0, 2, [2, 3]),
      won(9, 3, 1, 2, [2, 3]),
    ]);
    expect(told.map((e) => e.kind)).toEqual(['handover', 'elected', 'elected']);
    expect(lines(told)[0]).toContain('n1 hands p0 and p1 over to n2 and n3.');
  });

  it('tells who kept a partition, and why', () => {
    const told = tell(teller(), [
      event(0, 1, 'transferFailed', { partition: 0, term: 1, peer: 2, detail: 'it did not stand in time' }),
    ]);
    expect(lines(told)[0]).toContain('n1 goes on leading p0: n2 did not take over (it did not stand in time).');
  });

  it('tells that a follower needed a snapshot, and not what the log does for itself', () => {
    const told = tell(teller(), [
      event(0, 1, 'logCompacted', { partition: 0, index: 40_000 }),
      event(10, 1, 'snapshotNeeded', { partition: 0, peer: 3, index: 12 }),
      event(11, 1, 'snapshotStarted', { partition: 0, peer: 3, index: 50_000 }),
      event(400, 3, 'snapshotRestored', { partition: 0, peer: 1, index: 50_000 }),
      event(401, 1, 'snapshotSent', { partition: 0, peer: 3, index: 50_000 }),
    ]);
    expect(lines(told)).toHaveLength(1);
    expect(lines(told)[0]).toContain(
      'n3 took in a snapshot of p0 from n1, up to entry 50,000: the entries that it missed were no longer in the log.',
    );
  });

  it('tells of a snapshot that did not arrive', () => {
    const told = tell(teller(), [event(0, 1, 'snapshotFailed', { partition: 0, peer: 3, index: 5 })]);
    expect(lines(told)[0]).toContain('A snapshot of p0 from n1 did not reach n3');
  });

  it('tells whom a node kept out', () => {
    const told = tell(teller(), [
      event(0, 1, 'accessRefused', { detail: 'a call of Put from 10.0.0.9: it gave no token' }),
      event(9001, 3, 'peerRefused', { detail: 'node 4 at 10.0.0.4:7204: its certificate has expired' }),
      event(9000, 2, 'peerRefused', { detail: 'a connection from 10.0.0.9:4711: it speaks neither gRPC nor TLS' }),
    ]);
    expect(lines(told)[2]).toContain(
      'n3 has no connection to a peer: node 4 at 10.0.0.4:7204: its certificate has expired.',
    );
    expect(lines(told)[0]).toContain('n1 refused somebody: a call of Put from 10.0.0.9: it gave no token.');
    expect(lines(told)[1]).toContain('n2 refused somebody on the port of its peers: a connection from 10.0.0.9:4711');
  });

  it('tells once of a change of members, whoever hears of it, and why a node stops', () => {
    const joins = { index: 7, detail: 'n4 is active; partitions 0, 1 move' };
    const removed = { detail: 'Node 1 was removed from the cluster dev.' };
    const told = tell(teller(), [
      event(0, 2, 'membersChanged', joins),
      event(3, 1, 'membersChanged', joins),
      event(5, 3, 'replicaAdded', { partition: 0 }),
      event(9, 2, 'membersChanged', { index: 8, detail: 'n1 was removed' }),
      event(20, 1, 'nodeRemoved', removed),
    ]);
    expect(lines(told)).toHaveLength(3);
    expect(lines(told)[0]).toContain('The cluster changes: n4 is active; partitions 0, 1 move.');
    expect(lines(told)[1]).toContain('The cluster changes: n1 was removed.');
    expect(lines(told)[2]).toContain('n1 stops: Node 1 was removed from the cluster dev.');
  });
});
