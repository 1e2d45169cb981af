import type { DrillReport } from '../../../electron/contract/drills.ts';
import { cx } from '../../ui/cx.ts';
import { formatCount, plural } from '../../ui/format.ts';
import { Icon } from '../../ui/icon.tsx';
import { checkedWords, ms, waits, writesWords } from './drill-words.ts';
import styles from './result-rows.module.css';

/** Fits the right pane; the report shows the rest in its table. */
const MOST_BARS = 8;

/** The three numbers a drill is about: how long clients waited, what was lost, whether the history makes sense. */
export function ResultRows({ report }: { report: DrillReport }) {
  const { timings, consistency } = report;
  const all = waits(report);
  const bars = all.slice(-MOST_BARS);
  const longest = Math.max(1, ...bars.map((one) => one.lengthMs ?? 0));
  const lost = consistency.acknowledgedWritesLost;
  const isLinear = consistency.linearizable === 'yes';
  return (
    <dl className={styles.rows}>
      <div className={styles.row}>
        <dt>Unavailable window</dt>
        <dd className={cx(timings.unavailableMs === null && styles.bad)}>{ms(timings.unavailableMs, 'never back')}</dd>
        <dd className={styles.bars}>
          {bars.map(({ partition, lengthMs }) => (
            <span key={partition} className={styles.bar}>
              <span>p{partition}</span>
              <i style={{ width: `${((lengthMs ?? longest) / longest) * 100}%` }} />
              <b>{ms(lengthMs, 'no answer')}</b>
            </span>
          ))}
          {all.length > bars.length && <small>and {plural(all.length - bars.length, 'partition')} for less</small>}
        </dd>
      </div>
      <div className={styles.row}>
        <dt>Without a leader</dt>
        <dd>{ms(timings.leaderlessMs, 'at no time')}</dd>
        <dd className={styles.small}>the longest of any partition</dd>
      </div>
      <div className={styles.row}>
        <dt>Acked writes lost</dt>
        <dd className={cx(lost > 0 && styles.bad)}>{formatCount(lost)}</dd>
        <dd className={styles.small}>{writesWords(report)}</dd>
      </div>
      <div className={styles.row}>
        <dt>Linearizable</dt>
        <dd className={isLinear ? styles.good : styles.bad}>
          <Icon name={isLinear ? 'checkCircle' : 'xCircle'} />
          <span>{consistency.linearizable}</span>
        </dd>
        <dd className={styles.small}>{checkedWords(report)}</dd>
      </div>
    </dl>
  );
}
