import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CopyDesk } from '../../../electron/backend/copies/copy-desk.ts';
import { WriteGate, type GateRules } from '../../../electron/backend/remote/write-gate.ts';
import { createRouter, type Handlers } from '../../../electron/backend/router.ts';
import { contract } from '../../../electron/contract/contract.ts';
import { BackendError } from '../../../electron/backend/errors.ts';
import { copyViewSchema, type CopySettings, type CopyView } from '../../../electron/contract/copies.ts';
import { MemoryStore } from '../../engine/copy/memory-store.ts';
import { tempDir } from '../../support/temp.ts';

const names = Array.from({ length: 1_200 }, (_, i) => `k${String(i).padStart(5, '0')}`);
const settings: CopySettings = {
  from: 'dev',
  to: 'k8s',
  prefix: '',
  onConflict: 'fail',
  skipTooLarge: false,
  keysPerSecond: null,
  follow: false,
};

let temp: ReturnType<typeof tempDir>;
let stores: Map<string, MemoryStore>;
let gates: Map<string, WriteGate>;
let desk: CopyDesk;
let errors: unknown[];

const openDesk = (): Promise<CopyDesk> =>
  CopyDesk.open({
    directory: temp.path,
    open: async (cluster) => stores.get(cluster)!,
    gateOf: (cluster) => {
      if (!stores.has(cluster)) throw new BackendError('notFound', `There is no cluster called ${cluster}.`);
      return gates.get(cluster) ?? null;
    },
    now: () => 5_000,
    onError: (error) => errors.push(error),
  });
const gate = (rules: Partial<GateRules>): WriteGate =>
  new WriteGate({ name: 'k8s', readOnly: false, isProduction: false, ...rules }, () => 0);
const view = (id: string): CopyView => copyViewSchema.parse(desk.list().find((copy) => copy.id === id));

