import type { DrillReport } from '../../../electron/contract/drills.ts';
import { TermTag } from '../../ui/badge.tsx';
import { ms } from './drill-words.ts';
import styles from './drill-table.module.css';

const node = (id: number) => (id === 0 ? 'none' : `n${id}`);

/** Each partition: who led it before and after, and how long it and its clients were without. */
export function PartitionsTable({ report }: { report: DrillReport }) {
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling table must be reachable by keyboard
    <div className={styles.scroller} tabIndex={0} role="group" aria-label="Table of partitions">
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">Partition</th>
            <th scope="col">Leader</th>
            <th scope="col">Term</th>
            <th scope="col" className={styles.number}>
              Elections
            </th>
            <th scope="col" className={styles.number}>
              Without a leader
            </th>
            <th scope="col" className={styles.number}>
              Clients waited
            </th>
          </tr>
        </thead>
        <tbody>
          {report.partitions.map((one) => (
            <tr key={one.partition}>
              <th scope="row">p{one.partition}</th>
              <td>
                {one.leaderBefore === one.leaderAfter
                  ? node(one.leaderAfter)
                  : `${node(one.leaderBefore)} → ${node(one.leaderAfter)}`}
              </td>
              <td>
                {one.termBefore !== one.termAfter && (
                  <>
                    <TermTag term={one.termBefore} /> →{' '}
                  </>
                )}
                <TermTag term={one.termAfter} />
              </td>
              <td className={styles.number}>{one.elections}</td>
              <td className={styles.number}>{one.leaderlessMs === null ? '–' : ms(one.leaderlessMs)}</td>
              <td className={styles.number}>{ms(one.unavailableMs, 'no answer')}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
