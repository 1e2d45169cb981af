import { groupOfPartition } from '../../engine/config/ids.ts';
import type { Operation } from '../../engine/check/index.ts';
import type { WriteSession } from '../../engine/client/write-sessions.ts';
import type { Failure, ReadConsistency, WriteAnswer } from '../../engine/store/types.ts';
import type { Store } from '../../engine/store/store.ts';
import type { Mutation } from '../../engine/storage/codec.ts';
import type { PlainResult } from '../../engine/storage/types.ts';
import { ClientTimer, RequestArrival, AnswerArrival } from './client-events.ts';
import type { Clients, Key } from './clients.ts';
import { Action } from './event-queue.ts';
import { checkAnswer, type Attempt } from './invariants/honest-answers.ts';
import { checkReadIndex } from './invariants/read-index.ts';
import type { SimulatedNode } from './node.ts';
import type { OperationKind } from './plan.ts';
import {
  makeParts,
  partMutation,
  recordedParts,
  type TransactionOutcome,
  type TransactionPart,
} from './transactions.ts';

/** An operation that is still not done then waits before it asks again. */
const MANY_ATTEMPTS = 50;

interface DoneAnswer {
  readonly kind: 'done';
  readonly found: string | null;
  readonly revision: number;
  readonly conflict: boolean;
  /** Of a conflict: the part of a transaction whose condition did not hold. */
  readonly at: number;
  /** Of a transaction that was done: what each part came to. */
  readonly results: readonly PlainResult[];
}

/** What a node answered, as it travels back. */
export type Answer =
  | DoneAnswer
  | { readonly kind: 'session'; readonly id: number }
  | { readonly kind: 'noSession' }
  | { readonly kind: 'elsewhere'; readonly leader: number }
  | { readonly kind: 'later' }
  | { readonly kind: 'unknown' };

/** Where a write stood in its session when the request left: a late one still says so. */
export interface WritePlace {
  readonly session: WriteSession;
  readonly sequence: number;
  readonly acknowledged: number;
}

/** One attempt, as it was when it left. */
export interface Request {
  readonly attempt: number;
  readonly place: WritePlace | null;
  /** By the group: what a read must see. */
  readonly committed: number;
}

/** One operation, from the first attempt to the last. */
export interface ClientOperation {
  readonly kind: OperationKind;
  readonly key: Key;
  /** What a write writes: null deletes. */
  readonly value: string | null;
  readonly expectedRevision: number | null;
  /** Of a transaction: its writes and conditions; `key` is one of theirs. */
  readonly parts: readonly TransactionPart[];
  readonly invokedAtMs: number;
  readonly giveUpAtUs: number;
  /** Of a put: how long the key stays; 0: until it is deleted. */
  readonly ttlMs: number;
  /** The place of a write in its session. Null: it has none yet, and the next attempt is to open one. */
  place: { readonly session: WriteSession; readonly sequence: number } | null;
  /** An attempt to write was not answered: it may happen, whatever comes after it. */
  maybeDone: boolean;
  /** Numbers the attempts, so that a late answer to an earlier one is told apart. */
  attempt: number;
}

/**
 * A client that has one operation under way at a time, follows leaders, and repeats only what is
 * safe: with a session also a write that was not answered.
 */
export class Client {
  readonly id: number;
  readonly #clients: Clients;
  readonly #revisions = new Map<string, number>();
  #operation: ClientOperation | null = null;

  constructor(id: number, clients: Clients) {
    this.id = id;
    this.#clients = clients;
  }

