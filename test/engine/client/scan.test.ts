import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PrkDbClient, type Entry } from '../../../engine/client/index.ts';
import { FakeCluster } from '../../support/fake-cluster.ts';

async function readAll(client: PrkDbClient, prefix: Uint8Array, limit: number): Promise<Entry[]> {
  const entries: Entry[] = [];
  let cursor: string | null = null;
  do {
    const page = await client.scan({ prefix, limit, cursor });
    expect(page.entries.length).toBeLessThanOrEqual(limit);
    entries.push(...page.entries);
    cursor = page.cursor;
  } while (cursor !== null);
  return entries;
}

describe('scan', () => {
  it('pages through all partitions in unsigned byte order, whatever the page sizes', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.uniqueArray(fc.uint8Array({ minLength: 1, maxLength: 3, max: 255 }), {
          maxLength: 40,
          selector: (key) => Buffer.from(key).toString('hex'),
        }),
        fc.uint8Array({ maxLength: 1 }),
        fc.integer({ min: 1, max: 12 }),
        fc.integer({ min: 1, max: 4 }),
        async (keys, prefix, limit, pageLimit) => {
          const cluster = await FakeCluster.start(1, 3);
          const client = await PrkDbClient.connect(cluster.endpoints);
          try {
            cluster.pageLimit = pageLimit;
            for (const key of keys) await client.put(key, key);
            const expected = keys
              .map((key) => Buffer.from(key))
              .filter((key) => key.subarray(0, prefix.length).equals(prefix))
              .sort((a, b) => Buffer.compare(a, b));
            expect((await readAll(client, prefix, limit)).map((e) => e.key)).toEqual(expected);
          } finally {
            client.close();
            cluster.stop();
          }
        },
      ),
      { numRuns: 40 },
    );
  });

  it('has no cursor when the last page is exactly full', async () => {
    const cluster = await FakeCluster.start(1, 3);
    const client = await PrkDbClient.connect(cluster.endpoints);
    await client.batchPut(['a', 'b', 'c'].map((key) => [key, key] as const));
    expect(await client.scan({ limit: 3 })).toMatchObject({ cursor: null });
    expect((await client.scan({ limit: 2 })).cursor).toBe(Buffer.from('b').toString('base64url'));
    await expect(client.scan({ prefix: 'x', cursor: 'Yg' })).rejects.toThrow(/cursor does not belong/);
    client.close();
    cluster.stop();
  });

  it('ends a page early rather than hold many megabytes', async () => {
    const cluster = await FakeCluster.start(1, 2);
    const client = await PrkDbClient.connect(cluster.endpoints);
    cluster.pageLimit = 4;
    const value = Buffer.alloc(1024 * 1024);
    for (let i = 0; i < 12; i++) await client.put(`big/${String(i).padStart(2, '0')}`, value);
    const page = await client.scan({ prefix: 'big/' });
    expect(page.entries).toHaveLength(8);
    expect((await client.scan({ prefix: 'big/', cursor: page.cursor })).entries).toHaveLength(4);
    client.close();
    cluster.stop();
  });
});
