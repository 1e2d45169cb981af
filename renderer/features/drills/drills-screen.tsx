import { useRoute } from 'wouter';
import { useClusterLive } from '../../api/use-cluster-live.tsx';
import { ReportScreen } from './report-screen.tsx';
import { ReportsPanel } from './reports-panel.tsx';
import { RunPanel } from './run-panel.tsx';
import { drillsPath } from './drill-route.ts';
import styles from './drills-screen.module.css';

/** /c/:cluster/drills: run a drill, and the reports there are; /c/:cluster/drills/:id: one report. */
export function DrillsScreen({ cluster }: { cluster: string }) {
  const [, route] = useRoute(`${drillsPath(cluster)}/:id`);
  const hasView = useClusterLive((live) => live.view !== null);
  if (route !== null) return <ReportScreen key={route.id} id={decodeURIComponent(route.id)} cluster={cluster} />;
  return (
    <section className={styles.screen} aria-label="Drills">
      <h1 className="sr-only">Drills of {cluster}</h1>
      <div className={styles.columns}>
        {hasView ? <RunPanel cluster={cluster} /> : <div aria-busy="true" />}
        <ReportsPanel cluster={cluster} />
      </div>
    </section>
  );
}
