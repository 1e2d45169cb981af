import type { PrkDbClient } from '../../engine/client/index.ts';
import { startLoad as startClientLoad } from '../../engine/load/load.ts';
import type { LoadView } from '../contract/model.ts';

/** Operations, reads and writes, that clients of ours run against a cluster, and their count. */
export interface RunningLoad {
  view(): LoadView;
  stop(): Promise<void>;
}

/** How a load comes to be; tests give their own. */
export type StartLoad = (options: {
  /** Taken over: closed with the load. */
  readonly client: PrkDbClient;
  readonly clients: number;
  readonly readPercent: number;
}) => Promise<RunningLoad>;

/** What is in flight gets this long to be answered at a stop. */
const STOP_GRACE_MS = 1_000;

/** A closed-loop load over a client of its own, so that its retries are its own too. */
export const startLoad: StartLoad = async ({ client, clients, readPercent }) => {
  const load = startClientLoad(client, { clients, readPercent });
  return {
    view() {
      const { startedAtMs, acknowledged, reads, retried, failed } = load.stats();
      return { clients, readPercent, startedAtMs, acknowledged: acknowledged + reads, retried, failed };
    },
    async stop() {
      // A cluster without quorum would let the last calls wait for their deadlines.
      const impatience = setTimeout(() => client.close(), STOP_GRACE_MS);
      await load.stop();
      clearTimeout(impatience);
      client.close();
    },
  };
};
