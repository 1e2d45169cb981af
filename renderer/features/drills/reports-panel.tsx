import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import type { DrillSummary } from '../../../electron/contract/drills.ts';
import { Button } from '../../ui/button.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { ErrorNote } from '../../ui/error-note.tsx';
import { formatClock, formatCount, plural } from '../../ui/format.ts';
import { Panel } from '../../ui/panel.tsx';
import { reportPath } from './drill-route.ts';
import { loadWords, ms } from './drill-words.ts';
import { Verdict } from './verdict.tsx';
import { useDrillReports } from './use-drills.ts';
import styles from './drill-table.module.css';

/** Earlier reports, newest first; two of them can be compared. */
export function ReportsPanel({ cluster }: { cluster: string | null }) {
  const { reports, error } = useDrillReports();
  const [, navigate] = useLocation();
  const [picked, setPicked] = useState<readonly string[]>([]);
  const shown = (reports ?? []).filter((one) => cluster === null || one.cluster === cluster);
  const chosen = shown.filter((one) => picked.includes(one.id));
  const pick = (id: string, on: boolean) =>
    setPicked((now) => (on ? [...now.filter((one) => one !== id), id].slice(-2) : now.filter((one) => one !== id)));
  const [newer, older] = chosen;
  return (
    <Panel
      title="Reports"
      hint={shown.length === 0 ? '' : plural(shown.length, 'report')}
      className={styles.reports}
      actions={
        shown.length > 1 && (
          <Button
            size="small"
            icon="swap"
            disabled={older === undefined}
            title={older === undefined ? 'Choose two reports first' : undefined}
            onClick={() => {
              if (newer !== undefined && older !== undefined) navigate(reportPath(cluster, newer.id, older.id));
            }}
          >
            Compare
          </Button>
        )
      }
    >
      {error !== null && (
        <div className={styles.note}>
          <ErrorNote title="The reports could not be listed." error={error} />
        </div>
      )}
      {reports !== null && shown.length === 0 && (
        <EmptyState>
          No drill has been run yet. Its report appears here, also when you run it with{' '}
          <span className="mono">prkdb drill {cluster ?? 'NAME'}</span>.
        </EmptyState>
      )}
      {shown.length > 0 && (
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling table must be reachable by keyboard
        <div className={styles.scroller} tabIndex={0} role="group" aria-label="Table of reports">
          <table className={styles.table}>
            <thead>
              <tr>
                <th scope="col">
                  <span className="sr-only">Choose for comparison</span>
                </th>
                <th scope="col">Drill</th>
                <th scope="col">Verdict</th>
                <th scope="col" className={styles.number}>
                  Unavailable
                </th>
                <th scope="col" className={styles.number}>
                  Lost
                </th>
                <th scope="col">Load</th>
                <th scope="col">When</th>
              </tr>
            </thead>
            <tbody>
              {shown.map((one) => (
                <Row
                  key={one.id}
                  report={one}
                  cluster={cluster}
                  picked={picked.includes(one.id)}
                  onPick={(on) => pick(one.id, on)}
                />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </Panel>
  );
}

function Row({
  report,
  cluster,
  picked,
  onPick,
}: {
  report: DrillSummary;
  cluster: string | null;
  picked: boolean;
  onPick: (on: boolean) => void;
}) {
  const { id, title, passed, unavailableMs, acknowledgedWritesLost, writesAcknowledged, startedAtMs } = report;
  const when = `${new Date(startedAtMs).toLocaleDateString('en-GB')} ${formatClock(startedAtMs)}`;
  return (
    <tr>
      <td>
        <label className={styles.pick}>
          <input type="checkbox" checked={picked} onChange={(event) => onPick(event.target.checked)} />
          <span className="sr-only">
            Compare {title}, {when}
          </span>
        </label>
      </td>
      <th scope="row">
        <Link href={reportPath(cluster, id)}>
          {title}
          {cluster === null && <span className={styles.where}> on {report.cluster}</span>}
        </Link>
      </th>
      <td>
        <Verdict passed={passed} />
      </td>
      <td className={styles.number}>{ms(unavailableMs, 'never back')}</td>
      <td className={styles.number}>
        {formatCount(acknowledgedWritesLost)} of {formatCount(writesAcknowledged)}
      </td>
      <td>{loadWords(report)}</td>
      <td>{when}</td>
    </tr>
  );
}
