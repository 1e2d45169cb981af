import { describe, expect, it } from 'vitest';
import { ChangesLostError, EtcdStore, type Pair } from '../../../engine/copy/index.ts';
import { EtcdError, type EtcdClient } from '../../../engine/etcd/index.ts';

interface Range {
  readonly key: Buffer;
  readonly rangeEnd?: Buffer;
  readonly limit?: number;
  readonly revision?: number;
}
interface Txn {
  readonly compare?: readonly object[];
  readonly success: readonly { requestPut?: { key: Buffer; value: Buffer; lease: string }; requestRange?: Range }[];
}

const CHANNEL_BYTES = 16 * 1024 * 1024;

/** The calls of an etcd that EtcdStore makes, over a map, with etcd's limits on messages. */
class FakeEtcd {
  readonly keys = new Map<string, { value: Buffer; lease: string }>();
  readonly leases = new Map<string, number>();
  readonly calls: string[] = [];
  /** Bytes of the largest answer that was tried. */
  largestAnswer = 0;
  revision = 1;
  compactedBelow = 0;
  afterRange: () => void = () => undefined;

  set(key: string, value: Buffer | string, lease = '0'): void {
    this.keys.set(key, { value: Buffer.from(value), lease });
    this.revision++;
  }

  get client(): EtcdClient {
    const call = async (service: string, name: string, request: unknown): Promise<unknown> => {
      this.calls.push(name);
      const answer = this.#answer(`${service}/${name}`, request);
      if (name === 'Range') this.afterRange();
      return answer;
    };
    return { call, close: () => undefined } as unknown as EtcdClient;
  }

