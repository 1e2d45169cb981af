import { describe, expect, it } from 'vitest';
import { noCounts, runCopy, type CopyCheckpoint, type CopyRun } from '../../../engine/copy/index.ts';
import { MemoryStore } from './memory-store.ts';

const names = Array.from({ length: 1_200 }, (_, i) => `k${String(i).padStart(5, '0')}`);
const many = (): MemoryStore => new MemoryStore(Object.fromEntries(names.map((key) => [key, `${key} at first`])), 'a');

/** A run that keeps what it saves, and the means to end it. */
function run(from: MemoryStore, to: MemoryStore, options: Partial<CopyRun> = {}) {
  const saved: CopyCheckpoint[] = [];
  const stop = new AbortController();
  const copied = Promise.withResolvers<void>();
  const result = runCopy({
    from,
    to,
    prefix: Buffer.from('k'),
    onConflict: 'overwrite',
    skipTooLarge: false,
    dryRun: false,
    verify: true,
    keysPerSecond: null,
    follow: false,
    resume: null,
    save: async (checkpoint) => void saved.push(checkpoint),
    progress: () => undefined,
    notable: () => undefined,
    copied: () => copied.resolve(),
    followed: () => undefined,
    signal: stop.signal,
    ...options,
  });
  return { result, saved, stop, copied: copied.promise };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await new Promise((resolve) => setImmediate(resolve));
}

describe('a copy as a whole', () => {
  it('refuses a cluster as its own target', async () => {
    await expect(run(many(), many()).result).rejects.toThrow('a and a are the same cluster.');
  });

  it('does not go on into a cluster that has taken the place of the target', async () => {
    const first = run(many(), new MemoryStore({}, 'b'));
    await first.result;
    const resume = first.saved.at(-1)!;
    await expect(run(many(), new MemoryStore({}, 'c'), { resume }).result).rejects.toThrow(
      'c is another cluster than the one that this copy began with.',
    );
  });

  it('has a checkpoint from its beginning, with where it began in the history of the source', async () => {
    const from = many();
    const { result, saved } = run(from, new MemoryStore({}, 'b'));
    await result;
    expect(saved[0]).toEqual({
      fromIdentity: 'a',
      toIdentity: 'b',
      after: '',
      position: String(names.length),
      counts: noCounts,
      isCopied: false,
    });
  });

  it('rehearses without a checkpoint', async () => {
    const { result, saved } = run(many(), new MemoryStore({}, 'b'), { dryRun: true });
    expect(await result).toMatchObject({ counts: { written: 1_200 }, isCopied: true });
    expect(saved).toEqual([]);
  });

  it('follows what changes while it copies, and afterwards', async () => {
    const from = many();
    const to = new MemoryStore({}, 'b');
    from.onPage = (page) => {
      // Behind the first page: of what is copied already, and of what is yet to come.
      if (page !== 2) return;
      from.set('k00003', 'changed');
      from.unset('k00004');
      from.set('k00900', 'changed early');
      from.unset('k00901');
      from.set('other', 'not meant');
    };
    const { result, stop, copied } = run(from, to, { follow: true });
    await copied;
    from.set('k00005', 'changed late');
    from.unset('k00006');
    from.set('k00003', 'and again', Date.now() + 60_000);
    await until(() => to.text['k00003'] === 'and again' && !to.keys.has('k00006'));
    from.keys.delete('other');
    expect(to.text).toEqual(from.text);
    expect(to.keys.get('k00003')!.expiresAtMs).not.toBeNull();
    stop.abort();
    expect(await result).toMatchObject({ isCopied: true });
  });

  it('goes on following where it was, with nothing missed', async () => {
    const from = many();
    const to = new MemoryStore({}, 'b');
    const first = run(from, to, { follow: true });
    await first.copied;
    from.set('k00001', 'seen');
    await until(() => to.text['k00001'] === 'seen' && first.saved.at(-1)!.position === String(from.history.length));
    first.stop.abort();
    await first.result;
    from.set('k00002', 'unseen');
    from.unset('k00007');
    const writesBefore = to.writes;
    const second = run(from, to, { follow: true, resume: first.saved.at(-1)! });
    await until(() => to.text['k00002'] === 'unseen' && !to.keys.has('k00007'));
    second.stop.abort();
    await second.result;
    expect(to.writes - writesBefore).toBe(1);
    expect(to.text).toEqual(from.text);
  });

  it('says so when the source has forgotten changes that were not seen', async () => {
    const from = many();
    const first = run(from, new MemoryStore({}, 'b'));
    await first.result;
    for (let i = 0; i < 10; i++) from.set('k00001', String(i));
    from.floor = from.history.length - 5;
    const resume = { ...first.saved.at(-1)!, isCopied: true };
    await expect(run(from, new MemoryStore({}, 'b'), { follow: true, resume }).result).rejects.toThrow(
      /a no longer remembers all changes since this copy began/,
    );
  });

  it('ends at a change that the target cannot take, and names the key', async () => {
    const from = many();
    const to = new MemoryStore({}, 'b');
    const { result, copied } = run(from, to, { follow: true });
    await copied;
    to.maxValueBytes = 100;
    from.set('k00001', 'x'.repeat(101));
    await expect(result).rejects.toThrow('"k00001" was not followed: the value is too large.');
  });
});
