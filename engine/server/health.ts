import type * as grpc from '@grpc/grpc-js';
import { HealthImplementation } from 'grpc-health-check';

/** What is not told by an event (a leader that fell silent, say) shows within this. */
const REFRESH_MS = 500;

export interface HealthFacts {
  /** Services that answer only while the node is ready, by full name. */
  readonly whenReady: readonly string[];
  /** Services that answer for as long as the process lives. */
  readonly always: readonly string[];
  /** Null when requests can be served, else why not. */
  readonly readyProblem: () => string | null;
}

/**
 * `grpc.health.v1.Health`: the node as a whole (the empty name) and each service by its
 * name. Serving is the same as /readyz.
 */
export class GrpcHealth {
  readonly #facts: HealthFacts;
  readonly #health: HealthImplementation;
  readonly #timer: NodeJS.Timeout;
  #serving: boolean;
  #stopping = false;

  constructor(facts: HealthFacts) {
    this.#facts = facts;
    this.#serving = facts.readyProblem() === null;
    this.#health = new HealthImplementation({});
    this.#tell(this.#serving);
    for (const name of facts.always) this.#health.setStatus(name, 'SERVING');
    this.#timer = setInterval(() => this.refresh(), REFRESH_MS);
  }

  addTo(server: Pick<grpc.Server, 'addService'>): void {
    this.#health.addToServer(server as grpc.Server);
  }

  /** Looks again, and tells those who watch if something has changed. */
  refresh(): void {
    const serving = !this.#stopping && this.#facts.readyProblem() === null;
    if (serving === this.#serving) return;
    this.#serving = serving;
    this.#tell(serving);
  }

  /** From now on nothing is served: callers go elsewhere while what is in flight ends. */
  stopping(): void {
    this.#stopping = true;
    this.refresh();
    for (const name of this.#facts.always) this.#health.setStatus(name, 'NOT_SERVING');
  }

  close(): void {
    clearInterval(this.#timer);
  }

  #tell(serving: boolean): void {
    for (const name of ['', ...this.#facts.whenReady]) {
      this.#health.setStatus(name, serving ? 'SERVING' : 'NOT_SERVING');
    }
  }
}
