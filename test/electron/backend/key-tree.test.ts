import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { COUNTED_TO, keyTree } from '../../../electron/backend/keys/key-tree.ts';
import { MemoryKeys } from './memory-keys.ts';

const base64 = (text: string): string => Buffer.from(text).toString('base64');
const text = (bytes: string): string => Buffer.from(bytes, 'base64').toString();

/** All answers of one level put together. */
async function level(keys: MemoryKeys, prefix: string, separator = '/') {
  const folders: string[] = [];
  let [ownKeys, after] = [0, ''];
  for (;;) {
    const answer = await keyTree(keys, { prefix: base64(prefix), separator, after, readMode: 'linearizable' });
    folders.push(...answer.folders.map((one) => `${text(one.prefix)} ${one.count}${one.isExact ? '' : '+'}`));
    ownKeys += answer.ownKeys;
    if (answer.next === null) return { folders, ownKeys };
    after = answer.next;
  }
}

const of = (...names: string[]) => new MemoryKeys(names.map((name) => [name, ''] as const));

describe('the prefix tree', () => {
  it('has a folder for what follows up to the next separator, with all its keys counted', async () => {
    const keys = of('/a/1', '/a/2', '/a/b/3', '/c', '/d/4', 'x');
    expect(await level(keys, '')).toEqual({ folders: ['/ 5'], ownKeys: 1 });
    expect(await level(keys, '/')).toEqual({ folders: ['/a/ 3', '/d/ 1'], ownKeys: 1 });
    expect(await level(keys, '/a/')).toEqual({ folders: ['/a/b/ 1'], ownKeys: 2 });
    expect(await level(keys, '/a/', '::')).toEqual({ folders: [], ownKeys: 3 });
  });

  it('counts a large folder so far and no further, says so, and goes on behind it', async () => {
    const many = Array.from({ length: COUNTED_TO * 3 }, (_, i) => `big/${String(i).padStart(6, '0')}`);
    const keys = of('a/1', ...many, 'c/1', 'own');
    expect(await level(keys, '')).toEqual({ folders: ['a/ 1', `big/ ${COUNTED_TO}+`, 'c/ 1'], ownKeys: 1 });
    expect(keys.scans).toBeLessThan(15);
  });

  it('reads a bounded number of keys at once and goes on where it ended', async () => {
    const names = Array.from({ length: 1_200 }, (_, i) => `f${String(i).padStart(4, '0')}/k`);
    const keys = of(...names);
    const first = await keyTree(keys, { prefix: '', separator: '/', after: '', readMode: 'stale' });
    expect(first.folders).toHaveLength(500);
    expect(first.next).not.toBeNull();
    expect((await level(keys, '')).folders).toEqual(names.map((name) => `${name.slice(0, -1)} 1`));
  });

  it('loses and doubles nothing, whatever bytes the keys have', async () => {
    const key = fc.array(fc.constantFrom('a', 'b', '/', '\u00ff', '\0'), { minLength: 1, maxLength: 5 });
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(
          key.map((parts) => parts.join('')),
          { maxLength: 30 },
        ),
        async (names) => {
          const { folders, ownKeys } = await level(of(...names), '');
          const counted = folders.reduce((sum, folder) => sum + Number(folder.split(' ').at(-1)), ownKeys);
          expect(counted).toBe(names.length);
          expect(new Set(folders.map((folder) => folder.split(' ')[0])).size).toBe(folders.length);
        },
      ),
    );
  });
});
