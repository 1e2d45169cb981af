import type { Faults } from '../rpc/cluster.ts';
import type { Transport } from '../transport/types.ts';

const MAX_DELAY_MS = 60_000;

/** The faults this node was asked to suffer. Refused altogether unless it was started for them. */
export class FaultControl {
  readonly #enabled: boolean;
  readonly #nodeId: number;
  #faults: Faults = { links: [], diskDelayMs: 0, logLimitBytes: 0, stateLimitBytes: 0 };

  constructor(nodeId: number, enabled: boolean) {
    this.#nodeId = nodeId;
    this.#enabled = enabled;
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
    if (!this.#enabled) {
      throw new Error('This node was not started for faults. Set faultsEnabled in its configuration and restart it.');
    }
    for (const link of faults.links) {
      if (link.toNodeId === this.#nodeId) throw new Error('A node has no link to itself.');
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
    this.#faults = faults;
    transport.setFaults(faults.links.map((l) => ({ to: l.toNodeId, cut: l.cut, delayMs: l.delayMs, drop: l.drop })));
    return faults;
  }
}
