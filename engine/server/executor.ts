import { partitionOfKey } from '../config/seahash.ts';
import {
  KvStatus,
  ReadMode,
  WriteKind,
  type KvRequest,
  type KvResponse,
  type ScanOperation,
  type WriteOperation,
} from '../rpc/kv.ts';
import type { Failure, Mutation, MutationResult, Store } from '../store/index.ts';
import { response, toEntry } from './responses.ts';
import { requestProblem } from './validate.ts';

const DEFAULT_TIMEOUT_MS = 5_000;
const MAX_TIMEOUT_MS = 60_000;
/** A page of a scan stops before its values exceed this. */
const MAX_SCAN_BYTES = 4 * 1024 * 1024;

type Respond = (response: KvResponse) => void;

const consistencyOf = {
  [ReadMode.Linearizable]: 'linearizable',
  [ReadMode.Stale]: 'stale',
  [ReadMode.Follower]: 'follower',
} as const;

const NO_BYTES = new Uint8Array(0);

const OPEN_SESSION: Mutation = {
  kind: 'session',
  key: NO_BYTES,
  value: NO_BYTES,
  expectedRevision: null,
  clientId: 0,
  sequence: 0,
};

/** Carries out requests on this node's own replicas. Every request is answered exactly once. */
export class Executor {
  readonly #store: Store;
  readonly #nowMs: () => number;
  readonly #addressOf: (nodeId: number) => string;

  constructor(store: Store, nowMs: () => number, addressOf: (nodeId: number) => string) {
    this.#store = store;
    this.#nowMs = nowMs;
    this.#addressOf = addressOf;
  }

  execute(request: KvRequest, respond: Respond): void {
    const { epoch, partitions } = this.#store.routing;
    const problem = requestProblem(request, partitions.length);
    if (problem !== null) {
      return respond({ ...response(request.id, 0, epoch), status: KvStatus.InvalidArgument, message: problem });
    }
    const timeoutMs = Math.min(request.timeoutMs || DEFAULT_TIMEOUT_MS, MAX_TIMEOUT_MS);
    const deadlineMs = this.#nowMs() + timeoutMs;
    if (request.get) this.#get(request, request.get.key, request.get.readMode, deadlineMs, respond);
    else if (request.write) this.#write(request, request.write, deadlineMs, respond);
    else if (request.scan) this.#scan(request, request.scan, deadlineMs, respond);
    else if (request.openSession) this.#openSession(request, request.openSession.partition, deadlineMs, respond);
  }

  /** The partition that a request belongs to, by this node's routing table. */
  partitionOf(request: KvRequest): number {
    if (request.scan) return request.scan.partition;
    if (request.openSession) return request.openSession.partition;
    const key = request.get?.key ?? request.write?.key;
    return key === undefined ? 0 : partitionOfKey(key, this.#store.routing.partitions.length);
  }

  #get(request: KvRequest, key: Uint8Array, mode: ReadMode, deadlineMs: number, respond: Respond): void {
    const partition = this.partitionOf(request);
    this.#store.read(partition, consistencyOf[mode], deadlineMs, (answer) => {
      if (!answer.ok) return respond(this.#failed(request, partition, answer));
      const found = this.#store.consult((state) => state.get(partition + 1, key));
      if (!found.ok) return respond(this.#failed(request, partition, found));
      const row = found.value;
      const result = response(request.id, partition, this.#store.routing.epoch);
      result.entry = row === undefined ? null : toEntry(row);
      result.found = row !== undefined;
      result.stalenessMs = Math.round(answer.stalenessMs);
      result.leaderId = this.#leaderOf(partition);
      respond(result);
    });
  }

  #write(request: KvRequest, write: WriteOperation, deadlineMs: number, respond: Respond): void {
    const partition = this.partitionOf(request);
    const mutation: Mutation = {
      kind: write.kind === WriteKind.Put ? 'put' : 'delete',
      key: write.key,
      value: write.value,
      expectedRevision: write.hasExpectedRevision ? write.expectedRevision : null,
      clientId: write.clientId,
      sequence: write.sequence,
      session: write.session,
      acknowledged: write.acknowledged,
    };
    this.#store.write(partition, mutation, deadlineMs, (answer) => {
      if (!answer.ok) return respond(this.#failed(request, partition, answer));
      const result = response(request.id, partition, this.#store.routing.epoch);
      result.leaderId = this.#store.nodeId;
      fillIn(result, answer.result);
      respond(result);
    });
  }

