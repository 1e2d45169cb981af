import { describe, expect, test } from 'vitest';
import type { ClusterSummary } from '../../../electron/contract/model.ts';
import { paletteActions } from '../../../renderer/features/palette/actions.ts';
import { viewOf } from '../../support/view.ts';
import { doing, labelled, sceneOf } from './scene.ts';

const labels = (...args: Parameters<typeof sceneOf>) => paletteActions(sceneOf(...args)).map((action) => action.label);

const acting = /^(Kill|Pause|Restart|Isolate|Start|Stop|Delete|Resume|Heal|Cut|Slow|Delay or lose)/;

describe('what is offered', () => {
  test('faults for nodes that run, ways back for those that do not', () => {
    const offered = labels(viewOf(['live', 'paused', 'dead']));
    expect(offered).toEqual(expect.arrayContaining(['Kill n1', 'Pause n1', 'Isolate n1', 'Resume n2', 'Start n3']));
    for (const absent of ['Start n1', 'Resume n1', 'Pause n2', 'Isolate n2', 'Kill n3', 'Heal all']) {
      expect(offered).not.toContain(absent);
    }
  });

  test('healing once, and only while something is cut', () => {
    const view = viewOf(['live', 'live', 'partitioned']);
    const offered = paletteActions(sceneOf(view)).filter((action) => action.label.startsWith('Heal'));
    expect(offered.map((action) => action.label)).toEqual(['Heal all']);
    expect(doing(offered[0]!)).toEqual(['cluster.heal {"cluster":"dev-3"}']);
  });

  test('a leader moves to any live replica, and only there', () => {
    const view = viewOf(['live', 'live', 'paused'], { partitions: 1 });
    const moves = paletteActions(sceneOf(view)).filter((action) => action.label.startsWith('Move leader'));
    const other = view.partitions[0]!.leader === 1 ? 2 : 1;
    expect(moves.map((action) => action.label)).toEqual([`Move leader of p0 to n${other}`]);
    expect(doing(moves[0]!)).toEqual([`partition.transfer {"cluster":"dev-3","partition":0,"to":${other}}`]);
  });

  test('nodes come and go, each after a word about it', () => {
    const offered = paletteActions(sceneOf());
    expect(doing(labelled(offered, 'Add a node'))).toEqual(['add node to dev-3']);
    expect(doing(labelled(offered, 'Remove n2 from the cluster…'))).toEqual(['remove n2']);
  });

  test('drills for a whole cluster that can lose a node', () => {
    const whole = viewOf(['live', 'live', 'live']);
    expect(doing(labelled(paletteActions(sceneOf(whole)), 'Run drill: kill leader'))).toEqual([
      'drills.start {"cluster":"dev-3","scenario":"kill-leader"}',
      'go /c/dev-3/drills',
    ]);
    for (const view of [viewOf(['live', 'live', 'dead']), viewOf(['live'])]) {
      expect(labels(view).filter((label) => label.startsWith('Run drill'))).toEqual([]);
    }
  });

  test('the leader of each partition that has one', () => {
    const view = viewOf(['live', 'live', 'live']);
    const [first, ...rest] = view.partitions;
    const offered = labels({ ...view, partitions: [{ ...first!, leader: 0 }, ...rest] });
    expect(offered).not.toContain('Kill leader of p0');
    expect(offered).toContain('Kill leader of p1');
  });

  test('nothing acts on a read-only, a remote or a production cluster', () => {
    const view = viewOf(['live', 'live', 'live']);
    const guarded: Partial<ClusterSummary>[] = [{ readOnly: true }, { kind: 'prkdb' }, { environment: 'production' }];
    for (const over of guarded) {
      const offered = labels({ ...view, summary: { ...view.summary, ...over } });
      expect(offered.filter((label) => acting.test(label))).toEqual([]);
      expect(offered).toContain('Go to keys');
    }
  });

  test('leaders move on a remote cluster whose nodes take such orders, unless it is not to be written', () => {
    const view = viewOf(['live', 'live', 'live'], { partitions: 1 });
    const remote: NonNullable<ClusterSummary['remote']> = {
      profileId: 'p',
      group: null,
      color: null,
      isUnverified: false,
      writesLocked: false,
      heardAtMs: 0,
      problem: null,
      capabilities: ['moveLeaders'],
      endpointProblems: [],
    };
    const acts = (over: Partial<ClusterSummary>) =>
      labels({ ...view, summary: { ...view.summary, kind: 'prkdb', remote, ...over } }).filter((label) =>
        label.startsWith('Move leader'),
      );
    expect(acts({})).toHaveLength(2);
    expect(acts({ readOnly: true })).toEqual([]);
    expect(acts({ remote: { ...remote, writesLocked: true } })).toEqual([]);
    expect(acts({ remote: { ...remote, capabilities: [] } })).toEqual([]);
  });

  test('a stopped cluster can be started and deleted, and has no faults or load', () => {
    const offered = labels(viewOf(['stopped', 'stopped', 'stopped']));
    expect(offered.filter((label) => acting.test(label))).toEqual(['Start dev-3', 'Delete dev-3…']);
  });

  test('missing nodes are started together, a running cluster is not started', () => {
    const missing = (states: Parameters<typeof viewOf>[0]) =>
      labels(viewOf(states)).filter((label) => label.startsWith('Start the missing'));
    expect(missing(['live', 'dead', 'dead'])).toEqual(['Start the missing nodes of dev-3']);
    expect(missing(['live', 'live', 'dead'])).toEqual(['Start the missing node of dev-3']);
    expect(missing(['live', 'live', 'live'])).toEqual([]);
    // A paused node is there: it is resumed, not started.
    expect(missing(['live', 'live', 'paused'])).toEqual([]);
  });

  test('a load is stopped only while there is one', () => {
    const view = viewOf(['live', 'live', 'live']);
    const load = { clients: 8, readPercent: 50, startedAtMs: 0, acknowledged: 7, retried: 0, failed: 0 };
    expect(labels({ ...view, load: null })).not.toContain('Stop load');
    expect(labels({ ...view, load })).toContain('Stop load');
  });

  test('screens that are there, and no others', () => {
    expect(labels()).not.toContain('Raft inspector: p3');
    const withRaft = sceneOf(undefined, { screens: [{ path: 'raft', label: 'Raft', key: 'r' }] });
    expect(doing(labelled(paletteActions(withRaft), 'Raft inspector: p3'))).toEqual(['go /c/dev-3/raft/3']);
    expect(paletteActions(withRaft).map((action) => action.label)).not.toContain('Events of p3');
  });

  test('without a cluster: the others, a new one, and what belongs to none', () => {
    const { summary } = viewOf(['live']);
    const offered = labels(null, { clusters: [summary] });
    expect(offered).toEqual(expect.arrayContaining(['dev-3', 'New local cluster…', 'Settings', 'Theme: light']));
    expect(offered).not.toContain('Theme: dark');
  });

  test('ids are unique and stay the same', () => {
    const ids = () => paletteActions(sceneOf()).map((action) => action.id);
    expect(new Set(ids()).size).toBe(ids().length);
    expect(ids()).toEqual(ids());
  });
});

