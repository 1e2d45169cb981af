import { createHash } from 'node:crypto';
import * as grpc from '@grpc/grpc-js';
import { credentialsFor } from '../../../../engine/client/index.ts';
import { channelOptions, methodOf, rpcReason, unary } from '../../../../engine/client/rpc.ts';
import { partitionOfKey } from '../../../../engine/config/seahash.ts';
import { ReadMode as WireReadMode } from '../../../../engine/rpc/kv.ts';
import { serviceClient } from '../../../../engine/rpc/protos.ts';
import type { KeyEntry, ReadMode } from '../../../contract/model.ts';
import { BackendError } from '../../errors.ts';
import type { DeleteOutcome, KeySpace, PutOutcome } from '../../keys/key-space.ts';
import type { Connection } from '../connection.ts';

const TIMEOUT_MS = 4_000;

const readModes: Record<ReadMode, WireReadMode> = {
  linearizable: WireReadMode.Linearizable,
  follower: WireReadMode.Follower,
  stale: WireReadMode.Stale,
};

export interface PlainKeysOptions {
  readonly connection: Connection;
  readonly partitionCount: number;
  /** 0 when there is none. */
  readonly leaderOf: (partition: number) => number;
  readonly addressOf: (node: number) => string | null;
  /** Of all nodes, those that answer first. */
  readonly addresses: () => string[];
}

/**
 * The keys of a server that speaks PrkDbService alone: get, put and delete of whole keys. It
 * has no revisions, so a value stands for its own (by its hash), and whether it still is there
 * is looked at right before a write: a write of somebody else in between is overwritten.
 */
export class PlainKeys implements KeySpace {
  readonly #options: PlainKeysOptions;
  readonly #clients = new Map<string, grpc.Client>();
  readonly #service = serviceClient('prkdb', 'raft.PrkDbService');

  constructor(options: PlainKeysOptions) {
    this.#options = options;
  }

  scan(): Promise<never> {
    return Promise.reject(
      new BackendError('refused', 'This server cannot list its keys.', 'Open a key by its whole name.'),
    );
  }

  async get(key: string, readMode: ReadMode) {
    const bytes = Buffer.from(key, 'base64');
    const partition = this.#partitionOf(bytes);
    const startedMs = performance.now();
    const entry = await this.#read(key, bytes, readMode);
    return {
      entry,
      partition,
      leader: this.#options.leaderOf(partition),
      costMs: performance.now() - startedMs,
      stalenessMs: null,
    };
  }

  async put(
    key: string,
    value: string,
    expectedRevision: number | null,
    ttlMs: number | null = null,
  ): Promise<PutOutcome> {
    if (ttlMs !== null) throw new BackendError('refused', 'This server keeps keys until they are deleted.');
    const bytes = Buffer.from(key, 'base64');
    const current = await this.#conflict(key, bytes, expectedRevision);
    if (current !== undefined) return { outcome: 'conflict', current };
    const valueBytes = Buffer.from(value, 'base64');
    await this.#call(bytes, 'Put', { key: bytes, value: valueBytes });
    const { value: _value, ...entry } = this.#entry(key, bytes, valueBytes);
    return { outcome: 'saved', entry };
  }

  async delete(key: string, expectedRevision: number | null): Promise<DeleteOutcome> {
    const bytes = Buffer.from(key, 'base64');
    const current = await this.#conflict(key, bytes, expectedRevision);
    if (current !== undefined) return { outcome: 'conflict', current };
    const found = (await this.#read(key, bytes, 'linearizable')) !== null;
    await this.#call(bytes, 'Delete', { key: bytes });
    return { outcome: 'deleted', found };
  }

  async close(): Promise<void> {
    for (const client of this.#clients.values()) client.close();
    this.#clients.clear();
  }

  /** What is there instead of what was expected; undefined when that still is. */
  async #conflict(key: string, bytes: Buffer, expected: number | null): Promise<KeyEntry | null | undefined> {
    if (expected === null) return undefined;
    const current = await this.#read(key, bytes, 'linearizable');
    return (current?.revision ?? 0) === expected ? undefined : current;
  }

  async #read(key: string, bytes: Buffer, readMode: ReadMode): Promise<KeyEntry | null> {
    const request = { key: bytes, readMode: readModes[readMode] };
    const response = await this.#call<{ found: boolean; value: Buffer }>(bytes, 'Get', request);
    return response.found ? this.#entry(key, bytes, response.value) : null;
  }

  #entry(key: string, bytes: Buffer, value: Buffer): KeyEntry {
    return {
      key,
      value: value.toString('base64'),
      partition: this.#partitionOf(bytes),
      revision: 1 + createHash('sha256').update(value).digest().readUIntBE(0, 6),
      version: 1,
      valueSizeBytes: value.length,
      createdAtMs: null,
      updatedAtMs: null,
    };
  }

  #partitionOf(key: Buffer): number {
    return partitionOfKey(key, this.#options.partitionCount);
  }

  async #call<Response>(key: Buffer, method: string, request: object): Promise<Response> {
    const { leaderOf, addressOf, addresses } = this.#options;
    const address = addressOf(leaderOf(this.#partitionOf(key))) ?? addresses()[0];
    if (address === undefined) throw new BackendError('disconnected', 'No node of the cluster is known.');
    try {
      const definition = methodOf(this.#service, method);
      return await unary<Response>(this.#client(address), definition, request, { timeoutMs: TIMEOUT_MS });
    } catch (error) {
      const isLate = (error as Partial<grpc.ServiceError>).code === grpc.status.DEADLINE_EXCEEDED;
      throw new BackendError(
        isLate ? 'deadline' : 'disconnected',
        `The node at ${address} did not answer: ${rpcReason(error)}.`,
        method === 'Get' ? 'Try again.' : 'Read the key to learn whether the write happened.',
      );
    }
  }

  #client(address: string): grpc.Client {
    let client = this.#clients.get(address);
    if (client === undefined) {
      const { tls, token } = this.#options.connection;
      const url = `${tls === undefined ? 'http' : 'https'}://${address}`;
      const { credentials, options } = credentialsFor([url], { tls, token }).dial(address);
      client = new this.#service(address, credentials, { ...channelOptions, ...options });
      this.#clients.set(address, client);
    }
    return client;
  }
}
