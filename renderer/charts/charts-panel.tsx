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
import { usePast } from './use-past.ts';
import { chartWindow, ranges, stepWindow, windowWords, type RangeName, type WindowChoice } from './window.ts';
import styles from './live-charts.module.css';

/** recharts is most of the code of this screen, and nothing waits for it. */
const LiveCharts = lazy(async () => ({ default: (await import('./live-charts.tsx')).LiveCharts }));

/** The charts of a cluster, with what stretch of time they show. */
export function ChartsPanel({ nowMs, stale }: { nowMs: number; stale: boolean }) {
  const partitions = useView((view) => view.partitions.length);
  const names = useView((view) => view.nodes.map((node) => `${node.id} ${node.name}`).join('\n'));
  const nodeNames = useMemo(() => readNames(names), [names]);
  const cluster = useView((view) => view.summary.name);
  const liveSamples = useClusterLive((state) => state.samples);
  const liveEvents = useClusterLive((state) => state.events);
  const [params, setParams] = useSearchParams();
  const [choice, setChoice] = useState<WindowChoice>(() => ({
    range: readRange(params.get('range')),
    pausedAtMs: readUntil(params.get('until'), nowMs),
    pinnedId: null,
    dismissedId: null,
    sinceMs: nowMs,
  }));
  const [asTable, setAsTable] = useState(false);
  // The charts scroll by whole samples: they end at the last one, unless there is none to end at.
  const newestMs = liveSamples.at(-1)?.timeMs ?? nowMs;
  const endMs = stale || nowMs - newestMs > 2_000 ? nowMs : newestMs;
  const window = chartWindow(liveEvents, endMs, choice);
  const { samples, events, gapMs, error, isEmpty } = usePast(cluster, window, {
    samples: liveSamples,
    events: liveEvents,
  });
  const paused = choice.pausedAtMs !== null;
  const zoomed = window.zoomedTo;

  const setParam = (name: string, value: string | null) =>
    setParams(
      (now) => {
        const next = new URLSearchParams(now);
        if (value === null) next.delete(name);
        else next.set(name, value);
        return next;
      },
      { replace: true },
    );
  /** Null follows. What is looked back at can be linked to. */
  const standAt = (pausedAtMs: number | null) => {
    setChoice((now) => ({ ...now, pausedAtMs, dismissedId: zoomed?.id ?? now.dismissedId }));
    setParam('until', pausedAtMs === null ? null : String(Math.round(pausedAtMs)));
  };
  const togglePause = () => standAt(paused ? null : window.toMs);
  const step = (direction: -1 | 1) => standAt(stepWindow(window, direction, endMs));
  const choose = (range: RangeName) => {
    setChoice((now) => ({ ...now, range, pinnedId: null, dismissedId: zoomed?.id ?? now.dismissedId }));
    setParam('range', range);
  };
  useShortcuts({ ' ': togglePause, '[': () => step(-1), ']': () => step(1) });

  return (
    <Panel
      className={styles.panel}
      title="Live"
      hint={paused ? <LookingBack words={windowWords(window)} error={error} isEmpty={isEmpty} /> : <MarkerLegend />}
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
          <IconButton icon="stepBack" size="small" label="Earlier" onClick={() => step(-1)} />
          <IconButton
            icon="stepForward"
            size="small"
            label="Later"
            aria-disabled={!paused || undefined}
            onClick={() => step(1)}
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
            gapMs={gapMs}
            following={window.follows}
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

/** A time to stand at, from the address; what is no time of the past follows. */
function readUntil(text: string | null, nowMs: number): number | null {
  const untilMs = Number(text ?? Number.NaN);
  return Number.isFinite(untilMs) && untilMs > 0 && untilMs < nowMs ? untilMs : null;
}

function LookingBack({ words, error, isEmpty }: { words: string; error: unknown; isEmpty: boolean }) {
  const note =
    error !== null ? ': it cannot be read' : isEmpty ? ': nothing was measured then, or it is not kept any more' : '';
  return (
    <span role="status">
      {words}
      {note}
    </span>
  );
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
