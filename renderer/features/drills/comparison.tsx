import type { DrillComparison, DrillSummary } from '../../../electron/contract/drills.ts';
import { Button } from '../../ui/button.tsx';
import { ErrorNote } from '../../ui/error-note.tsx';
import { formatClock, formatCount } from '../../ui/format.ts';
import { Panel } from '../../ui/panel.tsx';
import { loadWords, ms } from './drill-words.ts';
import { useDrillComparison } from './use-drills.ts';
import styles from './drill-table.module.css';

type Row = DrillComparison['rows'][number];

/** Two reports measure by measure: the earlier choice first, what is on the screen second. */
export function Comparison({ first, second, onClose }: { first: string; second: string; onClose: () => void }) {
  const { data, error } = useDrillComparison(first, second);
  return (
    <Panel
      title="Comparison"
      hint="a difference of up to a tenth counts as none"
      actions={
        <Button size="small" variant="ghost" icon="x" onClick={onClose}>
          Close comparison
        </Button>
      }
    >
      {error !== null && (
        <div className={styles.note}>
          <ErrorNote title="The other report cannot be shown." error={error} />
        </div>
      )}
      {data !== undefined && (
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling table must be reachable by keyboard
        <div className={styles.scroller} tabIndex={0} role="group" aria-label="Table of both reports">
          <table className={styles.table}>
            <thead>
              <tr>
                <th scope="col">Measure</th>
                <th scope="col" className={styles.number}>
                  {headWords(data.first)}
                </th>
                <th scope="col" className={styles.number}>
                  This report, {headWords(data.second)}
                </th>
                <th scope="col">This one is</th>
              </tr>
            </thead>
            <tbody>
              {data.rows.map((row) => (
                <tr key={row.measure}>
                  <th scope="row">{row.measure}</th>
                  <td className={styles.number}>{valueWords(row.first, row.unit)}</td>
                  <td className={styles.number}>{valueWords(row.second, row.unit)}</td>
                  <td className={row.change === null ? undefined : styles[row.change]}>{changeWords(row)}</td>
                </tr>
              ))}
            </tbody>
          </table>
          {(data.first.scenario !== data.second.scenario || loadWords(data.first) !== loadWords(data.second)) && (
            <p className={styles.foot}>
              These drills differ in more than their time: {data.first.title} under {loadWords(data.first)}, and{' '}
              {data.second.title} under {loadWords(data.second)}.
            </p>
          )}
        </div>
      )}
    </Panel>
  );
}

function headWords({ title, startedAtMs }: DrillSummary): string {
  return `${title}, ${new Date(startedAtMs).toLocaleDateString('en-GB')} ${formatClock(startedAtMs)}`;
}

function valueWords(value: number | null, unit: Row['unit']): string {
  if (value === null) return 'not known';
  if (unit === 'ms') return ms(value);
  return unit === 'count' ? formatCount(value) : `${formatCount(Math.round(value))} /s`;
}

function changeWords({ first, second, change }: Row): string {
  if (change === null) return 'not comparable';
  if (change === 'same') return 'the same';
  if (first === null || second === null || first === 0) return change;
  const percent = Math.round(((second - first) / first) * 100);
  return `${change} (${percent > 0 ? '+' : '−'}${formatCount(Math.abs(percent))} %)`;
}
