import type { ActiveFault, FaultRequest } from '../../contract/faults.ts';
import type { Faults } from '../../../engine/rpc/cluster.ts';
import { BackendError } from '../errors.ts';
import type { StoryCommand } from '../story/input.ts';
import type { FaultControls } from './driver.ts';
import { FaultBook } from './fault-book.ts';

/** A node ends its faults by itself when this app has not asked for them again for so long: it may have crashed. */
const LEASE_MS = 15_000;
const RENEW_MS = 4_000;

export interface LocalFaultsOptions {
  readonly cluster: string;
  readonly nodes: readonly number[];
  /** Nodes whose process can be told now; a paused one cannot. */
  readonly running: () => readonly number[];
  /** Whether there is a process that suffers faults, be it paused. */
  readonly exists: (node: number) => boolean;
  readonly setFaults: (node: number, faults: Faults) => Promise<void>;
  readonly command: (command: StoryCommand, timeMs?: number) => void;
  /** What is on has changed. */
  readonly changed: () => void;
  readonly now: () => number;
  readonly onError: (error: unknown) => void;
}

/** The fault lab of one cluster: keeps its nodes suffering what was asked for, until its time is up. */
export class LocalFaults implements FaultControls {
  readonly #options: LocalFaultsOptions;
  readonly #book: FaultBook;
  /** One change after another, so that undoing one never undoes the next. */
  #turn: Promise<void> = Promise.resolve();
  #renewedMs = 0;

  constructor(options: LocalFaultsOptions) {
    this.#options = options;
    this.#book = new FaultBook(options.nodes);
  }

  get active(): ActiveFault[] {
    return this.#book.active();
  }

  async start(request: FaultRequest): Promise<void> {
    this.#check(request);
    return this.#inTurn(() => this.#start(request));
  }

  async end(id: string): Promise<void> {
    return this.#inTurn(() => this.#end(id));
  }

  async heal(): Promise<void> {
    return this.#inTurn(() => this.#heal());
  }

  tell(isolated: readonly number[]): void {
    for (const node of isolated) {
      this.#options.command({ name: 'fault', fault: { kind: 'isolate', node, durationMs: null } });
    }
    if (isolated.length === 0) this.#options.command({ name: 'heal' });
  }

  /** Ends what is over and keeps on the rest. A node that does not take it is told again with its next report. */
  tick(nowMs: number): void {
    const over = this.#book.expire(nowMs);
    if (over.length === 0) {
      if (!this.#book.isEmpty && nowMs - this.#renewedMs >= RENEW_MS) {
        this.#renewedMs = nowMs;
        this.#applyAll().catch(this.#options.onError);
      }
      return;
    }
    for (const fault of over) this.#options.command({ name: 'faultEnded', fault, by: 'time' }, nowMs);
    this.#options.changed();
    this.#applyAll().catch(this.#options.onError);
  }

  /** What a node reports of itself may not be what it should suffer: it came back, or was told by halves. */
  check(node: number, reported: Faults | null): void {
    if (this.#book.mustTell(node, reported)) this.#apply(node).catch(this.#options.onError);
  }

  /** The processes end, and the faults with them. */
  forget(): void {
    this.#book.clear();
  }

  /** Faults end with the app that asked for them. */
  async close(): Promise<void> {
    await this.#turn;
    if (this.#book.isEmpty) return;
    this.#book.clear();
    await this.#applyAll().catch(this.#options.onError);
  }

  async #start(request: FaultRequest): Promise<void> {
    if (request.kind === 'isolate' && request.durationMs === null && this.#book.isIsolated(request.node)) return;
    const timeMs = this.#options.now();
    const restore = this.#book.save();
    this.#book.add(request, timeMs);
    try {
      await this.#applyAll();
    } catch (error) {
      restore();
      // What was cut half-way is mended; the first error is the one to tell.
      await this.#applyAll().catch(this.#options.onError);
      throw error;
    }
    this.#options.command({ name: 'fault', fault: request }, timeMs);
    this.#options.changed();
  }

  async #end(id: string): Promise<void> {
    const fault = this.#book.end(id);
    if (fault === null) return;
    const timeMs = this.#options.now();
    this.#options.changed();
    await this.#applyAll();
    this.#options.command({ name: 'faultEnded', fault, by: 'app' }, timeMs);
  }

  async #heal(): Promise<void> {
    const timeMs = this.#options.now();
    this.#book.clear();
    this.#options.changed();
    await this.#applyAll();
    this.#options.command({ name: 'heal' }, timeMs);
  }

  #inTurn(work: () => Promise<void>): Promise<void> {
    const mine = this.#turn.then(work);
    this.#turn = mine.catch(() => undefined);
    return mine;
  }

  #check(request: FaultRequest): void {
    const { cluster, nodes, exists } = this.#options;
    for (const node of request.kind === 'link' ? [request.node, request.to] : [request.node]) {
      if (!nodes.includes(node)) throw new BackendError('notFound', `${cluster} has no node n${node}.`);
    }
    const { node } = request;
    const suffers = request.kind === 'disk' ? 'no disk to slow' : 'no links to cut';
    if (!exists(node)) {
      throw new BackendError('refused', `n${node} is not running, so it has ${suffers}.`, `Start n${node} first.`);
    }
    if (request.kind === 'link' && request.to === node) {
      throw new BackendError('invalidInput', 'A node has no link to itself.', 'Choose two different nodes.');
    }
  }

  /** Paused nodes cannot answer; their next report shows that they were not told, and then they are. */
  async #applyAll(): Promise<void> {
    await Promise.all(this.#options.running().map((node) => this.#apply(node)));
  }

  async #apply(node: number): Promise<void> {
    const faults = { ...this.#book.of(node), leaseMs: LEASE_MS };
    await this.#options.setFaults(node, faults);
    this.#book.told(node, faults);
  }
}
