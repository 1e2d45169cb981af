import type { NodeState, PartitionView } from '../../contract/model.ts';
import type { Timing } from '../../../engine/config/node-config.ts';
import type { GroupStatus } from '../../../engine/rpc/cluster.ts';

/** One replica as its node last reported it. */
export interface ReplicaFacts {
  readonly nodeId: number;
  readonly state: NodeState;
  readonly sinceMs: number;
  readonly endedBy: 'app' | 'command' | 'none' | null;
  readonly heardAtMs: number | null;
  /** When, on the node's clock, `group` was so. */
  readonly timeMs: number;
  readonly group: GroupStatus | null;
}

/** What is known of one partition without reading its logs. */
export interface PartitionFacts {
  readonly view: PartitionView;
  readonly timing: Timing;
  readonly replicas: readonly ReplicaFacts[];
  readonly cuts: readonly { readonly a: number; readonly b: number }[];
}
