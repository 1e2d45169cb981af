import { useRef } from 'react';
import { IconButton, Button } from '../../ui/button.tsx';
import { formatCount, formatTime } from '../../ui/format.ts';
import { Menu, type MenuItem } from '../../ui/menu.tsx';
import { Segmented } from '../../ui/segmented.tsx';
import { Select } from '../../ui/select.tsx';
import { age } from './age.ts';
import { ScrubTrack } from './scrub-track.tsx';
import { stepAt, stepFrom, type Span, type Timeline } from './timeline.ts';
import { ranges, type Range } from './time-window.ts';
import styles from './scrub.module.css';

/** The menu of elections and faults holds so many, the newest first. */
const MOST_MARKS = 14;

export interface ScrubProps {
  readonly timeline: Timeline;
  readonly window: Span;
  /** Null: live. */
  readonly atMs: number | null;
  readonly nowMs: number;
  readonly range: Range;
  /** A file has no live end. */
  readonly isFile: boolean;
  /** Said in place of how far behind live: what is wrong with the recording, or that it is on its way. */
  readonly note: string | null;
  readonly onRange: (range: Range) => void;
  readonly onSeek: (timeMs: number) => void;
  readonly onLive: () => void;
  readonly onPause: () => void;
  readonly onSave: () => void;
  readonly onOpen: (file: File) => void;
}

/** Live or paused, and back and forth through what was recorded. */
export function ScrubPanel(props: ScrubProps) {
  const { timeline, window, atMs, nowMs, range, isFile, note } = props;
  const input = useRef<HTMLInputElement>(null);
  const { steps, marks } = timeline;
  const from = atMs ?? window.toMs;
  const behindText = isFile ? 'from a file' : `${age(nowMs - from)} behind live`;
  const step = (by: number) => {
    const to = stepFrom(steps, from, by);
    if (to !== null) props.onSeek(to);
  };
  const newest = marks.toReversed().slice(0, MOST_MARKS);
  return (
    <section className={styles.panel} aria-label="Time travel">
      <Segmented
        label="Mode"
        value={atMs === null ? 'live' : 'paused'}
        options={[
          { value: 'live', label: 'Live' },
          { value: 'paused', label: 'Paused' },
        ]}
        onChange={(mode) => (mode === 'live' ? props.onLive() : props.onPause())}
      />
      <span className={styles.steps}>
        <IconButton icon="stepBack" label="Step back" disabled={steps.length === 0} onClick={() => step(-1)} />
        <IconButton
          icon="stepForward"
          label="Step forward"
          disabled={steps.length === 0 || atMs === null}
          onClick={() => step(1)}
        />
      </span>
      <ScrubTrack
        timeline={timeline}
        window={window}
        atMs={atMs}
        behindText={behindText}
        onSeek={props.onSeek}
        onToggle={() => (atMs === null ? props.onPause() : props.onLive())}
      />
      <span className={styles.place}>
        {note ?? (atMs === null ? `${formatCount(steps.length)} steps recorded` : behindText)}
        {note === null && atMs !== null && (
          <>
            <br />
            step {formatCount(stepAt(steps, atMs) + 1)} of {formatCount(steps.length)}
          </>
        )}
      </span>
      {newest.length > 0 && (
        <Menu
          label="Elections and faults"
          trigger={
            <Button size="small" trailingIcon="chevronDown">
              Go to
            </Button>
          }
          items={newest.map((mark): MenuItem => ({
            label: mark.text,
            icon: mark.kind === 'fault' ? 'xCircle' : 'triangle',
            hint: formatTime(mark.timeMs),
            onSelect: () => props.onSeek(mark.timeMs),
          }))}
        />
      )}
      <Select label="Shown" hideLabel value={range} options={ranges} onChange={(value) => props.onRange(value)} />
      <Menu
        label="Recording"
        trigger={<IconButton icon="more" label="Recording" />}
        items={[
          ...(steps.length === 0 || isFile
            ? []
            : [{ label: 'Save recording', icon: 'download', onSelect: () => props.onSave() } as const]),
          { label: 'Open a recording…', icon: 'folder', onSelect: () => input.current?.click() },
        ]}
      />
      <input
        ref={input}
        type="file"
        accept=".json,application/json"
        hidden
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          // The same file may be chosen again.
          event.currentTarget.value = '';
          if (file !== undefined) props.onOpen(file);
        }}
      />
    </section>
  );
}
