import { existsSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBackend, type Backend } from '../../electron/backend/backend.ts';
import type {
  CommandInput,
  CommandName,
  CommandOutput,
  QueryInput,
  QueryName,
  QueryOutput,
  SubscriptionMessage,
} from '../../electron/contract/contract.ts';
import type { ClusterView, StoryEvent } from '../../electron/contract/model.ts';
import { childProcessLauncher, createSupervisor } from '../../engine/supervisor/index.ts';

const CLUSTER = 'backend-test';
/** Generous: two cores, shared with whatever else runs. */
const PATIENCE_MS = 30_000;

let home: string;
let backend: Backend;
const updates: SubscriptionMessage<'cluster.live'>[] = [];
let view: ClusterView;
const feed: StoryEvent[] = [];

const open = async (): Promise<Backend> =>
  openBackend({
    supervisor: await createSupervisor({ home, launcher: childProcessLauncher(), actor: 'app' }),
    home,
    host: 'browser',
    version: '0.0.0',
    checkOutputs: true,
    onError: (error) => console.error(error),
  });

async function query<N extends QueryName>(name: N, input: QueryInput<N>): Promise<QueryOutput<N>> {
  const result = await backend.router.handle('query', name, input);
  if (!result.ok) throw new Error(`${name}: ${result.error.code}: ${result.error.message}`);
  return result.output as QueryOutput<N>;
}

async function command<N extends CommandName>(name: N, input: CommandInput<N>): Promise<CommandOutput<N>> {
  const result = await backend.router.handle('command', name, input);
  if (!result.ok) throw new Error(`${name}: ${result.error.code}: ${result.error.message}`);
  return result.output as CommandOutput<N>;
}