describe('what they do', () => {
  const cases: readonly [string, string][] = [
    ['Kill n1', 'kill n1'],
    ['Events of p3', 'go /c/dev-3/events?partition=3'],
    ['Log of n2', 'go /c/dev-3/logs?node=2'],
    ['Stop dev-3…', 'ask stop dev-3'],
    ['Delete dev-3…', 'ask remove dev-3'],
    ['New local cluster…', 'dialog new'],
    ['Copy keys to another cluster…', 'dialog copy dev-3'],
    ['Theme: light', 'theme light'],
    ['Density: compact', 'density compact'],
    ['Show or hide the sidebar', 'sidebar'],
    ['Start load: 8 clients, mixed', 'load.start {"cluster":"dev-3","clients":8,"readPercent":50}'],
  ];
  test.each(cases)('%s', (label, done) => {
    const view = { ...viewOf(['live', 'live', 'live']), load: null };
    expect(doing(labelled(paletteActions(sceneOf(view)), label))).toEqual([done]);
  });

  test('killing a leader kills the node that leads now', () => {
    const view = viewOf(['live', 'live', 'live']);
    const leader = view.partitions[3]!.leader;
    expect(doing(labelled(paletteActions(sceneOf(view)), 'Kill leader of p3'))).toEqual([`kill n${leader}`]);
  });

  test('addresses are copied as clients take them', () => {
    const view = viewOf(['live', 'live', 'live']);
    const all = view.nodes.map((node) => `http://${node.host}:${node.clientPort}`).join(',');
    expect(doing(labelled(paletteActions(sceneOf(view)), 'Copy client addresses'))).toEqual([`copy ${all}`]);
  });
});