  #openSession(request: KvRequest, partition: number, deadlineMs: number, respond: Respond): void {
    if (this.#isStale(request, partition, respond)) return;
    this.#store.write(partition, OPEN_SESSION, deadlineMs, (answer) => {
      if (!answer.ok) return respond(this.#failed(request, partition, answer));
      const result = response(request.id, partition, this.#store.routing.epoch);
      result.leaderId = this.#store.nodeId;
      fillIn(result, answer.result);
      respond(result);
    });
  }

  /** A partition number means something only as long as the same keys are in it: answers that, where it is not so. */
  #isStale(request: KvRequest, partition: number, respond: Respond): boolean {
    const { epoch, layoutEpoch } = this.#store.routing;
    if (request.epoch === 0 || (request.epoch >= layoutEpoch && request.epoch <= epoch)) return false;
    respond({
      ...response(request.id, partition, epoch),
      status: KvStatus.StaleEpoch,
      message: 'The partitions have changed; fetch Metadata and try again.',
    });
    return true;
  }

  #scan(request: KvRequest, scan: ScanOperation, deadlineMs: number, respond: Respond): void {
    const { partition } = scan;
    if (this.#isStale(request, partition, respond)) return;
    const { epoch } = this.#store.routing;
    this.#store.read(partition, consistencyOf[scan.readMode], deadlineMs, (answer) => {
      if (!answer.ok) return respond(this.#failed(request, partition, answer));
      const { prefix, after, limit, keysOnly } = scan;
      const options = { prefix, after, limit, keysOnly, maxBytes: MAX_SCAN_BYTES };
      const found = this.#store.consult((state) => state.scan(partition + 1, options));
      if (!found.ok) return respond(this.#failed(request, partition, found));
      const page = found.value;
      const result = response(request.id, partition, epoch);
      result.entries = page.rows.map(toEntry);
      result.more = page.more;
      result.stalenessMs = Math.round(answer.stalenessMs);
      result.leaderId = this.#leaderOf(partition);
      respond(result);
    });
  }

  #leaderOf(partition: number): number {
    return this.#store.groups.get(partition + 1)?.core.leader ?? 0;
  }

  #failed(request: KvRequest, partition: number, failure: Failure): KvResponse {
    const result = response(request.id, partition, this.#store.routing.epoch);
    switch (failure.reason) {
      case 'notLeader':
        result.status = KvStatus.NotLeader;
        result.leaderId = failure.leader;
        result.leaderAddress = this.#addressOf(failure.leader);
        result.message = `Node ${this.#store.nodeId} does not lead partition ${partition}; node ${failure.leader} does.`;
        break;
      case 'notReplica':
        result.status = KvStatus.NotLeader;
        result.message = `Node ${this.#store.nodeId} has no replica of partition ${partition}.`;
        break;
      case 'noLeader':
        result.status = KvStatus.NoLeader;
        result.message = `Partition ${partition} has no leader now. Are most of its replicas up? Stale reads still work.`;
        break;
      case 'overloaded':
        result.status = KvStatus.Overloaded;
        result.message = `Node ${this.#store.nodeId} has too many writes waiting; try again shortly.`;
        break;
      case 'deadline':
        result.status = KvStatus.DeadlineExceeded;
        result.message = request.write
          ? 'The time ran out before a quorum confirmed the write. It may or may not happen.'
          : 'The time ran out before a quorum confirmed the read.';
        break;
      case 'unavailable':
        result.status = KvStatus.Unavailable;
        result.message = failure.detail;
        break;
    }
    return result;
  }
}

function fillIn(result: KvResponse, outcome: MutationResult): void {
  switch (outcome.kind) {
    case 'put':
      result.entry = toEntry(outcome.row);
      result.found = true;
      return;
    case 'deleted':
      result.found = outcome.found;
      return;
    case 'conflict':
      result.status = KvStatus.Conflict;
      result.message = 'The key has changed since; read it again.';
      result.entry = outcome.current === null ? null : toEntry(outcome.current);
      return;
    case 'session':
      result.session = outcome.id;
      return;
    case 'refused':
      if (outcome.reason === 'tooManyOpen') {
        result.status = KvStatus.Overloaded;
        result.message = 'The session has too many writes ahead of the first that is not acknowledged.';
      } else {
        result.status = KvStatus.SessionExpired;
        result.message =
          outcome.reason === 'noSession'
            ? 'The session has expired, or was opened with another partition.'
            : 'The session has acknowledged this write, so its answer is forgotten.';
      }
  }
}
