import { Link, useLocation } from 'wouter';
import type { DrillLive } from '../../../electron/contract/drills.ts';
import { Button, IconButton } from '../../ui/button.tsx';
import { Menu } from '../../ui/menu.tsx';
import { Panel } from '../../ui/panel.tsx';
import { DrillProgress } from './drill-progress.tsx';
import { drillsPath, reportPath } from './drill-route.ts';
import { ResultRows } from './result-rows.tsx';
import { useDrillReport } from './use-drills.ts';
import { useExportReport } from './use-report-actions.ts';
import { Verdict } from './verdict.tsx';
import styles from './drill-card.module.css';

/** In the overview's right pane: the drill that runs, else the result of the one that ran. */
export function DrillCard({
  cluster,
  running,
  reportId,
  onClose,
}: {
  cluster: string;
  running: DrillLive['running'];
  reportId: string | null;
  onClose: () => void;
}) {
  if (running !== null) {
    return (
      <Panel title="Drill" className={styles.card}>
        <DrillProgress cluster={cluster} progress={running} />
      </Panel>
    );
  }
  return reportId === null ? null : <Result cluster={cluster} id={reportId} onClose={onClose} />;
}

function Result({ cluster, id, onClose }: { cluster: string; id: string; onClose: () => void }) {
  const { data: report } = useDrillReport(id);
  const [, navigate] = useLocation();
  const save = useExportReport();
  // A report that is gone is no news here; its own address says so.
  if (report === undefined) return null;
  return (
    <Panel
      title={`Failover drill: ${report.fault.title}`}
      className={styles.card}
      actions={
        <>
          <Verdict passed={report.verdict.passed} />
          <IconButton icon="x" size="small" label="Close the drill result" onClick={onClose} />
        </>
      }
    >
      <ResultRows report={report} />
      <div className={styles.foot}>
        <Link href={reportPath(cluster, id)} className={styles.link}>
          Open report
        </Link>
        <Button size="small" onClick={() => navigate(`${drillsPath(cluster)}?scenario=${report.scenario}`)}>
          Run again…
        </Button>
        <Menu
          label="Export report"
          trigger={
            <Button size="small" icon="download">
              Export
            </Button>
          }
          items={[
            { label: 'Markdown', icon: 'file', hint: '.md', onSelect: () => void save(id, 'markdown') },
            { label: 'JSON', icon: 'file', hint: '.json', onSelect: () => void save(id, 'json') },
          ]}
        />
      </div>
    </Panel>
  );
}