/** The handlers of copies alone. */
function handlersOf(copies: CopyDesk): Handlers {
  const commands = {
    'copies.begin': async ({ id, typedName, anew }: { id: string; typedName: string | null; anew: boolean }) => {
      await copies.begin(id, typedName, anew);
      return {};
    },
    'copies.remove': async ({ id }: { id: string }) => {
      await copies.remove(id);
      return {};
    },
  };
  return { queries: {}, commands, subscriptions: {} } as unknown as Handlers;
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

async function rehearsed(changes: Partial<CopySettings> = {}): Promise<string> {
  const { id } = await desk.rehearse({ ...settings, ...changes });
  await until(() => view(id).stage !== 'rehearsing');
  return id;
}

beforeEach(async () => {
  temp = tempDir();
  errors = [];
  stores = new Map([
    ['dev', new MemoryStore(Object.fromEntries(names.map((key) => [key, 'v'])), 'dev')],
    ['k8s', new MemoryStore({}, 'k8s')],
  ]);
  gates = new Map();
  desk = await openDesk();
});
afterEach(async () => {
  await desk.close();
  temp.remove();
});

describe('the contract of copies', () => {
  const { input } = contract.commands['copies.rehearse'];

  it('takes whole settings and nothing else', () => {
    expect(input.safeParse(settings).success).toBe(true);
    const wrong: object[] = [
      { from: '' },
      { to: 'x'.repeat(65) },
      { prefix: 'not base64!' },
      { prefix: 'QUFB'.repeat(3_000) },
      { onConflict: 'merge' },
      { keysPerSecond: 0 },
      { keysPerSecond: 1.5 },
      { follow: 'yes' },
      { password: 'x' },
    ];
    expect(wrong.filter((change) => input.safeParse({ ...settings, ...change }).success)).toEqual([]);
  });

  it('is answered with words that a router can carry', async () => {
    gates.set('k8s', gate({ isProduction: true }));
    const id = await rehearsed();
    const router = createRouter(handlersOf(desk), { checkOutputs: true });
    const refused = await router.handle('command', 'copies.begin', { id, typedName: null, anew: false });
    expect(refused).toMatchObject({ ok: false, error: { code: 'invalidInput', hint: 'Type k8s to allow writing.' } });
    expect(await router.handle('command', 'copies.begin', { id, typedName: 'k8s', anew: false })).toMatchObject({
      ok: true,
    });
    await until(() => view(id).stage === 'done');
    expect(await router.handle('command', 'copies.remove', { id })).toMatchObject({ ok: true });
  });
});

describe('the desk of copies', () => {
  it('counts before anything is written, then copies, and says that it is done', async () => {
    const id = await rehearsed();
    expect(view(id)).toMatchObject({ stage: 'rehearsed', rehearsal: { read: 1_200, written: 1_200 }, isCopied: false });
    expect(stores.get('k8s')!.writes).toBe(0);
    await desk.begin(id, null, false);
    await until(() => view(id).stage !== 'copying');
    expect(view(id)).toMatchObject({ stage: 'done', counts: { written: 1_200 }, isCopied: true, error: null });
    expect(stores.get('k8s')!.text).toEqual(stores.get('dev')!.text);
    await expect(desk.begin(id, null, false)).rejects.toThrow('This copy has ended.');
  });

  it('refuses what cannot be, before it begins', async () => {
    await expect(desk.rehearse({ ...settings, to: 'dev' })).rejects.toThrow('dev is both source and target.');
    await expect(desk.rehearse({ ...settings, from: 'gone' })).rejects.toThrow('There is no cluster called gone.');
    gates.set('k8s', gate({ readOnly: true }));
    await expect(desk.rehearse(settings)).rejects.toThrow(/read-only/);
    expect(desk.list()).toEqual([]);
    await expect(desk.begin('none', null, false)).rejects.toThrow('There is no such copy.');
  });

  it('wants the name of a production target typed each time', async () => {
    gates.set('k8s', gate({ isProduction: true }));
    gates.get('k8s')!.unlock('k8s');
    const id = await rehearsed();
    await expect(desk.begin(id, null, false)).rejects.toThrow('This is not the name of the cluster.');
    await expect(desk.begin(id, 'k8', false)).rejects.toMatchObject({ code: 'invalidInput' });
    expect(stores.get('k8s')!.writes).toBe(0);
    await desk.begin(id, 'k8s', false);
    await until(() => view(id).stage === 'done');
  });

  it('writes nothing more once the profile of the target became read-only', async () => {
    const id = await rehearsed();
    stores.get('k8s')!.onWrite = (key) => {
      if (key === 'k00600') gates.set('k8s', gate({ readOnly: true }));
    };
    await desk.begin(id, null, false);
    await until(() => view(id).stage !== 'copying');
    expect(view(id)).toMatchObject({ stage: 'failed', error: { message: expect.stringMatching(/read-only/) } });
    expect(stores.get('k8s')!.writes).toBeLessThan(1_200);
  });

  it('pauses, and goes on where it was after the app was opened again', async () => {
    const id = await rehearsed();
    const reached = Promise.withResolvers<void>();
    const release = Promise.withResolvers<void>();
    stores.get('k8s')!.onWrite = (key) => {
      if (key !== 'k00700') return;
      reached.resolve();
      return release.promise;
    };
    await desk.begin(id, null, false);
    await reached.promise;
    const pausing = desk.pause(id);
    release.resolve();
    await pausing;
    expect(view(id)).toMatchObject({ stage: 'paused', error: null });
    await desk.close();

    desk = await openDesk();
    expect(view(id)).toMatchObject({ stage: 'paused', settings, rehearsal: { read: 1_200 }, counts: { read: 500 } });
    await desk.begin(id, null, false);
    await until(() => view(id).stage === 'done');
    expect(view(id).counts).toMatchObject({ read: 1_200 });
    expect(stores.get('k8s')!.text).toEqual(stores.get('dev')!.text);
  });

  it('begins anew only when told to, where another cluster took the place of the target', async () => {
    const id = await rehearsed();
    stores.get('k8s')!.onWrite = (key) => {
      if (key === 'k00900') throw new Error('gone');
    };
    await desk.begin(id, null, false);
    await until(() => view(id).stage === 'failed');
    expect(view(id).error).toMatchObject({ message: '"k00900" was not copied: gone' });
    stores.set('k8s', new MemoryStore({}, 'k8s of another day'));
    await desk.begin(id, null, false);
    await until(() => view(id).stage === 'failed');
    expect(view(id).error?.message).toMatch(/another cluster than the one that this copy began with/);
    await desk.begin(id, null, true);
    await until(() => view(id).stage === 'done');
    expect(stores.get('k8s')!.keys.size).toBe(1_200);
  });

  it('follows until it is finished, and compares both sides meanwhile', async () => {
    const id = await rehearsed({ follow: true });
    await desk.begin(id, null, false);
    await until(() => view(id).stage === 'following');
    await expect(desk.begin(id, null, false)).rejects.toThrow('running already');
    stores.get('dev')!.set('k00001', 'changed');
    await until(() => view(id).followed?.puts === 1);
    stores.get('k8s')!.set('mine', 'x');
    await desk.compare(id);
    await until(() => view(id).comparison?.isRunning === false);
    expect(view(id).comparison).toMatchObject({ same: 1_200, different: 0, extra: 1, error: null });
    expect(view(id).comparison!.named).toEqual([{ key: '"mine"', what: 'is only in the target' }]);
    await desk.finish(id);
    expect(view(id)).toMatchObject({ stage: 'done', isCopied: true });
    stores.get('dev')!.set('k00002', 'later');
    expect(stores.get('k8s')!.text['k00002']).toBe('v');
  });

  it('names what would stop it, and cannot be finished before it is copied', async () => {
    stores.get('k8s')!.set('k00003', 'mine');
    const id = await rehearsed();
    expect(view(id).rehearsal).toMatchObject({ conflicts: 1, written: 1_199 });
    expect(view(id).named).toEqual([{ key: '"k00003"', what: 'has another value in the target' }]);
    await expect(desk.finish(id)).rejects.toThrow('Not all keys are in the target yet.');
  });

  it('forgets what is removed, and a rehearsal that is ended', async () => {
    const id = await rehearsed();
    expect(readdirSync(temp.path)).toEqual([`${id}.json`]);
    await desk.remove(id);
    expect(readdirSync(temp.path)).toEqual([]);
    const never = Promise.withResolvers<void>();
    stores.get('dev')!.onPage = () => never.promise;
    const { id: counting } = await desk.rehearse(settings);
    const paused = desk.pause(counting);
    never.resolve();
    await paused;
    expect(desk.list()).toEqual([]);
  });

  it('tells a damaged file, and has the others all the same', async () => {
    const id = await rehearsed();
    await desk.close();
    mkdirSync(temp.path, { recursive: true });
    writeFileSync(path.join(temp.path, 'other.json'), '{"version":1,');
    desk = await openDesk();
    expect(desk.list().map((copy) => copy.id)).toEqual([id]);
    expect(errors).toHaveLength(1);
  });
});
