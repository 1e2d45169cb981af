import { describe, expect, it } from 'vitest';
import { monitorSettingsSchema } from '../../../electron/contract/monitor.ts';
import type { RuleName } from '../../../electron/contract/monitor-rules.ts';
import { healthOf } from '../../../electron/backend/monitor/health-words.ts';
import { isQuiet } from '../../../electron/backend/monitor/quiet-hours.ts';
import { conditionsOf, type Condition } from '../../../electron/backend/monitor/rules.ts';
import { normalSettings } from '../../../electron/backend/monitor/settings-store.ts';
import type { ClusterFacts } from '../../../electron/backend/monitor/facts.ts';
import { facts, node, NOW, partition, view } from './scene.ts';

const DAY_MS = 86_400_000;

function found(of: ClusterFacts, change: (rules: ReturnType<typeof normalSettings>['rules']) => void = () => {}) {
  const { rules } = normalSettings();
  change(rules);
  return conditionsOf(of, rules, NOW);
}

function one(of: ClusterFacts, rule: RuleName): Condition | undefined {
  return found(of).conditions.find((condition) => condition.rule === rule);
}

describe('the rules', () => {
  it('find nothing in a cluster that is in order, and nothing of what is switched off', () => {
    expect(found(facts()).conditions).toEqual([]);
    const leaderless = facts(view({ partitions: [partition(0, { leader: 0, leaderlessSinceMs: NOW - 1 })] }));
    expect(found(leaderless).conditions.map(({ rule }) => rule)).toEqual(['noLeader']);
    expect(found(leaderless, (rules) => (rules.noLeader.isOn = false)).conditions).toEqual([]);
  });

  it('see a quorum at risk before it is lost, and not where there never was a spare replica', () => {
    const atRisk = facts(view({ partitions: [partition(0, { replicasDown: 1 }), partition(1)] }));
    expect(one(atRisk, 'quorum')).toMatchObject({ severity: 'warn', words: expect.stringContaining('p0') as string });
    const lost = facts(
      view({ partitions: [partition(0, { replicasDown: 2, hasQuorum: false, leader: 0 }), partition(1)] }),
    );
    expect(one(lost, 'quorum')).toMatchObject({
      severity: 'bad',
      words: 'No quorum on p0: writes and linearizable reads fail there.',
    });
    expect(one(facts(view({ partitions: [partition(0, { replicas: [1] })] })), 'quorum')).toBeUndefined();
    // Five copies can lose one and still lose another.
    const five = partition(0, { replicas: [1, 2, 3, 4, 5], replicasDown: 1 });
    expect(one(facts(view({ partitions: [five] })), 'quorum')).toBeUndefined();
  });

  it('count voters alone: a learner that is down puts no quorum at risk', () => {
    const learner = { ...partition(0, { replicas: [1, 2, 3, 4], replicasDown: 1 }) };
    const replica = {
      partition: 0,
      role: 'learner' as const,
      term: 2,
      votedFor: 0,
      leader: 1,
      commitIndex: 0,
      lastLogIndex: 0,
      appliedIndex: 0,
      matchIndex: null,
      keyCount: null,
    };
    const nodes = [node(1), node(2), node(3), node(4, { state: 'suspect', replicas: [replica] })];
    expect(one(facts(view({ nodes, partitions: [learner] })), 'quorum')).toBeUndefined();
  });

  it('date a lost leader from when it was lost', () => {
    const lost = facts(view({ partitions: [partition(0, { leader: 0, leaderlessSinceMs: NOW - 7_000 })] }));
    expect(one(lost, 'noLeader')).toMatchObject({
      sinceMs: NOW - 7_000,
      holdMs: 10_000,
      words: 'No leader on the cluster.',
    });
  });

  it('know nothing of the inside of a cluster that does not answer, and say why it does not', () => {
    const gone = facts(
      view({ partitions: [partition(0, { leader: 0, leaderlessSinceMs: NOW })] }, { state: 'unreachable' }),
    );
    const { conditions, unknown } = found(gone);
    expect(conditions).toMatchObject([{ rule: 'unreachable', words: 'No node answers.', sinceMs: NOW }]);
    expect([...unknown]).toContain('noLeader');
    expect(found(facts(view({}, { state: 'stopped' })))).toEqual({ conditions: [], unknown: new Set() });
  });

  it('see a replica that is behind, of a node that answers', () => {
    const replica = {
      partition: 0,
      role: 'follower' as const,
      term: 2,
      votedFor: 0,
      leader: 1,
      commitIndex: 0,
      lastLogIndex: 0,
      appliedIndex: 0,
      matchIndex: 5,
      keyCount: null,
    };
    const behind = (state: 'live' | 'suspect') =>
      facts(
        view({
          nodes: [node(1), node(2, { state, replicas: [replica] })],
          partitions: [partition(0, { commitIndex: 50_005 })],
        }),
      );
    expect(one(behind('live'), 'lag')).toMatchObject({ words: 'n2 is 50,000 entries behind on p0.' });
    expect(one(behind('suspect'), 'lag')).toBeUndefined();
  });

  it('see full disks, quotas and many elections from their thresholds on', () => {
    const fill = (percent: number) => facts(view(), { fills: [{ what: 'The disk of /data', of: 'disk', percent }] });
    expect(one(fill(84.9), 'disk')).toBeUndefined();
    expect(one(fill(85), 'disk')).toMatchObject({ severity: 'warn', words: 'The disk of /data is 85 % full.' });
    expect(one(fill(97), 'disk')?.severity).toBe('bad');
    expect(one(facts(view(), { elections: { partition: 3, count: 5 } }), 'churn')).toBeUndefined();
    expect(one(facts(view(), { elections: { partition: 3, count: 6 } }), 'churn')?.words).toBe(
      'p3 has elected 6 leaders in the last hour.',
    );
  });

  it('see a certificate that ends soon, and one that has ended', () => {
    const ends = (endsAtMs: number) => facts(view(), { certificates: [{ what: '10.0.0.1:2379', endsAtMs }] });
    expect(one(ends(NOW + 15 * DAY_MS), 'certificate')).toBeUndefined();
    expect(one(ends(NOW + 8.5 * DAY_MS), 'certificate')?.words).toMatch(
      /^The certificate of 10\.0\.0\.1:2379 ends on .*, in 8 days\.$/,
    );
    expect(one(ends(NOW - 1), 'certificate')).toMatchObject({ severity: 'bad' });
    // Its certificate is as good as gone also while nobody answers.
    const gone = facts(view({}, { state: 'unreachable' }), { certificates: [{ what: 'x', endsAtMs: NOW - 1 }] });
    expect(one(gone, 'certificate')).toBeDefined();
  });

  it('see alarms of etcd, failed storage, and a database near its quota', () => {
    const member = {
      node: 1,
      id: 'a',
      isLearner: false,
      peerUrls: [],
      clientUrls: [],
      version: '3.5.0',
      dbSizeBytes: 1_900,
      dbInUseBytes: null,
      errors: [],
      problem: null,
      metrics: {
        leaderChanges: null,
        proposalsPending: null,
        proposalsFailed: null,
        walFsyncMeanMs: null,
        backendCommitMeanMs: null,
        quotaBytes: 2_000,
      },
    };
    const etcd = { clusterId: 'c', revision: 1, alarms: [{ node: 1, alarm: 'noSpace' as const }], members: [member] };
    const of = facts(view({ etcd, nodes: [node(1, { name: 'm1' }), node(2, { storageError: 'disk full' })] }));
    expect(one(of, 'alarm')?.words).toMatch(/^m1 has raised NOSPACE.*The storage of n2 has failed: disk full/);
    expect(one(of, 'disk')?.words).toBe('The database of m1 takes 95 % of its quota.');
    expect(healthOf(of)).toMatchObject({ tone: 'bad', words: expect.stringContaining('NOSPACE') as string });
  });
});

