import { groupOfPartition, type GroupId } from '../../engine/config/ids.ts';
import type { Answer, Client, ClientOperation, Request } from './client.ts';
import type { SimulatedEvent } from './event-queue.ts';
import type { SimulatedNode } from './node.ts';
import { partWords } from './transactions.ts';
import type { TraceHash } from './trace-hash.ts';
import type { World } from './world.ts';

function operationWords({ kind, key, value, expectedRevision, parts }: ClientOperation): string {
  if (kind === 'transact') return `transaction (${parts.map(partWords).join(', ')})`;
  const what = value === null ? key.name : `${key.name}=${value}`;
  return `${kind} ${what}${expectedRevision === null ? '' : ` if revision ${expectedRevision}`}`;
}

function concerns({ key }: ClientOperation, group: GroupId): boolean {
  return groupOfPartition(key.partition) === group;
}

/** The time of an attempt is over, or (without an operation) the pause between two. */
export class ClientTimer implements SimulatedEvent {
  readonly #client: Client;
  readonly #operation: ClientOperation | null;
  readonly #attempt: number;

  constructor(client: Client, operation: ClientOperation | null) {
    this.#client = client;
    this.#operation = operation;
    this.#attempt = operation?.attempt ?? 0;
  }

  run(): void {
    this.#client.timer(this.#operation, this.#attempt);
  }

  digest(hash: TraceHash): void {
    hash.add(0x400 + this.#client.id);
  }

  words(): string | null {
    return null;
  }
}

export class RequestArrival implements SimulatedEvent {
  readonly #client: Client;
  readonly #operation: ClientOperation;
  readonly #node: SimulatedNode;
  readonly #world: World;
  readonly #request: Request;

  constructor(client: Client, operation: ClientOperation, request: Request, node: SimulatedNode, world: World) {
    this.#request = request;
    this.#client = client;
    this.#operation = operation;
    this.#node = node;
    this.#world = world;
  }

  run(): void {
    if (this.#node.holds(this)) return;
    this.#world.steps++;
    this.#client.arrived(this.#operation, this.#request, this.#node);
  }

  digest(hash: TraceHash): void {
    hash.add(0x500 + this.#client.id);
    hash.add(this.#node.id);
  }

  words(group: GroupId): string | null {
    if (!concerns(this.#operation, group)) return null;
    return `client ${this.#client.id} asks node ${this.#node.id}: ${operationWords(this.#operation)}`;
  }
}

export class AnswerArrival implements SimulatedEvent {
  readonly #client: Client;
  readonly #operation: ClientOperation;
  readonly #attempt: number;
  readonly #node: SimulatedNode;
  readonly #world: World;
  readonly #answer: Answer;

  constructor(
    client: Client,
    operation: ClientOperation,
    attempt: number,
    node: SimulatedNode,
    world: World,
    answer: Answer,
  ) {
    this.#client = client;
    this.#operation = operation;
    this.#attempt = attempt;
    this.#node = node;
    this.#world = world;
    this.#answer = answer;
  }

  run(): void {
    this.#world.steps++;
    this.#client.answered(this.#operation, this.#attempt, this.#node.id, this.#answer);
  }

  digest(hash: TraceHash): void {
    hash.add(0x700 + this.#client.id);
    if (this.#answer.kind === 'done') hash.add(this.#answer.revision);
    if (this.#answer.kind === 'session') hash.add(this.#answer.id);
  }

  words(group: GroupId): string | null {
    if (!concerns(this.#operation, group)) return null;
    const head = `node ${this.#node.id} to client ${this.#client.id}: ${operationWords(this.#operation)}:`;
    const answer = this.#answer;
    if (answer.kind === 'elsewhere') return `${head} ask node ${answer.leader}`;
    if (answer.kind === 'session') return `${head} session ${answer.id} is opened for it`;
    if (answer.kind === 'noSession') return `${head} its session is gone`;
    if (answer.kind === 'later') return `${head} not now, nothing was done`;
    if (answer.kind === 'unknown') return `${head} out of time, outcome unknown`;
    if (answer.conflict) {
      const { parts } = this.#operation;
      return `${head} conflict, revision${parts.length === 0 ? '' : ` of ${parts[answer.at]?.key.name}`} is ${answer.revision}`;
    }
    return `${head} ${answer.found === null ? 'done' : `found ${answer.found}`} (revision ${answer.revision})`;
  }
}
