import type { EtcdClient } from './client.ts';
import { EtcdError } from './errors.ts';
import type { RangeResponse, TxnResponse, WireKeyValue } from './messages.ts';
import type { EtcdEntry, EtcdLease, RangeOptions, RangePage, WriteResult } from './types.ts';

const ZERO = Buffer.from([0]);
const EMPTY = Buffer.alloc(0);
/** CompareResult and CompareTarget of the .proto. */
const EQUAL = 0;
const GREATER = 1;
const MOD = 2;

/** The end of the range of all keys with this prefix; a zero byte alone means: to the last key. */
export function prefixEnd(prefix: Buffer): Buffer {
  const end = Buffer.from(prefix);
  for (let i = end.length - 1; i >= 0; i--) {
    if (end[i] === 0xff) continue;
    end[i]!++;
    return end.subarray(0, i + 1);
  }
  return ZERO;
}

/** One page of keys in order, of one moment when `revision` is that of the first page. */
export async function readRange(client: EtcdClient, options: RangeOptions): Promise<RangePage> {
  const { prefix, after = EMPTY } = options;
  const first = after.length > 0 ? Buffer.concat([after, ZERO]) : prefix.length > 0 ? prefix : ZERO;
  const response = await client.call<RangeResponse>(
    'KV',
    'Range',
    {
      key: first,
      rangeEnd: prefixEnd(prefix),
      limit: options.limit,
      revision: options.revision ?? 0,
      serializable: options.serializable ?? false,
      keysOnly: options.keysOnly ?? false,
    },
    timeoutOf(options),
  );
  return {
    entries: response.kvs.map(toEtcdEntry),
    more: response.more,
    count: Number(response.count),
    revision: Number(response.header?.revision ?? 0),
  };
}

/** The key as it is now, or was at a revision; null when it is not there. */
export async function readKey(
  client: EtcdClient,
  key: Buffer,
  options: { readonly serializable?: boolean; readonly revision?: number; readonly timeoutMs?: number } = {},
): Promise<EtcdEntry | null> {
  const response = await client.call<RangeResponse>(
    'KV',
    'Range',
    { key, serializable: options.serializable ?? false, revision: options.revision ?? 0 },
    timeoutOf(options),
  );
  return response.kvs[0] === undefined ? null : toEtcdEntry(response.kvs[0]);
}

/** How many keys begin so. */
export async function countKeys(client: EtcdClient, prefix: Buffer, timeoutMs?: number): Promise<number> {
  const response = await client.call<RangeResponse>(
    'KV',
    'Range',
    { key: prefix.length > 0 ? prefix : ZERO, rangeEnd: prefixEnd(prefix), countOnly: true, serializable: true },
    timeoutMs === undefined ? {} : { timeoutMs },
  );
  return Number(response.count);
}

/**
 * Writes a key. expectedModRevision: null writes whatever is there, 0 only if the key is
 * absent, else compare-and-swap. With a lease id the key goes with that lease; without, a lease
 * that the key has stays with it.
 */
export async function writeKey(
  client: EtcdClient,
  key: Buffer,
  value: Buffer,
  expectedModRevision: number | null,
  timeoutMs?: number,
  leaseId?: string,
): Promise<WriteResult> {
  const attempt = (compare: object, exists: boolean): Promise<TxnResponse> =>
    transact(
      client,
      {
        compare: [compare],
        // A value travels once: two branches with it would exceed etcd's limit at half of it.
        success: [
          { requestPut: leaseId === undefined ? { key, value, ignoreLease: exists } : { key, value, lease: leaseId } },
        ],
        failure: [{ requestRange: { key } }],
      },
      timeoutMs,
    );
  const isThere = { result: GREATER, target: MOD, key, modRevision: '0' };
  const isAt = (revision: number) => ({ result: EQUAL, target: MOD, key, modRevision: String(revision) });
  const done = (response: TxnResponse, existed: boolean): WriteResult => ({
    outcome: 'done',
    revision: Number(response.header?.revision ?? 0),
    existed,
  });
  if (expectedModRevision !== null) {
    const response = await attempt(isAt(expectedModRevision), expectedModRevision > 0);
    return response.succeeded ? done(response, expectedModRevision > 0) : conflictOf(response);
  }
  // Between the two attempts another client may create or delete it; each round then sees another state.
  for (;;) {
    const replaced = await attempt(isThere, true);
    if (replaced.succeeded) return done(replaced, true);
    const created = await attempt(isAt(0), false);
    if (created.succeeded) return done(created, false);
  }
}

/** What a key is written with besides its value. */
interface PutOptions {
  /** The key goes with this lease; "0": it stays. */
  readonly leaseId: string;
  readonly timeoutMs?: number;
}

interface NewKey {
  readonly key: Buffer;
  readonly value: Buffer;
  readonly leaseId: string;
}

/**
 * Writes all of these keys if none of them is there, and else nothing: resolves with null, or
 * with what is there of each (null where nothing is). At most 128, each once.
 */