describe('health in words', () => {
  it('says what weighs most', () => {
    expect(healthOf(facts())).toEqual({ tone: 'ok', words: '3 of 3 nodes up. Any one can fail.' });
    const down = view({
      nodes: [node(1), node(2), node(3, { state: 'suspect' })],
      partitions: [partition(0, { replicasDown: 1 }), partition(1, { replicasDown: 1 })],
    });
    expect(healthOf(facts(down))).toEqual({ tone: 'warn', words: '2 of 3 nodes up. Quorum with no node to spare.' });
    const electing = view({ partitions: [partition(0, { leader: 0 }), partition(1)] });
    expect(healthOf(facts(electing)).words).toBe('3 of 3 nodes up. No leader on 1 of 2 partitions.');
    const lost = view({ partitions: [partition(0, { hasQuorum: false, replicasDown: 2, leader: 0 })] });
    expect(healthOf(facts(lost))).toMatchObject({ tone: 'bad', words: '3 of 3 nodes up. No quorum on the cluster.' });
    expect(healthOf(facts(view({}, { state: 'stopped' }))).tone).toBe('idle');
  });
});

describe('what the user did', () => {
  it('is known as that', () => {
    expect(facts().isYourDoing).toBe(false);
    const killed = (by: 'app' | 'none') =>
      facts(
        view({ nodes: [node(1, { state: 'dead', exit: { signal: 'SIGKILL', code: null, by, atMs: NOW } }), node(2)] }),
      );
    expect(killed('app').isYourDoing).toBe(true);
    expect(killed('none').isYourDoing).toBe(false);
    expect(facts(view({ nodes: [node(1, { state: 'paused' })] })).isYourDoing).toBe(true);
    expect(facts(view(), { isDrilled: true }).isYourDoing).toBe(true);
  });
});

describe('quiet hours', () => {
  const at = (hours: number, minutes: number) => new Date(2026, 5, 1, hours, minutes).getTime();
  const hours = (fromMinute: number, toMinute: number) => ({ isOn: true, fromMinute, toMinute });

  it('end where they end, also over midnight', () => {
    expect(isQuiet(hours(12 * 60, 13 * 60), at(12, 0))).toBe(true);
    expect(isQuiet(hours(12 * 60, 13 * 60), at(13, 0))).toBe(false);
    const night = hours(22 * 60, 7 * 60);
    expect([at(22, 0), at(23, 59), at(0, 0), at(6, 59)].map((ms) => isQuiet(night, ms))).toEqual([
      true,
      true,
      true,
      true,
    ]);
    expect([at(7, 0), at(21, 59)].map((ms) => isQuiet(night, ms))).toEqual([false, false]);
    expect(isQuiet({ ...night, isOn: false }, at(23, 0))).toBe(false);
    expect(isQuiet(hours(60, 60), at(1, 0))).toBe(false);
  });
});

describe('settings', () => {
  it('are refused with what can be given', () => {
    const settings = normalSettings();
    expect(monitorSettingsSchema.safeParse(settings).success).toBe(true);
    settings.rules.disk.threshold = 101;
    const refused = monitorSettingsSchema.safeParse(settings);
    expect(refused.error?.issues[0]?.message).toBe('Give a whole number from 1 to 100 (percent).');
  });
});
