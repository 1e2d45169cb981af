import { PrkDbClient, ReadMode } from '../../../engine/client/index.ts';
import type { Driver, DriverTarget, GetMode } from './driver.ts';

const modes = { linearizable: ReadMode.Linearizable, follower: ReadMode.Follower, stale: ReadMode.Stale } as const;

/** Our own client, as an application uses it: all callers share one. */
export class PrkDbClientDriver implements Driver {
  readonly #client: PrkDbClient;

  private constructor(client: PrkDbClient) {
    this.#client = client;
  }

  static async connect(target: DriverTarget): Promise<PrkDbClientDriver> {
    return new PrkDbClientDriver(await PrkDbClient.connect([...target.endpoints], { timeoutMs: 30_000 }));
  }

  put(key: Buffer, value: Buffer): Promise<unknown> {
    return this.#client.put(key, value);
  }

  get(key: Buffer, mode: GetMode): Promise<unknown> {
    return this.#client.get(key, { readMode: modes[mode] });
  }

  close(): void {
    this.#client.close();
  }
}
