import type { ActiveFault, FaultRequest } from '../../contract/faults.ts';
import type { ClusterSummary, ClusterView, PartitionLive, Sample, StoryEvent } from '../../contract/model.ts';
import type { RaftRecord } from '../../contract/recording.ts';
import type { EtcdAccess, EtcdAction } from '../../contract/remote.ts';
import type { KeyStore } from '../../../engine/copy/index.ts';
import type { KeySpace } from '../keys/key-space.ts';
import type { CertificateEnd } from '../monitor/facts.ts';
import type { WriteGate } from '../remote/write-gate.ts';

export interface HistoryRange {
  readonly fromMs: number;
  readonly toMs: number;
  readonly maxPoints: number;
}

/** What a watcher of a cluster is told. Every part is optional, none is empty. */
export interface LiveUpdate {
  view?: ClusterView;
  samples?: Sample[];
  events?: StoryEvent[];
}

/**
 * One cluster behind every screen, wherever it runs. A driver says what it can tell;
 * what it cannot do it does not offer (the optional parts are null), so the screens
 * and the handlers refuse by name instead of guessing.
 */
export interface ClusterDriver {
  readonly name: string;
  summary(): ClusterSummary;
  view(): ClusterView;
  /** Samples in [fromMs, toMs], oldest first, thinned to at most maxPoints. */
  history(range: HistoryRange): Promise<Sample[]>;
  /** The newest sample, however old; null before the first. */
  lastSample(): Sample | null;
  /** When the certificates end that its connections use; none without TLS. */
  certificates(): Promise<CertificateEnd[]>;
  /** The last `limit` sentences of the feed, oldest first. */
  events(limit: number): StoryEvent[];
  /** The listener is called with the view at once. Returns the way to stop it. */
  watch(listener: (update: LiveUpdate) => void): () => void;
  /**
   * One partition from the inside, with the ends of its logs. The listener is called at once.
   * Throws when there is no such partition. Returns the way to stop it.
   */
  watchPartition(partition: number, listener: (live: PartitionLive) => void): () => void;
  /** The parts of the recording of its partitions, oldest first; each tells all anew. */
  recordedSegments(): readonly { readonly id: number; readonly sizeBytes: number }[];
  /** What of a segment concerns one partition, from `after` on; go on with the answer's `after` until `isEnd`. */
  recordedPartition(
    partition: number,
    segment: number,
    after: number,
  ): Promise<{ records: RaftRecord[]; after: number; isEnd: boolean }>;
  /** Called when the summary changed in any way. Returns the way to stop it. */
  onSummary(listener: () => void): () => void;
  readonly keys: KeySpace;
  /** A connection of its own to all keys, for copying; the caller closes it. It asks no gate. */
  openStore(): Promise<KeyStore>;
  /** Starting and stopping; null for clusters whose processes are not ours. */
  readonly processes: ProcessControls | null;
  /** Null where nobody takes orders about who leads a partition. */
  readonly leaders: LeaderControls | null;
  readonly faults: FaultControls | null;
  readonly load: LoadControls | null;
  /** Null for local clusters. */
  readonly remote: RemoteControls | null;
  /** What etcd alone can do. */
  readonly etcd: EtcdControls | null;
  close(): Promise<void>;
}

export interface RemoteControls {
  /** Asked before anything is changed there. */
  readonly gate: WriteGate;
  /** Tries again now, with certificates and secret read anew. */
  reconnect(): void;
  /** The gate was opened: whoever watches must see it. */
  changed(): void;
}

export interface EtcdControls {
  /** Resolves with a sentence about what was done. */
  act(action: EtcdAction): Promise<string>;
  access(): Promise<EtcdAccess>;
  keyLease(key: string): Promise<{ id: string; ttlSeconds: number; grantedTtlSeconds: number } | null>;
}

export interface LeaderControls {
  /** Gives all that the node leads to others; rejects when something stayed with it. */
  handOver(node: number): Promise<void>;
  /** Asks a replica to take over a partition; rejects with a sentence when it cannot. */
  transfer(partition: number, to: number): Promise<void>;
}

export interface ProcessControls extends LeaderControls {
  start(): Promise<void>;
  stop(): Promise<void>;
  startNode(node: number): Promise<void>;
  killNode(node: number): Promise<void>;
  pauseNode(node: number): Promise<void>;
  resumeNode(node: number): Promise<void>;
  restartNode(node: number): Promise<void>;
  /** One more node, which gets its share of the partitions. Resolves with its id when its process exists. */
  addNode(): Promise<number>;
  /**
   * Takes a node out of the cluster. Resolves when the cluster has agreed; it then gives away what
   * it holds, and its process ends. Rejects with a sentence when that cannot be.
   */
  removeNode(node: number, options: { readonly force: boolean; readonly deleteData: boolean }): Promise<void>;
  /**
   * Lets an empty node take this one's place, whose data is deleted when the cluster has let it
   * go. Resolves with the new one's id when it is a member.
   */
  wipeNode(node: number): Promise<number>;
  logLines(node: number, lines: number): Promise<string[]>;
}

export interface FaultControls {
  /** What this app keeps on, oldest first. */
  readonly active: readonly ActiveFault[];
  /** Resolves once every node that runs suffers its part; when one refuses, none does. */
  start(request: FaultRequest): Promise<void>;
  /** Ends one fault; one that is over already is no error. */
  end(id: string): Promise<void>;
  /** Ends every link and disk fault. Pauses stay. */
  heal(): Promise<void>;
  /** A drill has cut every link of these nodes, or with none healed them: the feed tells it. */
  tell(isolated: readonly number[]): void;
}

export interface LoadControls {
  start(options: { clients: number; readPercent: number }): Promise<void>;
  stop(): Promise<void>;
}
