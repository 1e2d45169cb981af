import { beforeEach, describe, expect, it } from 'vitest';
import { OPEN_GATE, type AnswerGate } from '../../../engine/server/answer-gate.ts';
import { Executor } from '../../../engine/server/executor.ts';
import { KvStatus, ReadMode, type KvRequest, type KvResponse } from '../../../engine/rpc/kv.ts';
import { Gone } from '../../../engine/storage/types.ts';
import type { Group, Mutation, ReadAnswer, StateMachine, Store, WriteAnswer } from '../../../engine/store/index.ts';

const MB = 1024 * 1024;
const turn = () => new Promise((resolve) => setImmediate(resolve));

/** Of the one row that there is. */
const FACTS = { version: 1, createdAtMs: 1, updatedAtMs: 1, valueSizeBytes: MB, expiresAtMs: 0, gone: Gone.No };

/** As much of a store as one partition needs whose requests are all done at once, when the test says so. */
class OneStep {
  readonly nodeId = 1;
  readonly routing = { epoch: 1, layoutEpoch: 1, partitions: [{ partition: 0, replicas: [1] }] };
  readonly groups = new Map([[1, { closed: false, core: { leader: 1 } } as unknown as Group]]);
  problem: string | null = null;
  /** Since the test looked last. */
  lookups = 0;
  /** Of the row that is there. */
  revision = 1;
  readonly #steps: (() => void)[] = [];

  /** Every write conflicts with what is there. */
  write(_partition: number, { key }: Mutation, _deadlineMs: number, respond: (answer: WriteAnswer) => void): void {
    const current = { key, revision: this.revision, ...FACTS };
    this.#steps.push(() => respond({ ok: true, index: 1, result: { kind: 'conflict', at: 0, current } }));
  }

  read(_partition: number, _consistency: string, _deadlineMs: number, respond: (answer: ReadAnswer) => void): void {
    this.#steps.push(() => respond({ ok: true, stalenessMs: 0 }));
  }

  step(): void {
    for (const respond of this.#steps.splice(0)) respond();
  }

  consult<T>(read: (state: StateMachine) => T): { readonly ok: true; readonly value: T } {
    const get = (_group: number, key: Uint8Array) => {
      this.lookups++;
      return { key, value: Buffer.alloc(MB), revision: this.revision, ...FACTS };
    };
    return { ok: true, value: read({ get } as unknown as StateMachine) };
  }
}

/** Has room for so many answers more. */
class Room implements AnswerGate {
  isClosed = false;
  left: number;
  readonly #waiting: (() => void)[] = [];

  constructor(left: number) {
    this.left = left;
  }

  get hasRoom(): boolean {
    return this.left > 0;
  }

  whenRoom(retry: () => void): void {
    this.#waiting.push(retry);
  }

  again(): void {
    for (const retry of this.#waiting.splice(0)) retry();
  }

  reserve(): boolean {
    return true;
  }

  release(): void {}
}

describe('reads that are confirmed together', () => {
  let store: OneStep;
  let answers: KvResponse[];
  let nowMs: number;
  let executor: Executor;

  beforeEach(() => {
    store = new OneStep();
    answers = [];
    nowMs = 0;
    executor = new Executor(
      store as unknown as Store,
      () => nowMs,
      () => '',
    );
  });

  function get(count: number, gate: AnswerGate, readMode: ReadMode = ReadMode.Linearizable): void {
    for (let id = 1; id <= count; id++) {
      const request: KvRequest = {
        id,
        epoch: 0,
        timeoutMs: 1000,
        forwarded: false,
        get: { key: Buffer.from('k'), readMode },
      };
      executor.execute(request, gate, (answer) => {
        if (gate instanceof Room) gate.left--;
        answers.push(answer);
      });
    }
  }

  it('are looked up a few large ones at a time, and all in the end, in order', async () => {
    get(40, OPEN_GATE);
    store.step();
    let turns = 0;
    for (; answers.length < 40 && turns < 100; turns++) {
      expect(store.lookups).toBeLessThanOrEqual(4);
      store.lookups = 0;
      await turn();
    }
    expect(turns).toBeGreaterThanOrEqual(9);
    expect(answers.map((answer) => answer.id)).toEqual(Array.from({ length: 40 }, (_, i) => i + 1));
  });

  it('are looked up while their caller has room for what they find', async () => {
    const room = new Room(2);
    get(5, room);
    store.step();
    await turn();
    await turn();
    expect(store.lookups).toBe(2);
    room.left = 1;
    nowMs = 10;
    room.again();
    await turn();
    expect(store.lookups).toBe(3);
    expect(answers.map((answer) => answer.status)).toEqual([KvStatus.Ok, KvStatus.Ok, KvStatus.Ok]);
  });

  it('say how old a stale answer may have become meanwhile', async () => {
    const room = new Room(0);
    get(1, room, ReadMode.Stale);
    store.step();
    nowMs = 30;
    room.left = 1;
    room.again();
    expect(answers).toMatchObject([{ status: KvStatus.Ok, stalenessMs: 30 }]);
  });

  it('end without a look where nobody waits any more, or nothing can be read', () => {
    const ends: [() => void, KvStatus][] = [
      [() => (nowMs += 1000), KvStatus.DeadlineExceeded],
      [() => (room.isClosed = true), KvStatus.DeadlineExceeded],
      [() => (store.problem = 'The node is stopping.'), KvStatus.Unavailable],
      [() => ((store.groups.get(1) as { closed: boolean }).closed = true), KvStatus.NotLeader],
    ];
    let room = new Room(0);
    for (const [end, status] of ends) {
      room = new Room(0);
      store.problem = null;
      get(1, room);
      store.step();
      end();
      room.left = 1;
      room.again();
      expect(answers.pop()?.status).toBe(status);
    }
    expect(store.lookups).toBe(0);
  });

  it('and writes that conflict together show their values likewise, while those are still what was found', async () => {
    const room = new Room(6);
    for (let id = 1; id <= 8; id++) {
      const write = { kind: 0, key: Buffer.from('k'), value: Buffer.from('v'), hasExpectedRevision: true } as const;
      const numbers = { expectedRevision: 9, clientId: 0, sequence: 0, session: 0, acknowledged: 0, ttlMs: 0 };
      const request = { id, epoch: 0, timeoutMs: 1000, forwarded: false, write: { ...write, ...numbers } };
      executor.execute(request, room, (answer) => {
        room.left--;
        answers.push(answer);
      });
    }
    store.step();
    expect(store.lookups).toBe(4);
    await turn();
    expect(store.lookups).toBe(6);
    store.revision = 2;
    room.left = 1;
    room.again();
    await turn();
    nowMs = 1000;
    room.again();
    expect(answers.map((answer) => answer.status)).toEqual(Array.from({ length: 8 }, () => KvStatus.Conflict));
    expect(answers.map(({ entry }) => entry?.revision)).toEqual(Array.from({ length: 8 }, () => 1));
    expect(answers.map(({ entry }) => entry?.value.length)).toEqual([MB, MB, MB, MB, MB, MB, 0, 0]);
  });
});
