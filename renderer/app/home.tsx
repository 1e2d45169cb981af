import { Redirect } from 'wouter';
import type { ClustersState } from '../api/use-clusters.ts';
import { FirstRun } from '../features/clusters/first-run.tsx';
import { ErrorNote } from '../ui/error-note.tsx';
import { clusterPath, readLastCluster } from './paths.ts';
import styles from './shell.module.css';

/** The bare address: the cluster looked at last, or the first one, or how to get one. */
export function Home({ clusters }: { clusters: ClustersState }) {
  if (clusters.status === 'loading') return <div className={styles.center} aria-busy="true" />;
  if (clusters.status === 'error') {
    return (
      <div className={styles.failed}>
        <ErrorNote
          title="The clusters could not be listed."
          error={clusters.error}
          fix={{ label: 'Load again', run: () => location.reload() }}
        />
      </div>
    );
  }
  const last = readLastCluster();
  const names = clusters.clusters.map((cluster) => cluster.name);
  const target = last !== null && names.includes(last) ? last : names[0];
  return target === undefined ? <FirstRun /> : <Redirect to={clusterPath(target)} replace />;
}
