import { EtcdError, grantLease, readLease, type EtcdClient } from '../etcd/index.ts';

const NO_LEASE = '0';
/** Leases may be renewed meanwhile. */
const KNOWN_MS = 10_000;

/** When the keys of leases expire, as far as nobody renews them. */
export class LeaseTimes {
  readonly #client: EtcdClient;
  readonly #known = new Map<string, { readonly time: Promise<number | null>; readonly askedAtMs: number }>();

  constructor(client: EtcdClient) {
    this.#client = client;
  }

  /** By this computer's clock; null for a key without a lease. */
  async expiryOf(leaseId: string): Promise<number | null> {
    if (leaseId === NO_LEASE) return null;
    const nowMs = Date.now();
    const known = this.#known.get(leaseId);
    if (known !== undefined && nowMs - known.askedAtMs < KNOWN_MS) return known.time;
    const time = this.#ask(leaseId);
    this.#known.set(leaseId, { time, askedAtMs: nowMs });
    // The next key asks again.
    time.catch(() => this.#known.delete(leaseId));
    return time;
  }

  async #ask(leaseId: string): Promise<number> {
    try {
      const { ttlSeconds } = await readLease(this.#client, leaseId);
      // Ended meanwhile, and its keys with it.
      return Date.now() + Math.max(0, ttlSeconds) * 1000;
    } catch (error) {
      if (error instanceof EtcdError && error.code === 'notFound') return Date.now();
      throw error;
    }
  }
}

/** Leases for keys that shall expire: one for all keys of the same second. */
export class LeaseBook {
  readonly #client: EtcdClient;
  readonly #bySecond = new Map<number, Promise<string>>();

  constructor(client: EtcdClient) {
    this.#client = client;
  }

  /** The id of a lease that ends then or up to a second later, and "0" for a key that stays. */
  async leaseFor(expiresAtMs: number | null): Promise<string> {
    if (expiresAtMs === null) return NO_LEASE;
    const second = Math.ceil(expiresAtMs / 1000);
    const before = this.#bySecond.get(second);
    if (before !== undefined) return before;
    this.#forgetEnded();
    const seconds = Math.max(1, Math.ceil((second * 1000 - Date.now()) / 1000));
    const lease = grantLease(this.#client, seconds);
    this.#bySecond.set(second, lease);
    lease.catch(() => this.#bySecond.delete(second));
    return lease;
  }

  /** One that etcd no longer knows, since its time was over: the next key gets another. */
  forget(expiresAtMs: number): void {
    this.#bySecond.delete(Math.ceil(expiresAtMs / 1000));
  }

  #forgetEnded(): void {
    const now = Date.now() / 1000;
    for (const second of this.#bySecond.keys()) if (second < now) this.#bySecond.delete(second);
  }
}
