import { Redirect, useRoute } from 'wouter';
import { useClusterLive, useView } from '../../api/use-cluster-live.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { ErrorNote } from '../../ui/error-note.tsx';
import { clusterPath } from '../../app/paths.ts';
import { partitionInPath, raftPath } from './raft-route.ts';
import { RaftSkeleton } from './skeleton.tsx';
import { WatchedPartition } from './watched-partition.tsx';
import styles from './raft.module.css';

/** /c/:cluster/raft/:partition: one partition from the inside. */
export function RaftScreen({ cluster }: { cluster: string }) {
  const hasView = useClusterLive((live) => live.view !== null);
  const error = useClusterLive((live) => live.error);
  if (error !== null) {
    return (
      <div className={styles.failed}>
        <ErrorNote title={`The state of ${cluster} cannot be shown.`} error={error} />
      </div>
    );
  }
  return hasView ? <Addressed cluster={cluster} /> : <RaftSkeleton />;
}

/** The partition that the address names; without one, the first. */
function Addressed({ cluster }: { cluster: string }) {
  const count = useView((view) => view.partitions.length);
  const [, route] = useRoute('/c/:cluster/raft/:partition/*?');
  const partition = partitionInPath(route?.partition);
  if (partition === null) return <Redirect to={clusterPath(cluster, raftPath(0))} replace />;
  if (partition === 'unknown' || partition >= count) {
    return (
      <EmptyState title="There is no such partition." level="h1">
        {cluster} has the partitions p0 to p{count - 1}.
      </EmptyState>
    );
  }
  return <WatchedPartition key={partition} cluster={cluster} partition={partition} />;
}
