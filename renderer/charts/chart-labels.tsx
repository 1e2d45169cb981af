import type { Sample, StoryEvent } from '../../electron/contract/model.ts';
import { cx } from '../ui/cx.ts';
import { formatCount, formatMs, formatTime } from '../ui/format.ts';
import type { PlotLayout } from './layout.ts';
import type { ChartWindow } from './window.ts';
import styles from './live-charts.module.css';

/** The charts' names with their values: the newest, or those under the cursor. */
export function ChartLabels({
  layout,
  sample,
  events,
  window,
  elections,
  longestGapMs,
  cursorMs,
}: {
  layout: PlotLayout;
  sample: Sample | null;
  events: readonly StoryEvent[];
  window: ChartWindow;
  elections: number;
  longestGapMs: number;
  cursorMs: number | null;
}) {
  const splitVotes = events.filter(
    (event) => event.kind === 'splitVote' && event.timeMs >= window.fromMs && event.timeMs <= window.toMs,
  ).length;
  const number = (value: number | null | undefined) =>
    value === null || value === undefined ? '–' : formatCount(value);
  const latency = (value: number | null | undefined) => (value === null || value === undefined ? '–' : formatMs(value));
  const lag = sample === null ? null : Math.max(0, sample.committed - sample.applied);
  return (
    <div className={styles.labels}>
      {cursorMs !== null && <p className={styles.cursorTime}>at {formatTime(sample?.timeMs ?? cursorMs)}</p>}
      <Group top={layout.throughput.top} title="Throughput">
        <Value series="first" label="writes/s" value={number(sample?.writesPerSecond)} />
        <Value series="second" label="reads/s" value={number(sample?.readsPerSecond)} />
      </Group>
      <Group top={layout.latency.top - 6} title="Write latency">
        <Value series="first" label="p50" value={latency(sample?.writeP50Ms)} />
        <Value series="second" label="p99" value={latency(sample?.writeP99Ms)} />
      </Group>
      <Group top={layout.lanes.top - 3} title="Terms per partition">
        <Value label="elections" value={String(elections)} />
        <Value label="split votes" value={String(splitVotes)} />
        <Value label="without leader" value={longestGapMs === 0 ? '0' : formatMs(longestGapMs)} />
      </Group>
      <Group top={layout.commit.top - 6} title="Commit vs applied">
        <Value series="first" label="committed" value={number(sample?.committed)} />
        <Value series="second" label="applied" value={number(sample?.applied)} />
        <Value series="bar" label="apply lag" value={number(lag)} />
      </Group>
    </div>
  );
}

function Group({ top, title, children }: { top: number; title: string; children: React.ReactNode }) {
  return (
    <div className={styles.group} style={{ top }}>
      <h3>{title}</h3>
      {children}
    </div>
  );
}

function Value({ series, label, value }: { series?: 'first' | 'second' | 'bar'; label: string; value: string }) {
  return (
    <p className={styles.value}>
      {series !== undefined && <i className={cx(styles.swatch, styles[series])} />}
      {label}
      <b>{value}</b>
    </p>
  );
}