  #answer(name: string, request: unknown): unknown {
    switch (name) {
      case 'KV/Range':
        return this.#range(request as Range);
      case 'KV/Put': {
        const { key, value, lease } = request as { key: Buffer; value: Buffer; lease: string };
        this.set(key.toString('latin1'), value, lease);
        return {};
      }
      case 'KV/Txn':
        return this.#txn(request as Txn);
      case 'Lease/LeaseGrant': {
        const id = String(this.leases.size + 1);
        this.leases.set(id, (request as { TTL: number }).TTL);
        return { ID: id };
      }
      case 'Lease/LeaseTimeToLive':
        return { TTL: String(this.leases.get((request as { ID: string }).ID) ?? -1), grantedTTL: '0' };
      default:
        throw new Error(name);
    }
  }

  #range({ key, rangeEnd, limit = 0, revision = 0 }: Range) {
    if (revision > 0 && revision < this.compactedBelow) throw new EtcdError('compacted', 'compacted');
    const isWithin = (name: Buffer): boolean =>
      rangeEnd === undefined
        ? name.equals(key)
        : Buffer.compare(name, key) >= 0 && (rangeEnd.equals(Buffer.from([0])) || Buffer.compare(name, rangeEnd) < 0);
    const all = [...this.keys]
      .map(([name, entry]) => ({ key: Buffer.from(name, 'latin1'), ...entry }))
      .filter((entry) => isWithin(entry.key))
      .sort((a, b) => Buffer.compare(a.key, b.key));
    const kvs = limit > 0 ? all.slice(0, limit) : all;
    const bytes = kvs.reduce((sum, entry) => sum + entry.key.length + entry.value.length, 0);
    this.largestAnswer = Math.max(this.largestAnswer, bytes);
    if (bytes > CHANNEL_BYTES) throw new EtcdError('tooLarge', 'Received message larger than max');
    const rest = { createRevision: '1', modRevision: '1', version: '1' };
    return {
      header: { revision: String(this.revision) },
      kvs: kvs.map((kv) => ({ ...kv, ...rest })),
      more: kvs.length < all.length,
      count: String(all.length),
    };
  }

  #txn({ compare = [], success }: Txn) {
    const puts = success.flatMap(({ requestPut }) => (requestPut === undefined ? [] : [requestPut]));
    const reads = success.flatMap(({ requestRange }) => (requestRange === undefined ? [] : [requestRange]));
    if (puts.length + reads.length > 128) throw new EtcdError('refused', 'too many operations in txn request');
    const names = puts.map(({ key }) => key.toString('latin1'));
    if (new Set(names).size < names.length) throw new EtcdError('refused', 'duplicate key given in txn request');
    const bytes = puts.reduce((sum, put) => sum + put.value.length, 0);
    if (bytes > 1.5 * 1024 * 1024) throw new EtcdError('tooLarge', 'request is too large');
    for (const { lease } of puts) {
      if (lease !== '0' && !this.leases.has(lease)) throw new EtcdError('notFound', 'requested lease not found');
    }
    const isFree = compare.length === 0 || names.every((name) => !this.keys.has(name));
    if (!isFree)
      return { succeeded: false, responses: puts.map(({ key }) => ({ responseRange: this.#range({ key }) })) };
    for (const { key, value, lease } of puts) this.set(key.toString('latin1'), value, lease);
    return { succeeded: true, responses: reads.map((read) => ({ responseRange: this.#range(read) })) };
  }
}

const pair = (key: string, value: string | Buffer = 'v', expiresAtMs: number | null = null): Pair => ({
  key: Buffer.from(key, 'latin1'),
  value: Buffer.from(value),
  expiresAtMs,
});
const options = { after: Buffer.alloc(0), ofOneMoment: true, signal: new AbortController().signal };

async function keysOf(store: EtcdStore, prefix: Buffer = Buffer.alloc(0), ofOneMoment = true): Promise<string[]> {
  const found: string[] = [];
  for await (const page of store.pages(prefix, { ...options, ofOneMoment })) {
    found.push(...page.map(({ key }) => key.toString('latin1')));
  }
  return found;
}

async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe('etcd as a side of a copy', () => {
  it('reads any number of keys, binary ones too, page by page', async () => {
    const etcd = new FakeEtcd();
    const names = ['\x00', 'a', 'a\x00', 'b', '\xff', '\xff\xff'].concat(
      Array.from({ length: 1_300 }, (_, i) => `k${String(i).padStart(5, '0')}`),
    );
    for (const name of names) etcd.set(name, 'v');
    const store = new EtcdStore('etcd', etcd.client);
    expect(await keysOf(store)).toEqual([...names].sort((a, b) => (a < b ? -1 : 1)));
    expect(await keysOf(store, Buffer.from([0xff]))).toEqual(['\xff', '\xff\xff']);
    expect(etcd.calls.length).toBeLessThan(16);
  });

  it('never asks for much more than a message holds, however large the values are', async () => {
    const etcd = new FakeEtcd();
    for (let i = 0; i < 40; i++) etcd.set(`k${String(i).padStart(2, '0')}`, Buffer.alloc(1_400_000, i));
    expect(await keysOf(new EtcdStore('etcd', etcd.client))).toHaveLength(40);
    expect(etcd.largestAnswer).toBeLessThan(24 * 1024 * 1024);
  });

  it('reads on from what is there now when its moment is compacted away', async () => {
    const etcd = new FakeEtcd();
    for (let i = 0; i < 100; i++) etcd.set(`k${String(i).padStart(3, '0')}`, 'v');
    etcd.afterRange = () => (etcd.compactedBelow = etcd.revision + 1);
    expect(await keysOf(new EtcdStore('etcd', etcd.client))).toHaveLength(100);
  });

  it('puts what is created at once into few transactions, each within the limits of etcd', async () => {
    const etcd = new FakeEtcd();
    const store = new EtcdStore('etcd', etcd.client);
    const pairs = Array.from({ length: 200 }, (_, i) => pair(`k${i}`));
    const outcomes = await Promise.all(pairs.map((one) => store.create(one)));
    expect(outcomes.every(({ outcome }) => outcome === 'created')).toBe(true);
    expect(etcd.calls).toHaveLength(4);
    const large = Array.from({ length: 6 }, (_, i) => pair(`large${i}`, Buffer.alloc(400_000, i)));
    await Promise.all(large.map((one) => store.create(one)));
    await store.create(pair('largest', Buffer.alloc(1_400_000)));
    expect(etcd.keys.size).toBe(207);
    const values = await Promise.all(pairs.map(({ key }) => store.get(key)));
    expect(values.every((value) => value?.toString() === 'v')).toBe(true);
    expect(await store.get(Buffer.from('none'))).toBeNull();
  });

  it('tells of each key whether it was there, when only some were', async () => {
    const etcd = new FakeEtcd();
    etcd.set('b', 'mine');
    const store = new EtcdStore('etcd', etcd.client);
    const outcomes = await Promise.all(['a', 'b', 'c'].map((key) => store.create(pair(key))));
    expect(outcomes.map(({ outcome }) => outcome)).toEqual(['created', 'exists', 'created']);
    expect(outcomes[1]).toMatchObject({ value: Buffer.from('mine') });
    expect(etcd.keys.get('b')!.value.toString()).toBe('mine');
    // The same key twice, as two clients would: one of them is first.
    const twice = await Promise.all([store.create(pair('d', '1')), store.create(pair('d', '2'))]);
    expect(twice.map(({ outcome }) => outcome).sort()).toEqual(['created', 'exists']);
  });

  it('gives keys of the same second one lease, and none to those that stay', async () => {
    const etcd = new FakeEtcd();
    const store = new EtcdStore('etcd', etcd.client);
    const atMs = Math.floor(Date.now() / 1000) * 1000 + 60_500;
    await Promise.all([store.create(pair('a', 'v', atMs)), store.create(pair('b', 'v', atMs + 100))]);
    await store.overwrite(pair('c', 'v', atMs + 5_000));
    await store.create(pair('stays'));
    expect(etcd.keys.get('a')!.lease).toBe(etcd.keys.get('b')!.lease);
    expect(etcd.keys.get('c')!.lease).not.toBe(etcd.keys.get('a')!.lease);
    expect(etcd.keys.get('stays')!.lease).toBe('0');
    const [ttl] = [...etcd.leases.values()];
    expect(ttl).toBeGreaterThanOrEqual(59);
    expect(ttl).toBeLessThanOrEqual(61);
  });

  it('takes another lease when the one of that second has ended', async () => {
    const etcd = new FakeEtcd();
    const store = new EtcdStore('etcd', etcd.client);
    const atMs = Date.now() + 60_000;
    await store.create(pair('a', 'v', atMs));
    etcd.leases.clear();
    await store.create(pair('c', 'v', atMs));
    expect(etcd.keys.has('c')).toBe(true);
  });

  it('takes a key out of the lease that it had when it is overwritten by one that stays', async () => {
    const etcd = new FakeEtcd();
    etcd.leases.set('7', 5);
    etcd.set('a', 'old', '7');
    await new EtcdStore('etcd', etcd.client).overwrite(pair('a', 'new'));
    expect(etcd.keys.get('a')).toEqual({ value: Buffer.from('new'), lease: '0' });
  });

  it('says when keys expire, asking once for each lease, and that those of an ended one have', async () => {
    const etcd = new FakeEtcd();
    etcd.leases.set('7', 120);
    for (const key of ['a', 'b', 'c']) etcd.set(key, 'v', '7');
    etcd.set('gone', 'v', '8');
    const [page = []] = await all(new EtcdStore('etcd', etcd.client).pages(Buffer.alloc(0), options));
    expect(etcd.calls.filter((name) => name === 'LeaseTimeToLive')).toHaveLength(2);
    const leftMs = page.map(({ expiresAtMs }) => expiresAtMs! - Date.now());
    expect(leftMs[0]).toBeGreaterThan(100_000);
    expect(leftMs[3]).toBeLessThanOrEqual(0);
  });

  it('names changes that it no longer has', async () => {
    const client = {
      connection: () => Promise.reject(new EtcdError('compacted', 'compacted')),
    } as unknown as EtcdClient;
    const following = new EtcdStore('etcd', client).follow(Buffer.alloc(0), '5', options.signal);
    await expect(all(following)).rejects.toThrow(ChangesLostError);
  });
});