export async function createKeys(
  client: EtcdClient,
  keys: readonly NewKey[],
  timeoutMs?: number,
): Promise<readonly (EtcdEntry | null)[] | null> {
  const request = {
    compare: keys.map(({ key }) => ({ result: EQUAL, target: MOD, key, modRevision: '0' })),
    success: keys.map(({ key, value, leaseId }) => ({ requestPut: { key, value, lease: leaseId } })),
    failure: keys.map(({ key }) => ({ requestRange: { key } })),
  };
  const response = await transact(client, request, timeoutMs);
  return response.succeeded ? null : entriesOf(response, keys.length);
}

/** What is there of each of these keys, at one moment. At most 128. */
export async function readKeys(
  client: EtcdClient,
  keys: readonly Buffer[],
  timeoutMs?: number,
): Promise<readonly (EtcdEntry | null)[]> {
  const request = { success: keys.map((key) => ({ requestRange: { key } })) };
  const response = await client.call<TxnResponse>('KV', 'Txn', request, timeoutMs === undefined ? {} : { timeoutMs });
  return entriesOf(response, keys.length);
}

function entriesOf({ responses }: TxnResponse, count: number): (EtcdEntry | null)[] {
  return Array.from({ length: count }, (_, i) => {
    const entry = responses[i]?.responseRange?.kvs[0];
    return entry === undefined ? null : toEtcdEntry(entry);
  });
}

/** Writes a key whatever is there. A lease that it had before is no longer its own. */
export async function putKey(
  client: EtcdClient,
  { key, value }: { readonly key: Buffer; readonly value: Buffer },
  { leaseId, timeoutMs }: PutOptions,
): Promise<void> {
  const request = { key, value, lease: leaseId };
  await client.call('KV', 'Put', request, { writes: true, ...(timeoutMs === undefined ? {} : { timeoutMs }) });
}

/** Deletes a key, under the same condition. `existed` says whether there was something to delete. */
export async function deleteKey(
  client: EtcdClient,
  key: Buffer,
  expectedModRevision: number | null,
  timeoutMs?: number,
): Promise<WriteResult> {
  const compare =
    expectedModRevision === null ? [] : [{ result: EQUAL, target: MOD, key, modRevision: String(expectedModRevision) }];
  const request = { compare, success: [{ requestDeleteRange: { key } }], failure: [{ requestRange: { key } }] };
  const response = await transact(client, request, timeoutMs);
  if (!response.succeeded) return conflictOf(response);
  const deleted = Number(response.responses[0]?.responseDeleteRange?.deleted ?? 0);
  return { outcome: 'done', revision: Number(response.header?.revision ?? 0), existed: deleted > 0 };
}

/**
 * The last versions of a key, newest first, back to its creation or to what is compacted
 * (`isCut`), at most `limit`. A deleted key's former lives are not followed.
 */
export async function keyHistory(
  client: EtcdClient,
  key: Buffer,
  limit: number,
): Promise<{ readonly versions: readonly EtcdEntry[]; readonly isCut: boolean }> {
  const versions: EtcdEntry[] = [];
  let revision = 0;
  while (versions.length < limit) {
    let entry: EtcdEntry | null;
    try {
      entry = await readKey(client, key, { revision });
    } catch (error) {
      if (error instanceof EtcdError && error.code === 'compacted') return { versions, isCut: true };
      throw error;
    }
    if (entry === null) break;
    versions.push(entry);
    if (entry.version <= 1) break;
    revision = entry.modRevision - 1;
  }
  return { versions, isCut: false };
}

/** How long a lease still lasts. */
export async function readLease(client: EtcdClient, id: string): Promise<EtcdLease> {
  const response = await client.call<{ TTL: string; grantedTTL: string }>('Lease', 'LeaseTimeToLive', { ID: id });
  return { id, ttlSeconds: Number(response.TTL), grantedTtlSeconds: Number(response.grantedTTL) };
}

/** Makes a lease that ends after so long, or a little later where etcd keeps none so short. Resolves with its id. */
export async function grantLease(client: EtcdClient, ttlSeconds: number): Promise<string> {
  const response = await client.call<{ ID: string }>('Lease', 'LeaseGrant', { TTL: ttlSeconds }, { writes: true });
  return response.ID;
}

export function toEtcdEntry(kv: WireKeyValue): EtcdEntry {
  return {
    key: kv.key,
    value: kv.value,
    createRevision: Number(kv.createRevision),
    modRevision: Number(kv.modRevision),
    version: Number(kv.version),
    leaseId: kv.lease,
  };
}

function transact(client: EtcdClient, request: object, timeoutMs: number | undefined): Promise<TxnResponse> {
  return client.call<TxnResponse>('KV', 'Txn', request, {
    writes: true,
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
  });
}

function conflictOf(response: TxnResponse): WriteResult {
  const current = response.responses[0]?.responseRange?.kvs[0];
  return { outcome: 'conflict', current: current === undefined ? null : toEtcdEntry(current) };
}

function timeoutOf({ timeoutMs }: { readonly timeoutMs?: number }): { timeoutMs?: number } {
  return timeoutMs === undefined ? {} : { timeoutMs };
}