  get #usesSessions(): boolean {
    const { clients, sessionShare } = this.#clients.world.plan.workload;
    return this.id <= clients * sessionShare;
  }

  get idle(): boolean {
    return this.#operation === null;
  }

  get operation(): ClientOperation | null {
    return this.#operation;
  }

  /** Waits a while before the next operation. */
  rest(): void {
    const { world, random } = this.#clients;
    world.after(random.below(world.plan.workload.thinkMaxUs), new ClientTimer(this, null));
  }

  /** The timer of `operation` (null: of the pause between two) has gone off. */
  timer(operation: ClientOperation | null, attempt: number): void {
    const current = this.#operation;
    if (operation === null) {
      if (current === null && !this.#clients.stopped) this.begin(this.#clients.nextKind(), this.#clients.nextKey());
    } else if (operation === current && attempt === operation.attempt) {
      this.#noAnswer(operation);
    }
  }

  begin(kind: OperationKind, key: Key): void {
    const { world, history } = this.#clients;
    const group = groupOfPartition(key.partition);
    const value =
      kind === 'put' || (kind === 'cas' && !this.#clients.random.chance(0.2)) ? this.#clients.nextValue() : null;
    const parts = kind === 'transact' ? this.#makeParts(key) : [];
    if (isWriteKind(kind)) history.willWrite(group, key.name, value);
    for (const part of parts) history.willWrite(group, part.key.name, part.value);
    const operation: ClientOperation = {
      kind,
      key,
      value,
      expectedRevision: kind === 'cas' ? (this.#revisions.get(key.name) ?? 0) : null,
      parts,
      invokedAtMs: world.nowUs / 1000,
      giveUpAtUs: world.nowUs + world.plan.workload.operationTimeoutUs,
      ttlMs: kind === 'put' ? this.#clients.nextTtlMs() : 0,
      place: null,
      maybeDone: false,
      attempt: 0,
    };
    this.#operation = operation;
    for (const { key: written, ttlMs } of [operation, ...parts]) {
      if (ttlMs > 0) history.mayExpire(written.name, operation.invokedAtMs);
    }
    this.#try(operation);
  }

  #makeParts(key: Key): TransactionPart[] {
    const clients = this.#clients;
    return makeParts(key, {
      random: clients.random,
      neighbours: clients.keys.filter((other) => other !== key && other.partition === key.partition),
      knownRevision: ({ name }) => this.#revisions.get(name) ?? 0,
      nextValue: () => clients.nextValue(),
      nextTtlMs: () => clients.nextTtlMs(),
    });
  }

  #try(operation: ClientOperation): void {
    const { world, nodes, random } = this.#clients;
    const { attemptTimeoutUs, lossChance } = world.plan.workload;
    operation.attempt++;
    if (isWrite(operation) && this.#usesSessions && operation.place === null) {
      const session = this.#clients.sessions.of(this.id, operation.key.partition);
      if (session !== undefined) operation.place = { session, sequence: session.begin() };
    }
    const node = nodes[this.#target(operation) - 1]!;
    if (!node.isUp) return this.#again(operation);
    const timeoutUs = attemptTimeoutUs * 1.2;
    world.after(timeoutUs, new ClientTimer(this, operation));
    if (world.faultsOn && random.chance(lossChance)) return;
    const { lateChance, lateMaxUs } = world.plan.network;
    const isLate = world.faultsOn && random.chance(lateChance);
    const arrival = new RequestArrival(this, operation, this.#request(operation), node, world);
    world.after(random.between(50, isLate ? lateMaxUs : 500), arrival);
  }

  #request({ place, attempt, key }: ClientOperation): Request {
    const group = this.#clients.observer.groups.get(groupOfPartition(key.partition))!;
    return {
      attempt,
      place: place && { ...place, acknowledged: place.session.acknowledged },
      committed: group.commitIndex,
    };
  }

  #target({ kind, key: { partition } }: ClientOperation): number {
    const { world, random, leaders } = this.#clients;
    const { strayShare } = world.plan.workload;
    const { replicas } = this.#clients.observer.routing.partitions[partition]!;
    const known = leaders[partition];
    if (kind === 'followerGet' || kind === 'staleGet') return random.pick(replicas);
    return known === undefined || random.chance(strayShare) ? random.pick(replicas) : known;
  }

  /** The request is at its node. */
  arrived(operation: ClientOperation, { attempt, place, committed }: Request, node: SimulatedNode): void {
    const { kind } = operation;
    node.run((store) => {
      const deadlineMs = node.nowMs + this.#clients.world.plan.workload.attemptTimeoutUs / 1000;
      const reply = (answer: Answer) => this.#reply(operation, attempt, node, answer);
      if (kind === 'get') this.#read(store, operation, 'linearizable', committed, deadlineMs, reply);
      else if (kind === 'followerGet') this.#read(store, operation, 'follower', committed, deadlineMs, reply);
      else if (kind === 'staleGet') this.#read(store, operation, 'stale', committed, deadlineMs, reply);
      else this.#write(store, operation, place, deadlineMs, reply);
    });
  }

  #read(
    store: Store,
    operation: ClientOperation,
    consistency: ReadConsistency,
    committed: number,
    deadlineMs: number,
    reply: (answer: Answer) => void,
  ): void {
    const { key } = operation;
    const group = groupOfPartition(key.partition);
    store.read(key.partition, consistency, deadlineMs, (answer) => {
      if (!answer.ok) return reply(failureAnswer(answer, false));
      const row = store.state.get(group, key.bytes);
      const found = row === undefined ? null : Buffer.from(row.value).toString('latin1');
      if (consistency === 'stale') {
        this.#clients.history.checkStaleRead(group, store.nodeId, key.name, found);
      } else {
        const ghost = this.#clients.observer.groups.get(group)!;
        checkReadIndex(ghost, store.nodeId, committed, store.state.appliedIndex(group));
      }
      reply({ ...DONE, found, revision: row?.revision ?? 0 });
    });
  }

  #write(
    store: Store,
    operation: ClientOperation,
    place: WritePlace | null,
    deadlineMs: number,
    reply: (answer: Answer) => void,
  ): void {
    const { kind, key, value, expectedRevision, ttlMs, parts } = operation;
    const { observer } = this.#clients;
    const group = observer.groups.get(groupOfPartition(key.partition))!;
    const number = observer.attempts.length;
    const attempt: Attempt = {
      number,
      group,
      appliedIndex: 0,
      result: null,
      refused: false,
      answered: false,
      waited: false,
    };
    observer.attempts.push(attempt);
    const opens = this.#usesSessions && place === null;
    const write: Mutation = {
      kind: value === null ? 'delete' : 'put',
      key: key.bytes,
      value: value === null ? NO_VALUE : Buffer.from(value),
      expectedRevision,
      clientId: number,
      sequence: place?.sequence ?? 0,
      session: place?.session.id ?? 0,
      acknowledged: place?.acknowledged ?? 0,
      ttlMs,
    };
    const keyless = { ...write, key: NO_VALUE, value: NO_VALUE, expectedRevision: null };
    const transaction: Mutation = { ...keyless, kind: 'transaction', parts: parts.map(partMutation) };
    const mutation: Mutation = opens ? { ...keyless, kind: 'session' } : kind === 'transact' ? transaction : write;
    store.write(key.partition, mutation, deadlineMs, (answer) => {
      checkAnswer(attempt, store.nodeId, answer);
      reply(answer.ok ? writeAnswer(answer) : failureAnswer(answer, true));
    });
    attempt.waited = true;
  }

  #reply(operation: ClientOperation, attempt: number, node: SimulatedNode, answer: Answer): void {
    const { world, random } = this.#clients;
    if (world.faultsOn && random.chance(world.plan.workload.lossChance)) return;
    world.after(random.between(50, 500), new AnswerArrival(this, operation, attempt, node, world, answer));
  }

  answered(operation: ClientOperation, attempt: number, node: number, answer: Answer): void {
    if (operation !== this.#operation || attempt !== operation.attempt) return;
    const { leaders } = this.#clients;
    const { partition } = operation.key;
    switch (answer.kind) {
      case 'done':
        if (operation.kind === 'put' || operation.kind === 'get') leaders[partition] = node;
        return this.#done(operation, answer);
      case 'session':
        this.#clients.sessions.opened(this.id, partition, answer.id);
        return this.#try(operation);
      case 'noSession':
        return this.#sessionGone(operation);
      case 'elsewhere':
        leaders[partition] = answer.leader;
        return this.#again(operation);
      case 'later':
        leaders[partition] = undefined;
        return this.#again(operation);
      case 'unknown':
        leaders[partition] = undefined;
        return this.#noAnswer(operation);
    }
  }

  /**
   * Another attempt is due. An answer to the one before that comes meanwhile counts for nothing:
   * it would make one more due, and that one would give up the next without asking what became of it.
   */
  #again(operation: ClientOperation): void {
    const { world, random, leaders, stopped } = this.#clients;
    operation.attempt++;
    if (world.nowUs >= operation.giveUpAtUs) {
      return this.#recordOutcome(operation, operation.maybeDone ? 'unknown' : 'failed');
    }
    const { partition } = operation.key;
    if (stopped || random.chance(0.3)) leaders[partition] = undefined;
    const backoffUs = random.between(100, world.plan.timing.tickMs * 2000);
    const again = new Action(0x600 + this.id, () => {
      if (operation === this.#operation) this.#try(operation);
    });
    world.after(backoffUs, again);
  }

  /** A read is asked again, and so is a write in a session. Of another write nobody can say whether it happens, so it is over. */
  #noAnswer(operation: ClientOperation): void {
    this.#clients.leaders[operation.key.partition] = undefined;
    if (isWrite(operation) && operation.place !== null) operation.maybeDone = true;
    if (isWrite(operation) && !this.#usesSessions) this.#recordOutcome(operation, 'unknown');
    else this.#again(operation);
  }

  /** The write begins anew in another session, unless it may have happened in the one that is gone. */
  #sessionGone(operation: ClientOperation): void {
    const { place } = operation;
    if (place !== null) this.#clients.sessions.gone(place.session, this.id);
    if (operation.maybeDone) return this.#recordOutcome(operation, 'unknown');
    place?.session.finish(place.sequence);
    operation.place = null;
    // With fewer sessions than clients, all of them at once would take them from each other for ever.
    if (operation.attempt > MANY_ATTEMPTS) this.#again(operation);
    else this.#try(operation);
  }

  #done(operation: ClientOperation, answer: DoneAnswer): void {
    const { key, kind, parts } = operation;
    const { found, revision, conflict, at, results } = answer;
    if (kind !== 'staleGet' && kind !== 'transact') this.#learn(key, revision);
    else if (conflict) this.#learn(parts[at]!.key, revision);
    for (const [i, result] of results.entries()) {
      if (result.kind !== 'checked') this.#learn(parts[i]!.key, result.kind === 'put' ? result.row.revision : 0);
    }
    if (kind !== 'transact') return this.#record(operation, conflict ? 'conflict' : 'ok', found, revision);
    this.#recordTransaction(operation, conflict ? { kind: 'conflict', at, revision } : { kind: 'ok', results });
  }

  #learn({ name }: Key, revision: number): void {
    if (revision === 0) this.#revisions.delete(name);
    else this.#revisions.set(name, revision);
  }

  /** An operation that came to nothing, as far as anyone knows. */
  #recordOutcome(operation: ClientOperation, outcome: 'failed' | 'unknown'): void {
    if (operation.kind === 'transact') this.#recordTransaction(operation, { kind: outcome });
    else this.#record(operation, outcome, null, 0);
  }

  #record(
    operation: ClientOperation,
    outcome: 'ok' | 'conflict' | 'failed' | 'unknown',
    found: string | null,
    revision: number,
  ): void {
    const recorded = this.#recordOf(operation, outcome, found, revision);
    this.#finish(operation, outcome, recorded === null ? [] : [recorded]);
  }

  #recordTransaction(operation: ClientOperation, outcome: TransactionOutcome): void {
    const times = { clientId: this.id, invokedAt: operation.invokedAtMs, returnedAt: this.#returnedAt(outcome.kind) };
    this.#finish(operation, outcome.kind, recordedParts(operation.parts, outcome, times));
  }

  #returnedAt(outcome: string): number {
    return outcome === 'unknown' ? Infinity : this.#clients.world.nowUs / 1000;
  }

  #finish(operation: ClientOperation, outcome: string, recorded: readonly Operation[]): void {
    this.#operation = null;
    operation.place?.session.finish(operation.place.sequence);
    for (const one of recorded) this.#clients.history.add(one);
    this.#clients.finished(this, operation, outcome);
  }

  #recordOf(
    operation: ClientOperation,
    outcome: 'ok' | 'conflict' | 'failed' | 'unknown',
    found: string | null,
    revision: number,
  ): Operation | null {
    const { kind, key, value, expectedRevision, invokedAtMs } = operation;
    const base = {
      clientId: this.id,
      key: key.name,
      invokedAt: invokedAtMs,
      returnedAt: this.#returnedAt(outcome),
    };
    const told = outcome === 'ok' && value !== null ? { revision } : {};
    switch (kind) {
      case 'staleGet':
      case 'transact':
        return null;
      case 'get':
      case 'followerGet':
        return {
          ...base,
          kind: 'get',
          outcome: outcome === 'ok' ? 'ok' : 'failed',
          value: found,
          ...(outcome === 'ok' ? { revision } : {}),
        };
      case 'put':
        return { ...base, kind: 'put', outcome: outcome === 'conflict' ? 'ok' : outcome, value: value ?? '', ...told };
      case 'delete':
        return { ...base, kind: 'delete', outcome: outcome === 'conflict' ? 'ok' : outcome };
      case 'cas': {
        const observed = outcome === 'conflict' ? { revision } : told;
        return { ...base, kind: 'cas', outcome, expectedRevision: expectedRevision ?? 0, value, ...observed };
      }
    }
  }
}

