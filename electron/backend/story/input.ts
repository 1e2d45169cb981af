import type { ActiveFault, FaultRequest } from '../../contract/faults.ts';
import type { ClusterEvent, NodeStatus } from '../../../engine/rpc/cluster.ts';
import type { ProcessEvent } from '../../../engine/supervisor/types.ts';

/** What a user asked of the app that no process event tells. */
export type StoryCommand =
  | { readonly name: 'fault'; readonly fault: FaultRequest }
  | { readonly name: 'faultEnded'; readonly fault: ActiveFault; readonly by: 'app' | 'time' }
  | { readonly name: 'heal' }
  | { readonly name: 'stopCluster' }
  | { readonly name: 'startLoad'; readonly clients: number; readonly readPercent: number }
  | { readonly name: 'stopLoad'; readonly acknowledged: number; readonly retried: number; readonly failed: number };

/** Everything the story is told from. All times are of this machine's clock. */
export type StoryInput =
  | { readonly type: 'event'; readonly event: ClusterEvent }
  | { readonly type: 'process'; readonly event: ProcessEvent }
  | { readonly type: 'command'; readonly timeMs: number; readonly command: StoryCommand }
  /** A node's report; only role, term and indexes are read. */
  | { readonly type: 'status'; readonly timeMs: number; readonly status: NodeStatus }
  /** Twice a second while the cluster runs. `load` is null when none runs. */
  | {
      readonly type: 'throughput';
      readonly timeMs: number;
      readonly writesPerSecond: number | null;
      readonly load: { readonly retried: number; readonly failed: number } | null;
    };

export function timeOf(input: StoryInput): number {
  return input.type === 'event' || input.type === 'process' ? input.event.timeMs : input.timeMs;
}
