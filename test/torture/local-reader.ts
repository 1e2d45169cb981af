import { setTimeout as sleep } from 'node:timers/promises';
import type * as grpc from '@grpc/grpc-js';
import { KvStatus, ReadMode, type KvRequests, type KvResponses } from '../../engine/rpc/kv.ts';
import { serviceClient } from '../../engine/rpc/protos.ts';
import type { Random } from '../simulation/random.ts';
import type { History } from './history.ts';
import type { KeySet } from './keys.ts';
import type { TortureNode } from './node.ts';
import { readValue } from './values.ts';

const INTERVAL_MS = 50;
const REOPEN_MS = 250;
const TIMEOUT_MS = 3_000;
const MAX_OUTSTANDING = 60;

interface Asked {
  readonly key: string;
  readonly mode: 'get' | 'followerGet';
  readonly invokedAt: number;
}

/**
 * Asks one node for linearizable reads, in a steady beat, whoever leads, and never follows
 * to another. An ordinary client soon turns away from a leader that was cut off or frozen;
 * this one is there when such a leader has not yet learned that it is none, and catches it
 * if it then answers from what it has.
 */
export class LocalReader {
  readonly #clientId: number;
  readonly #client: grpc.Client;
  readonly #random: Random;
  readonly #keys: KeySet;
  readonly #history: History;
  readonly #asked = new Map<number, Asked>();
  #stream: grpc.ClientDuplexStream<KvRequests, KvResponses> | null = null;
  #nextId = 1;

  constructor(clientId: number, node: TortureNode, random: Random, keys: KeySet, history: History) {
    this.#clientId = clientId;
    const Service = serviceClient('prkdb', 'raft.KvService');
    const { credentials, options } = node.dial();
    this.#client = new Service(node.process.address, credentials, {
      ...options,
      'grpc.initial_reconnect_backoff_ms': 100,
      'grpc.max_reconnect_backoff_ms': 500,
    });
    this.#random = random;
    this.#keys = keys;
    this.#history = history;
  }

  /** Resolves when it is stopped; what was not answered by then counts for nothing. */
  async run(stopped: AbortSignal): Promise<void> {
    while (!stopped.aborted) {
      if (this.#stream === null) {
        this.#open();
        await sleep(REOPEN_MS);
      } else {
        this.#ask(this.#stream);
        await sleep(INTERVAL_MS);
      }
    }
    this.#stream?.cancel();
    this.#client.close();
  }

  #open(): void {
    const open = this.#client['Stream' as keyof grpc.Client] as unknown as () => grpc.ClientDuplexStream<
      KvRequests,
      KvResponses
    >;
    const stream = open.call(this.#client);
    this.#stream = stream;
    const ended = (): void => {
      if (this.#stream !== stream) return;
      this.#stream = null;
      this.#asked.clear();
    };
    stream.on('data', ({ responses }: KvResponses) => {
      for (const response of responses) {
        const asked = this.#asked.get(response.id);
        this.#asked.delete(response.id);
        if (asked === undefined || response.status !== KvStatus.Ok) continue;
        const { entry } = response;
        const { key, mode, invokedAt } = asked;
        this.#history.operations.push({
          clientId: this.#clientId,
          key,
          kind: 'get',
          outcome: 'ok',
          invokedAt,
          returnedAt: performance.now(),
          value: entry === null ? null : readValue(entry.value),
          revision: entry?.revision ?? 0,
        });
        this.#history.count(mode === 'get' ? 'localGet' : 'localFollowerGet', 'ok');
      }
    });
    stream.on('error', ended);
    stream.on('end', ended);
  }

  #ask(stream: grpc.ClientDuplexStream<KvRequests, KvResponses>): void {
    if (this.#asked.size >= MAX_OUTSTANDING) return;
    const id = this.#nextId++;
    const key = this.#keys.current();
    const mode = this.#random.chance(0.7) ? 'get' : 'followerGet';
    const readMode = mode === 'get' ? ReadMode.Linearizable : ReadMode.Follower;
    this.#asked.set(id, { key, mode, invokedAt: performance.now() });
    // As if another node had forwarded it: answered here or not at all.
    const get = { key: Buffer.from(key), readMode };
    stream.write({ requests: [{ id, epoch: 0, timeoutMs: TIMEOUT_MS, forwarded: true, get }] });
  }
}
