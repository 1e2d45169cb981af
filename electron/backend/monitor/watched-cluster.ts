import type { ClusterDriver } from '../clusters/driver.ts';
import { diskFill } from './disk-fill.ts';
import { ElectionTally } from './election-tally.ts';
import { factsOf, type CertificateEnd, type ClusterFacts, type Fill } from './facts.ts';

const HOUR_MS = 3_600_000;
const PAST_POINTS = 5_000;
const DISK_EVERY_MS = 30_000;
const CERTIFICATES_EVERY_MS = 10 * 60_000;
/** A cluster that was not reached, or spoke no TLS yet, is asked again sooner. */
const CERTIFICATES_RETRY_MS = 5_000;

/** What is kept of one cluster between two looks: elections, and what is asked now and then. */
export class WatchedCluster {
  readonly driver: ClusterDriver;
  readonly tally: ElectionTally;
  readonly #onError: (error: unknown) => void;
  #fill: Fill | null = null;
  #diskDueMs = 0;
  #certificates: readonly CertificateEnd[] = [];
  #certificatesDueMs = 0;
  #isAsking = false;

  private constructor(driver: ClusterDriver, tally: ElectionTally, onError: (error: unknown) => void) {
    this.driver = driver;
    this.tally = tally;
    this.#onError = onError;
  }

  static async open(driver: ClusterDriver, nowMs: number, onError: (error: unknown) => void): Promise<WatchedCluster> {
    const range = { fromMs: nowMs - HOUR_MS, toMs: nowMs, maxPoints: PAST_POINTS };
    return new WatchedCluster(driver, new ElectionTally(await driver.history(range), nowMs), onError);
  }

  look(nowMs: number, isDrilled: boolean): ClusterFacts {
    const view = this.driver.view();
    this.tally.take(view.partitions, nowMs);
    if (!this.#isAsking) void this.#ask(view.summary.dataDir, view.summary.state === 'stopped', nowMs);
    return factsOf(view, {
      elections: this.tally.most,
      fills: this.#fill === null ? [] : [this.#fill],
      certificates: this.#certificates,
      isDrilled,
    });
  }

  /** What takes a while is asked beside the looks, and counts from when it is answered. */
  async #ask(dataDir: string | null, isStopped: boolean, nowMs: number): Promise<void> {
    this.#isAsking = true;
    try {
      if (dataDir !== null && nowMs >= this.#diskDueMs) {
        this.#diskDueMs = nowMs + DISK_EVERY_MS;
        this.#fill = await diskFill(dataDir);
      }
      if (isStopped || nowMs < this.#certificatesDueMs) return;
      this.#certificatesDueMs = nowMs + CERTIFICATES_RETRY_MS;
      const found = await this.driver.certificates();
      if (found.length === 0) return;
      this.#certificates = found;
      this.#certificatesDueMs = nowMs + CERTIFICATES_EVERY_MS;
    } catch (error) {
      this.#onError(error);
    } finally {
      this.#isAsking = false;
    }
  }
}
