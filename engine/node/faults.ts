import type { Faults } from '../rpc/cluster.ts';
import type { Transport } from '../transport/types.ts';

const MAX_DELAY_MS = 60_000;
const MAX_LEASE_MS = 3_600_000;
const NONE: Faults = { links: [], diskDelayMs: 0, logLimitBytes: 0, stateLimitBytes: 0 };

export interface FaultControlOptions {
  readonly nodeId: number;
  /** Refused altogether unless the node was started for faults. */
  readonly enabled: boolean;
  readonly onChange: (faults: Faults) => void;
}

/**
 * The faults this node was asked to suffer. With a lease they end when whoever asked for them
 * has not asked again in time: an application that crashed heals nothing.
 */
export class FaultControl {
  readonly #options: FaultControlOptions;
  #faults: Faults = NONE;
  #lease: NodeJS.Timeout | null = null;

  constructor(options: FaultControlOptions) {
    this.#options = options;
  }

  get current(): Faults {
    return this.#faults;
  }

  get diskDelayMs(): number {
    return this.#faults.diskDelayMs;
  }

  /** 0: no limit. */
  get logLimitBytes(): number {
    return this.#faults.logLimitBytes;
  }

  /** 0: no limit. */
  get stateLimitBytes(): number {
    return this.#faults.stateLimitBytes;
  }

  /** Replaces all faults by these. Throws with a sentence when they are not acceptable. */
  set(faults: Faults, transport: Pick<Transport, 'setFaults'>): Faults {
    this.#check(faults);
    this.close();
    const { leaseMs = 0 } = faults;
    if (leaseMs > 0) {
      this.#lease = setTimeout(() => this.#apply(NONE, transport), leaseMs);
      this.#lease.unref();
    }
    this.#apply(faults, transport);
    return faults;
  }

  /** Lets go of the timer; the faults stay as they are. */
  close(): void {
    if (this.#lease !== null) clearTimeout(this.#lease);
    this.#lease = null;
  }

  #apply(faults: Faults, transport: Pick<Transport, 'setFaults'>): void {
    // A lease that is renewed is no change.
    const isNew = textOf(faults) !== textOf(this.#faults);
    this.#faults = faults;
    transport.setFaults(faults.links.map((l) => ({ to: l.toNodeId, cut: l.cut, delayMs: l.delayMs, drop: l.drop })));
    if (isNew) this.#options.onChange(faults);
  }

  #check(faults: Faults): void {
    const { nodeId, enabled } = this.#options;
    if (!enabled) {
      throw new Error('This node was not started for faults. Set faultsEnabled in its configuration and restart it.');
    }
    for (const link of faults.links) {
      if (link.toNodeId === nodeId) throw new Error('A node has no link to itself.');
      if (!(link.delayMs >= 0 && link.delayMs <= MAX_DELAY_MS)) throw new Error(`A delay is 0 to ${MAX_DELAY_MS} ms.`);
      if (!(link.drop >= 0 && link.drop <= 1)) throw new Error('A share of dropped frames is 0 to 1.');
    }
    if (!(faults.diskDelayMs >= 0 && faults.diskDelayMs <= MAX_DELAY_MS)) {
      throw new Error(`A disk delay is 0 to ${MAX_DELAY_MS} ms.`);
    }
    for (const limit of [faults.logLimitBytes, faults.stateLimitBytes]) {
      if (!(limit >= 0 && limit <= Number.MAX_SAFE_INTEGER)) {
        throw new Error('A limit is a number of bytes, or 0 for none.');
      }
    }
    const { leaseMs = 0 } = faults;
    if (!(leaseMs >= 0 && leaseMs <= MAX_LEASE_MS)) {
      throw new Error(`Faults last up to ${MAX_LEASE_MS} ms by themselves, or with 0 until they are replaced.`);
    }
  }
}

function textOf({ links, diskDelayMs, logLimitBytes, stateLimitBytes }: Faults): string {
  return JSON.stringify([links, diskDelayMs, logLimitBytes, stateLimitBytes]);
}
