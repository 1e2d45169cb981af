import { useState } from 'react';
import { Redirect, useRoute } from 'wouter';
import { useClusterLive, useView } from '../../api/use-cluster-live.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { ErrorNote } from '../../ui/error-note.tsx';
import { clusterPath } from '../../app/paths.ts';
import { Inspector } from './inspector.tsx';
import { partitionInPath, raftPath } from './raft-route.ts';
import { useFeedSilence, usePartitionFeed } from './use-partition-feed.ts';
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
  return hasView ? <Addressed cluster={cluster} /> : <Skeleton />;
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
  return <Watched key={partition} cluster={cluster} partition={partition} />;
}

function Watched({ cluster, partition }: { cluster: string; partition: number }) {
  const [attempt, setAttempt] = useState(0);
  const { moment, receivedAtMs, error } = usePartitionFeed(cluster, partition, attempt);
  const silentMs = useFeedSilence(receivedAtMs);
  if (error !== null) {
    return (
      <div className={styles.failed}>
        <ErrorNote
          title={`p${partition} of ${cluster} cannot be shown.`}
          error={error}
          fix={{ label: 'Try again', run: () => setAttempt((before) => before + 1) }}
        />
      </div>
    );
  }
  if (moment === null) return <Skeleton />;
  return <Inspector cluster={cluster} moment={moment} silentMs={silentMs} />;
}

function Skeleton() {
  return (
    <div className={styles.skeleton} aria-busy="true">
      <div className={styles.boneStrip} />
      <div className={styles.boneTop}>
        <div />
        <div />
      </div>
      <div className={styles.boneLogs} />
    </div>
  );
}
