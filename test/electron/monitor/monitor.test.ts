import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ClusterDriver } from '../../../electron/backend/clusters/driver.ts';
import { AlertLog } from '../../../electron/backend/monitor/alert-log.ts';
import { Monitor } from '../../../electron/backend/monitor/monitor.ts';
import { NoticeBoard } from '../../../electron/backend/monitor/notice-board.ts';
import { normalSettings, SettingsStore } from '../../../electron/backend/monitor/settings-store.ts';
import type { ClusterView } from '../../../electron/contract/model.ts';
import {
  fleetSchema,
  type Alert,
  type Fleet,
  type MonitorSettings,
  type Notice,
} from '../../../electron/contract/monitor.ts';
import { tempDir } from '../../support/temp.ts';
import { node, partition, sample, view } from './scene.ts';

const leaderless = (sinceMs: number) =>
  view({ partitions: [partition(0, { leader: 0, leaderlessSinceMs: sinceMs }), partition(1)] });

describe('the monitor', () => {
  let dir: ReturnType<typeof tempDir>;
  let nowMs: number;
  let clusters: Map<string, ClusterView>;
  let drivers: Map<string, ClusterDriver>;
  let errors: unknown[];
  let monitor: Monitor;
  let notices: Notice[];
  let alerts: Alert[];

  function driverOf(name: string): ClusterDriver {
    return {
      name,
      view: () => clusters.get(name)!,
      history: () => [],
      lastSample: () => sample(nowMs, [2, 2], [1, 2]),
      certificates: async () => [],
    } as unknown as ClusterDriver;
  }

  async function open(settings?: MonitorSettings): Promise<void> {
    const onError = (error: unknown) => errors.push(error);
    const store = await SettingsStore.open(path.join(dir.path, 'monitor.json'), onError);
    if (settings !== undefined) await store.set(settings);
    const board = new NoticeBoard(null, () => nowMs, onError);
    board.watch((told) => notices.push(...told));
    monitor = new Monitor({
      drivers: () => [...drivers.values()].filter((driver) => clusters.has(driver.name)),
      isDrilled: () => false,
      settings: store,
      log: await AlertLog.open(path.join(dir.path, 'alerts.jsonl'), onError),
      notices: board,
      now: () => nowMs,
      onError,
    });
    monitor.watchLog((told) => alerts.push(...told));
    monitor.tick();
    // Clusters are watched once their past was read.
    await new Promise((resolve) => setImmediate(resolve));
    monitor.tick();
  }

  /** Time passes, with a look at its end. */
  function pass(ms: number): void {
    nowMs += ms;
    monitor.tick();
  }

  beforeEach(() => {
    dir = tempDir();
    // In local time, so that quiet hours can be set around it.
    nowMs = new Date(2026, 5, 1, 12, 0).getTime();
    clusters = new Map([['orders', view()]]);
    drivers = new Map(['orders', 'other'].map((name) => [name, driverOf(name)]));
    errors = [];
    notices = [];
    alerts = [];
  });
  afterEach(async () => {
    await monitor.close();
    dir.remove();
    if (errors.length > 0) throw new AggregateError(errors, 'the monitor complained');
  });

  it('tells what fires and clears, with no window open, and keeps it', async () => {
    await open();
    clusters.set('orders', leaderless(nowMs));
    pass(9_000);
    expect(notices).toEqual([]);
    pass(1_000);
    expect(notices).toMatchObject([
      { tone: 'bad', title: 'orders: no leader', text: 'No leader on p0.', path: '/c/orders', isShown: false },
    ]);
    clusters.set('orders', view());
    pass(1_000);
    pass(3_000);
    expect(notices[1]).toMatchObject({ tone: 'ok', text: 'Every partition has a leader again.' });
    expect(alerts.map(({ change, told }) => `${change} ${told}`)).toEqual(['fired yes', 'cleared yes']);
    expect(alerts[1]!.lastedMs).toBe(11_000);
    await monitor.close();
    const lines = (await readFile(path.join(dir.path, 'alerts.jsonl'), 'utf8')).trim().split('\n');
    expect(lines).toHaveLength(2);
  });

  it('does not tell again after a restart what it told before, and clears what ended meanwhile', async () => {
    await open();
    clusters.set('orders', leaderless(nowMs - 60_000));
    pass(1_000);
    expect(notices).toHaveLength(1);
    await monitor.close();
    await open();
    pass(1_000);
    expect(notices).toHaveLength(1);
    clusters.set('orders', view());
    pass(1_000);
    pass(3_000);
    expect(notices).toHaveLength(2);
    clusters.set('orders', leaderless(nowMs - 60_000));
    pass(1_000);
    await monitor.close();
    clusters.clear();
    await open();
    expect(alerts.at(-1)).toMatchObject({ change: 'cleared', words: 'The cluster is no longer watched.' });
  });

  it('is silent in quiet hours, and tells at their end what still holds', async () => {
    const quietHours = { isOn: true, fromMinute: 11 * 60, toMinute: 12 * 60 + 1 };
    await open({ ...normalSettings(), quietHours });
    clusters.set('orders', leaderless(nowMs - 60_000));
    pass(1_000);
    expect(alerts).toMatchObject([{ change: 'fired', told: 'quietHours' }]);
    expect(notices).toEqual([]);
    pass(60_000);
    expect(notices).toMatchObject([{ title: 'orders: no leader' }]);
    clusters.set('orders', view());
    pass(1_000);
    pass(3_000);
    expect(notices).toHaveLength(2);
  });

  it('tells neither the end of what it did not tell, nor what the user does on this computer', async () => {
    const quietHours = { isOn: true, fromMinute: 11 * 60, toMinute: 13 * 60 };
    await open({ ...normalSettings(), quietHours });
    clusters.set('orders', leaderless(nowMs - 60_000));
    pass(1_000);
    clusters.set('orders', view());
    pass(1_000);
    pass(3_000);
    expect(alerts.map(({ change }) => change)).toEqual(['fired', 'cleared']);
    await monitor.configure(normalSettings());
    const paused = leaderless(nowMs - 60_000);
    clusters.set('orders', { ...paused, nodes: [node(1, { state: 'paused' }), node(2), node(3)] });
    pass(1_000);
    expect(alerts.at(-1)).toMatchObject({ change: 'fired', told: 'yourDoing' });
    clusters.set('orders', view());
    pass(1_000);
    pass(3_000);
    expect(alerts.at(-1)).toMatchObject({ change: 'cleared', told: 'yourDoing' });
    expect(notices).toEqual([]);
    // A disk that fails while something is broken on purpose is news all the same.
    clusters.set('orders', view({ nodes: [node(1, { state: 'paused' }), node(2, { storageError: 'full' }), node(3)] }));
    pass(1_000);
    expect(notices).toMatchObject([{ title: 'orders: alarm' }]);
  });

  it('logs what it does not tell of a muted cluster', async () => {
    await open({ ...normalSettings(), muted: ['orders'] });
    clusters.set('orders', leaderless(nowMs - 60_000));
    pass(1_000);
    expect(alerts).toMatchObject([{ told: 'muted' }]);
    expect(notices).toEqual([]);
  });

  it('puts every cluster side by side, and says nothing of what it does not hear', async () => {
    clusters.set('other', view({}, { name: 'other', state: 'unreachable' }));
    await open();
    let fleet: Fleet | null = null;
    monitor.watchFleet((message) => (fleet = message));
    const { rows } = fleetSchema.parse(fleet);
    expect(rows).toMatchObject([
      {
        cluster: 'orders',
        health: { tone: 'ok' },
        leaders: [
          { name: 'n1', partitions: 1 },
          { name: 'n2', partitions: 1 },
        ],
        elections: { count: 0, isInferred: false },
        latency: { ms: 4, of: 'writeP99' },
        disk: { usedBytes: 3_000, fullPercent: null },
        writesPerSecond: 10,
        firing: [],
      },
      { cluster: 'other', health: { tone: 'bad' }, leaders: [], lag: null, latency: null, writesPerSecond: null },
    ]);
    clusters.set('orders', view({ partitions: [partition(0, { leader: 3, term: 9 }), partition(1)] }));
    pass(1_000);
    expect(fleetSchema.parse(fleet).rows[0]).toMatchObject({ elections: { count: 1 }, term: 9 });
  });

  it('keeps its settings, and begins anew with a file that is none', async () => {
    const settings = normalSettings();
    settings.rules.lag = { isOn: false, threshold: 5 };
    await open(settings);
    await monitor.close();
    const file = path.join(dir.path, 'monitor.json');
    expect((await SettingsStore.open(file, () => undefined)).settings).toEqual(settings);
    await writeFile(file, '{"rules":');
    const told: unknown[] = [];
    expect((await SettingsStore.open(file, (error) => told.push(error))).settings).toEqual(normalSettings());
    expect(told).toHaveLength(1);
  });
});
