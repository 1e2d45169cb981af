import type { LoadView } from '../contract/model.ts';

/** Operations that clients of ours run against a cluster, and their count. */
export interface RunningLoad {
  view(): LoadView;
  stop(): Promise<void>;
}

/** How a load comes to be; tests give their own. */
export type StartLoad = (options: {
  readonly endpoints: readonly string[];
  readonly clients: number;
  readonly readPercent: number;
}) => Promise<RunningLoad>;
