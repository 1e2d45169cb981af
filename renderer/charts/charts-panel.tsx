import { lazy, Suspense, useMemo, useState } from 'react';
import { useSearchParams } from 'wouter';
import { useClusterLive, useView } from '../api/use-cluster-live.tsx';
import { useShortcuts } from '../app/shortcuts.ts';
import { Button, IconButton } from '../ui/button.tsx';
import { Panel } from '../ui/panel.tsx';
import { Segmented } from '../ui/segmented.tsx';
import { ChartsTable } from './charts-table.tsx';
import { FlagShape } from './flag-shape.tsx';
import { leastPlotHeight } from './layout.ts';
import { chartWindow, ranges, type RangeName, type WindowChoice } from './window.ts';
import styles from './live-charts.module.css';

/** recharts is most of the code of this screen, and nothing waits for it. */
const LiveCharts = lazy(async () => ({ default: (await import('./live-charts.tsx')).LiveCharts }));

/** The charts of a cluster, with what stretch of time they show. */
export function ChartsPanel({ nowMs, stale }: { nowMs: number; stale: boolean }) {
  const partitions = useView((view) => view.partitions.length);
  const names = useView((view) => view.nodes.map((node) => `${node.id} ${node.name}`).join('\n'));
  const nodeNames = useMemo(() => readNames(names), [names]);
  const samples = useClusterLive((state) => state.samples);
  const events = useClusterLive((state) => state.events);
  const [params, setParams] = useSearchParams();
  const [choice, setChoice] = useState<WindowChoice>(() => ({
    range: readRange(params.get('range')),
    pausedAtMs: null,
    pinnedId: null,
    dismissedId: null,
    sinceMs: nowMs,
  }));
  const [asTable, setAsTable] = useState(false);
  // The charts scroll by whole samples: they end at the last one, unless there is none to end at.
  const newestMs = samples.at(-1)?.timeMs ?? nowMs;
  const endMs = stale || nowMs - newestMs > 2_000 ? nowMs : newestMs;
  const window = chartWindow(events, endMs, choice);
  const paused = choice.pausedAtMs !== null;
  const zoomed = window.zoomedTo;

  const togglePause = () => setChoice((now) => ({ ...now, pausedAtMs: now.pausedAtMs === null ? window.toMs : null }));
  const choose = (range: RangeName) => {
    setChoice((now) => ({ ...now, range, pinnedId: null, dismissedId: zoomed?.id ?? now.dismissedId }));
    setParams(
      (now) => {
        const next = new URLSearchParams(now);
        next.set('range', range);
        return next;
      },
      { replace: true },
    );
  };
  useShortcuts({ ' ': togglePause });

  return (
    <Panel
      className={styles.panel}
      title="Live"
      hint={<MarkerLegend />}
      actions={
        <>
          {zoomed !== null && (
            <>
              <span className={styles.zoomed}>zoomed to the fault</span>
              <Button
                size="small"
                variant="ghost"
                aria-pressed={choice.pinnedId !== null}
                onClick={() => setChoice((now) => ({ ...now, pinnedId: now.pinnedId === null ? zoomed.id : null }))}
              >
                {choice.pinnedId === null ? 'Pin' : 'Unpin'}
              </Button>
            </>
          )}
          <Segmented
            label="Time range"
            value={zoomed === null ? choice.range : '10s'}
            options={ranges}
            onChange={choose}
          />
          <IconButton
            icon="table"
            size="small"
            label={asTable ? 'View as charts' : 'View as table'}
            active={asTable}
            onClick={() => setAsTable(!asTable)}
          />
          <IconButton
            icon={paused ? 'play' : 'pause'}
            size="small"
            label={paused ? 'Follow again' : 'Pause charts'}
            active={paused}
            onClick={togglePause}
          />
        </>
      }
    >
      {asTable ? (
        <ChartsTable samples={samples} window={window} />
      ) : (
        <Suspense fallback={<div aria-busy="true" style={{ minHeight: leastPlotHeight(partitions) }} />}>
          <LiveCharts
            partitions={partitions}
            nodeNames={nodeNames}
            samples={samples}
            events={events}
            window={window}
            following={!paused && window.toMs === endMs}
          />
        </Suspense>
      )}
    </Panel>
  );
}

/** Names travel as text, which is compared by value: they hardly ever change, and the view always does. */
function readNames(text: string): ReadonlyMap<number, string> {
  return new Map(
    text.split('\n').map((line) => {
      const space = line.indexOf(' ');
      return [Number(line.slice(0, space)), line.slice(space + 1)] as const;
    }),
  );
}

function readRange(text: string | null): RangeName {
  return ranges.find((range) => range.value === text)?.value ?? '2m';
}

function MarkerLegend() {
  return (
    <span className={styles.legend}>
      <span>
        <FlagIcon kind="fault" />
        fault
      </span>
      <span>
        <FlagIcon kind="election" />
        election won
      </span>
      <span>
        <FlagIcon kind="handover" />
        hand-over
      </span>
      <span>
        <svg width="16" height="10" viewBox="0 0 16 10" aria-hidden="true">
          <rect className={styles.noLeader} fill="none" x=".5" y=".5" width="15" height="9" />
          <path className={styles.hatchLine} d="M2 9 9 1M7 9l7-8" />
        </svg>
        no leader
      </span>
    </span>
  );
}

function FlagIcon({ kind }: { kind: 'fault' | 'election' | 'handover' }) {
  return (
    <svg width="13" height="13" viewBox="-6.5 2.5 13 13" aria-hidden="true">
      <FlagShape kind={kind} />
    </svg>
  );
}
