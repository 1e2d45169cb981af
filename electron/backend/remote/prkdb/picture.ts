import type {
  Capability,
  ClusterState,
  ClusterView,
  NodeView,
  PartitionLive,
  PartitionView,
  RemoteSummary,
  Sample,
  StoryEvent,
} from '../../../contract/model.ts';
import type { LeaderControls } from '../../clusters/driver.ts';
import type { KeySpace } from '../../keys/key-space.ts';

/** What is seen of a PrkDB cluster at one moment. */
export interface Seen {
  readonly state: ClusterState;
  readonly nodes: NodeView[];
  readonly partitions: PartitionView[];
  readonly replicationFactor: number;
  /** When any node was last heard. */
  readonly heardAtMs: number | null;
  /** What is of no use, and why, while the rest is. */
  readonly problems: RemoteSummary['endpointProblems'];
}

/** The way a PrkDB cluster is watched: closely where its nodes can tell, from outside where not. */
export interface Picture {
  readonly capabilities: readonly Capability[];
  readonly keys: KeySpace;
  /** Null where the nodes take no orders about who leads. */
  readonly leaders: LeaderControls | null;
  /** To be called often: silence is a change too. */
  judge(nowMs: number): void;
  seen(nowMs: number): Seen;
  /** What must be shown at once when it changes. */
  fingerprint(): string;
  /** Null while nothing is heard. */
  sample(nowMs: number): Sample | null;
  /** What happened since the last call. */
  stories(view: ClusterView, nowMs: number): StoryEvent[];
  watchPartition(partition: number, listener: (live: PartitionLive) => void): () => void;
  close(): Promise<void>;
}