async function until(what: string, isTrue: () => boolean): Promise<void> {
  const endMs = Date.now() + PATIENCE_MS;
  while (!isTrue()) {
    if (Date.now() > endMs) throw new Error(`waited for ${what} in vain; the feed:\n${sentences().join('\n')}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

const allLed = (): boolean => view.partitions.length > 0 && view.partitions.every((p) => p.leader !== 0);
const node = (id: number) => view.nodes.find((n) => n.id === id)!;
const sentences = (): string[] => feed.map((event) => event.parts.map((part) => part.text).join(''));
const said = (pattern: RegExp): boolean => sentences().some((sentence) => pattern.test(sentence));
const base64 = (text: string): string => Buffer.from(text).toString('base64');

function watch(): void {
  backend.router.subscribe(
    'cluster.live',
    { cluster: CLUSTER },
    {
      message(message) {
        const update = message as SubscriptionMessage<'cluster.live'>;
        updates.push(update);
        if (update.view !== undefined) view = update.view;
        feed.push(...(update.events ?? []));
      },
      error: (error) => console.error(error),
    },
  );
}

beforeAll(async () => {
  home = await mkdtemp(path.join(os.tmpdir(), 'prkdb-backend-'));
  backend = await open();
});

afterAll(async () => {
  await backend.close();
  await rm(home, { recursive: true, force: true });
});

describe('a cluster through the contract', () => {
  it('is checked, created and elects its leaders', async () => {
    const spec = { name: CLUSTER, nodes: 3, partitions: 8, replicationFactor: 3, basePort: null, dataDir: null };
    const check = await query('clusters.check', spec);
    expect(check.problems).toEqual([]);
    expect(check.placement[1]).toEqual([2, 3, 1]);

    await command('clusters.create', spec);
    watch();
    await until('leaders', () => allLed() && view.nodes.every((n) => n.state === 'live'));
    expect(view.summary).toMatchObject({ state: 'running', nodesUp: 3, owner: 'app' });
    await until('the start in the feed', () => said(/^Cluster started: 3 nodes/));
    expect(feed[0]!.kind).toBe('started');
  });

  it('writes, reads and compares keys', async () => {
    const key = base64('user/1');
    const saved = await command('keys.put', { cluster: CLUSTER, key, value: base64('Ada'), expectedRevision: 0 });
    expect(saved).toMatchObject({ outcome: 'saved', entry: { key, version: 1, valueSizeBytes: 3 } });
    const conflict = await command('keys.put', { cluster: CLUSTER, key, value: base64('x'), expectedRevision: 0 });
    expect(conflict).toMatchObject({ outcome: 'conflict', current: { value: base64('Ada') } });

    const read = await query('keys.get', { cluster: CLUSTER, key, readMode: 'linearizable' });
    expect(read.entry).toMatchObject({ value: base64('Ada') });
    expect(read.leader).toBe(view.partitions[read.partition]!.leader);

    for (let i = 0; i < 5; i++) {
      const input = { cluster: CLUSTER, key: base64(`page/${i}`), value: base64('v'), expectedRevision: null };
      await command('keys.put', input);
    }
    const scan = { cluster: CLUSTER, prefix: base64('page/'), limit: 3, readMode: 'linearizable' as const };
    const first = await query('keys.scan', { ...scan, after: '' });
    const second = await query('keys.scan', { ...scan, after: first.next! });
    expect([...first.keys, ...second.keys].map((k) => k.key)).toEqual([0, 1, 2, 3, 4].map((i) => base64(`page/${i}`)));
    expect(second.next).toBeNull();
  });

  it('tells and shows the death of a leader, its restart and its catching up', async () => {
    await command('load.start', { cluster: CLUSTER, clients: 8, readPercent: 0 });
    await until('throughput', () => updates.some((u) => (u.samples ?? []).some((s) => (s.writesPerSecond ?? 0) > 20)));
    await new Promise((resolve) => setTimeout(resolve, 1_500));

    await until('leaders', allLed);
    const victim = view.partitions[0]!.leader;
    await command('node.kill', { cluster: CLUSTER, node: victim });
    expect((await query('cluster.view', { cluster: CLUSTER })).nodes[victim - 1]).toMatchObject({
      state: 'dead',
      exit: { signal: 'SIGKILL', by: 'app' },
    });
    await until('new leaders', () => allLed() && view.partitions.every((p) => p.leader !== victim));
    expect(view.summary.state).toBe('degraded');
    const textOf = (event: StoryEvent) => event.parts.map((part) => part.text).join('');
    await until('the kill in the feed', () => feed.some((event) => event.kind === 'fault'));
    const fault = feed.find((event) => event.kind === 'fault')!;
    expect(textOf(fault)).toMatch(new RegExp(`^n${victim} killed by you \\(SIGKILL\\)\\. It led p\\d`));
    // What it led is as the feed has it: on a busy machine leaders also change by themselves.
    const led = [...textOf(fault).matchAll(/p\d+/g)].map(([partition]) => partition);
    const aftermath = () => feed.filter((event) => event.kind === 'elected' && event.storyId === fault.id);
    await until('the elections in the feed', () => {
      const told = aftermath().map(textOf).join(' ');
      return led.every((partition) => new RegExp(`\\b${partition}\\b`).test(told));
    });
    for (const event of aftermath()) expect(event.offsetMs).toBe(event.timeMs - fault.timeMs);

    const entry = await query('keys.get', { cluster: CLUSTER, key: base64('user/1'), readMode: 'linearizable' });
    expect(entry.entry).toMatchObject({ value: base64('Ada') });

    await command('node.start', { cluster: CLUSTER, node: victim });
    await until('the node to be live', () => node(victim).state === 'live' && view.summary.state === 'running');
    await until('its catching up', () => said(new RegExp(`^n${victim} caught up on all 8 partitions, [\\d,]+ entr`)));
    await command('load.stop', { cluster: CLUSTER });
    await until('the end of the load', () => said(/^Load stopped/));
  });

  it('isolates a node and heals it', async () => {
    await command('node.isolate', { cluster: CLUSTER, node: 2 });
    await until('the cut', () => node(2).state === 'partitioned' && node(2).links.every((link) => link.cut));
    await until('leaders elsewhere', () => allLed() && view.partitions.every((p) => p.leader !== 2));
    expect(view.summary.state).toBe('partitioned');
    await command('cluster.heal', { cluster: CLUSTER });
    await until('the heal', () => view.summary.state === 'running' && allLed());
    await until('the sentence', () => said(/^Network healed by you/));
  });

  it('shows the loss of quorum, refuses in words, and recovers', async () => {
    await command('node.kill', { cluster: CLUSTER, node: 1 });
    await command('node.pause', { cluster: CLUSTER, node: 2 });
    await until('the loss', () => view.summary.state === 'noQuorum');
    expect(view.partitions.every((p) => p.leader === 0 && !p.hasQuorum)).toBe(true);
    // What is not acknowledged may still happen, once there is a leader again.
    const put = await backend.router.handle('command', 'keys.put', {
      cluster: CLUSTER,
      key: base64('user/2'),
      value: base64('x'),
      expectedRevision: null,
    });
    expect(put).toMatchObject({ ok: false });
    expect(['noLeader', 'deadline', 'disconnected']).toContain(put.ok ? 'ok' : put.error.code);
    const stale = await query('keys.get', { cluster: CLUSTER, key: base64('user/1'), readMode: 'stale' });
    expect(stale.entry).toMatchObject({ value: base64('Ada') });
    await until('the sentence', () => said(/^Quorum lost: n1 and n2 are down/));

    await command('node.resume', { cluster: CLUSTER, node: 2 });
    await until('leaders', () => allLed());
    await until('the sentence', () => said(/^Quorum is back/));
    await command('node.start', { cluster: CLUSTER, node: 1 });
    await until('all', () => view.summary.state === 'running');
  });

  it('wipes a dead node: an empty one takes its place, and no key is lost', async () => {
    await command('node.kill', { cluster: CLUSTER, node: 3 });
    expect(await command('node.wipe', { cluster: CLUSTER, node: 3 })).toEqual({ node: 4 });
    await until(
      'the replacement',
      () =>
        view.nodes.map((n) => n.id).join() === '1,2,4' &&
        view.partitions.every((p) => p.replicas.includes(4) && !p.replicas.includes(3)) &&
        view.summary.state === 'running' &&
        allLed(),
    );
    expect(existsSync(path.join(view.summary.dataDir!, 'n3'))).toBe(false);
    const entry = await query('keys.get', { cluster: CLUSTER, key: base64('user/1'), readMode: 'linearizable' });
    expect(entry.entry).toMatchObject({ value: base64('Ada') });
  });

  it('keeps history and feed, the feed also over a restart of the app', async () => {
    const samples = await query('cluster.history', { cluster: CLUSTER, fromMs: 0, toMs: Date.now(), maxPoints: 5000 });
    expect(samples.length).toBeGreaterThan(10);
    expect(samples.some((sample) => (sample.writeP99Ms ?? 0) > 0)).toBe(true);
    const logs = await query('node.logs', { cluster: CLUSTER, node: 1, lines: 50 });
    expect(logs.lines.length).toBeGreaterThan(0);

    const before = await query('cluster.events', { cluster: CLUSTER, limit: 100 });
    await backend.close();
    backend = await open();
    const after = await query('cluster.events', { cluster: CLUSTER, limit: 100 });
    expect(after.slice(0, before.length)).toEqual(before);
    expect((await query('cluster.view', { cluster: CLUSTER })).summary.state).toBe('stopped');

    await command('cluster.rename', { cluster: CLUSTER, name: 'renamed' });
    expect((await query('clusters.list', {})).map((one) => one.name)).toEqual(['renamed']);
    const told = await query('cluster.events', { cluster: 'renamed', limit: 100 });
    expect(told.slice(0, before.length)).toEqual(before);
    await command('cluster.start', { cluster: 'renamed' });
    await expect
      .poll(async () => (await query('cluster.view', { cluster: 'renamed' })).summary.state, { timeout: PATIENCE_MS })
      .toBe('running');
    await command('cluster.rename', { cluster: 'renamed', name: 'again' });
    const key = base64('user/1');
    await expect
      .poll(
        () =>
          query('keys.get', { cluster: 'again', key, readMode: 'linearizable' }).then(
            ({ entry }) => entry?.value,
            () => null,
          ),
        { timeout: PATIENCE_MS },
      )
      .toBe(base64('Ada'));
    await command('cluster.stop', { cluster: 'again' });
    await command('cluster.remove', { cluster: 'again' });
    expect(await query('clusters.list', {})).toEqual([]);
  });
});
