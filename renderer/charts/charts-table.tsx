import type { Sample } from '../../electron/contract/model.ts';
import { formatCount, formatMs, formatTime } from '../ui/format.ts';
import type { ChartWindow } from './window.ts';
import styles from './live-charts.module.css';

const MOST_ROWS = 120;

/** What the charts draw, as numbers, newest first. */
export function ChartsTable({ samples, window }: { samples: readonly Sample[]; window: ChartWindow }) {
  const within = samples.filter((sample) => sample.timeMs >= window.fromMs && sample.timeMs <= window.toMs);
  const stride = Math.max(1, Math.ceil(within.length / MOST_ROWS));
  const rows = within.filter((_, i) => (within.length - 1 - i) % stride === 0).toReversed();
  const number = (value: number | null) => (value === null ? '–' : formatCount(value));
  const latency = (value: number | null) => (value === null ? '–' : formatMs(value));
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling region must be reachable by keyboard
    <div className={styles.table} tabIndex={0} role="region" aria-label="Chart values">
      <table>
        <thead>
          <tr>
            <th scope="col">Time</th>
            <th scope="col">Writes/s</th>
            <th scope="col">Reads/s</th>
            <th scope="col">Write p50</th>
            <th scope="col">Write p99</th>
            <th scope="col">Committed</th>
            <th scope="col">Applied</th>
            <th scope="col">Without leader</th>
          </tr>
        </thead>
        <tbody>
          {rows.map((sample) => (
            <tr key={sample.timeMs}>
              <td>{formatTime(sample.timeMs)}</td>
              <td>{number(sample.writesPerSecond)}</td>
              <td>{number(sample.readsPerSecond)}</td>
              <td>{latency(sample.writeP50Ms)}</td>
              <td>{latency(sample.writeP99Ms)}</td>
              <td>{number(sample.committed)}</td>
              <td>{number(sample.applied)}</td>
              <td>{sample.leaders.flatMap((leader, p) => (leader === 0 ? [`p${p}`] : [])).join(', ') || 'none'}</td>
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}