function isWriteKind(kind: OperationKind): boolean {
  return kind === 'put' || kind === 'delete' || kind === 'cas' || kind === 'transact';
}

function isWrite({ kind }: ClientOperation): boolean {
  return isWriteKind(kind);
}

const NO_VALUE: Uint8Array = new Uint8Array(0);

const DONE: DoneAnswer = { kind: 'done', found: null, revision: 0, conflict: false, at: 0, results: [] };

function writeAnswer({ result }: Extract<WriteAnswer, { ok: true }>): Answer {
  switch (result.kind) {
    case 'put':
      return { ...DONE, revision: result.row.revision };
    case 'deleted':
      return DONE;
    case 'conflict':
      return { ...DONE, revision: result.current?.revision ?? 0, conflict: true, at: result.at };
    case 'transaction':
      return { ...DONE, results: result.results };
    case 'session':
      return { kind: 'session', id: result.id };
    case 'checked':
      throw new Error(`no client asked for a ${result.kind}`);
    case 'refused':
      return { kind: result.reason === 'tooManyOpen' ? 'later' : 'noSession' };
  }
}

/** Only a deadline leaves open whether a write happens; a read can always be asked again. */
function failureAnswer(failure: Failure, isWrite: boolean): Answer {
  if (failure.reason === 'notLeader') return { kind: 'elsewhere', leader: failure.leader };
  return { kind: failure.reason === 'deadline' && isWrite ? 'unknown' : 'later' };
}
