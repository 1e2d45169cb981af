import { useMemo, useState } from 'react';
import type { RaftRecordingFile } from '../../../electron/contract/recording.ts';
import { useShortcuts } from '../../app/shortcuts.ts';
import { Button } from '../../ui/button.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { ErrorNote } from '../../ui/error-note.tsx';
import { saveFile } from '../../ui/save-file.ts';
import { showToast } from '../../ui/toast.tsx';
import { Inspector } from './inspector.tsx';
import { LOOK_BACK_MS, type Moment } from './partition-feed.ts';
import { MAX_FILE_BYTES, NotARecording, parseRecordingFile, recordingAsText } from './recording-file.ts';
import { partitionAt, type Recording } from './recording.ts';
import { ScrubPanel } from './scrub-panel.tsx';
import { RaftSkeleton } from './skeleton.tsx';
import { nearestStep, noTimeline, stepFrom, timelineOf } from './timeline.ts';
import { windowAround, type Range } from './time-window.ts';
import { useAt } from './use-at.ts';
import { useFeedSilence, usePartitionFeed } from './use-partition-feed.ts';
import { useRecording } from './use-recording.ts';
import styles from './raft.module.css';

/** One partition live, or at a moment of its recording, or of a recording from a file. */
export function WatchedPartition({ cluster, partition }: { cluster: string; partition: number }) {
  const [attempt, setAttempt] = useState(0);
  const feed = usePartitionFeed(cluster, partition, attempt);
  const silentMs = useFeedSilence(feed.receivedAtMs);
  const recorded = useRecording(cluster, partition);
  const [file, setFile] = useState<RaftRecordingFile | null>(null);
  const [atMs, setAtMs] = useAt();
  const [range, setRange] = useState<Range>('120000');
  const [endMs, setEndMs] = useState<number | null>(null);

  const recording: Recording = file?.segments ?? recorded.recording;
  const timeline = useMemo(() => (recording.length === 0 ? noTimeline : timelineOf(recording)), [recording]);
  const past = useMemo(() => (atMs === null ? null : momentAt(recording, atMs)), [recording, atMs]);
  const nowMs = feed.moment?.live.timeMs ?? timeline.spans.at(-1)?.toMs ?? 0;
  const shownMs = atMs ?? nowMs;
  const window =
    atMs === null
      ? { fromMs: nowMs - Number(range), toMs: nowMs }
      : windowAround(endMs ?? nowMs, Number(range), shownMs);

  const seek = (timeMs: number) => {
    setEndMs(window.toMs);
    setAtMs(timeMs);
  };
  const live = () => {
    setFile(null);
    setEndMs(null);
    setAtMs(null);
  };
  const pause = () => seek(nearestStep(timeline.steps, nowMs) ?? nowMs);
  const step = (by: number) => {
    const to = stepFrom(timeline.steps, shownMs, by);
    if (to !== null) seek(to);
  };
  useShortcuts({
    ' ': () => (atMs === null ? pause() : live()),
    arrowleft: () => step(-1),
    arrowright: () => step(1),
  });

  const open = async (chosen: File) => {
    try {
      if (chosen.size > MAX_FILE_BYTES) throw new NotARecording('The file is larger than any recording.');
      const opened = await parseRecordingFile(await chosen.text());
      const { marks, steps } = timelineOf(opened.segments);
      const firstMs = marks.findLast((mark) => mark.kind === 'election')?.timeMs ?? steps.at(-1) ?? null;
      setFile(opened);
      setEndMs(firstMs);
      setAtMs(firstMs);
    } catch (error) {
      const text = error instanceof NotARecording ? error.message : 'It could not be read.';
      showToast({ tone: 'error', title: `${chosen.name} was not opened.`, text });
    }
  };
  const save = () => {
    const savedAtMs = Date.now();
    const name = `${cluster}-p${partition}-raft-${new Date(savedAtMs).toISOString().replaceAll(':', '-')}.json`;
    saveFile(name, recordingAsText({ cluster, partition, savedAtMs, recording }), 'application/json');
  };

  const shown = atMs === null ? feed.moment : past;
  return (
    <>
      {atMs === null && feed.error !== null ? (
        <div className={styles.failed}>
          <ErrorNote
            title={`p${partition} of ${cluster} cannot be shown live.`}
            error={feed.error}
            fix={{ label: 'Try again', run: () => setAttempt((before) => before + 1) }}
          />
        </div>
      ) : shown === null ? (
        atMs !== null && recorded.isLoaded ? (
          <EmptyState title="Nothing was recorded at that time." action={<Button onClick={live}>Go to live</Button>}>
            About a quarter of an hour of each cluster is kept, and only while its nodes run and this app does.
          </EmptyState>
        ) : (
          <RaftSkeleton />
        )
      ) : (
        <Inspector
          cluster={cluster}
          moment={shown}
          silentMs={atMs === null ? silentMs : null}
          pastMs={atMs}
          file={file}
          onCloseFile={live}
        />
      )}
      <ScrubPanel
        timeline={timeline}
        window={window}
        atMs={atMs}
        nowMs={nowMs}
        range={range}
        isFile={file !== null}
        note={
          recorded.error !== null && file === null
            ? 'The recording cannot be read.'
            : timeline.steps.length === 0
              ? recorded.isLoaded
                ? 'Nothing recorded yet.'
                : 'Reading the recording…'
              : null
        }
        onRange={setRange}
        onSeek={seek}
        onLive={live}
        onPause={pause}
        onSave={save}
        onOpen={(chosen) => void open(chosen)}
      />
    </>
  );
}

function momentAt(recording: Recording, atMs: number): Moment | null {
  const live = partitionAt(recording, atMs);
  return live === null ? null : { live, before: partitionAt(recording, atMs - LOOK_BACK_MS) };
}
