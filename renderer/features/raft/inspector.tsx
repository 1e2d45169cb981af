import type { RaftRecordingFile } from '../../../electron/contract/recording.ts';
import { cx } from '../../ui/cx.ts';
import { Panel } from '../../ui/panel.tsx';
import { FactsPanel } from './facts-panel.tsx';
import { GroupPanel } from './group-panel.tsx';
import { whatIsHappening } from './happening.ts';
import { LogsPanel } from './logs-panel.tsx';
import type { Moment } from './partition-feed.ts';
import { RaftStrip } from './raft-strip.tsx';
import { WordsText } from './words-text.tsx';
import { formatTime } from '../../ui/format.ts';
import styles from './raft.module.css';

/** A partition at one moment: its replicas, what they say, and their logs. */
export function Inspector({
  cluster,
  moment,
  silentMs,
  pastMs,
  file,
  onCloseFile,
}: {
  cluster: string;
  moment: Moment;
  silentMs: number | null;
  /** The moment of the recording; null while live. */
  pastMs: number | null;
  file: RaftRecordingFile | null;
  onCloseFile: () => void;
}) {
  const { live } = moment;
  return (
    <>
      <RaftStrip
        cluster={cluster}
        live={live}
        silentMs={silentMs}
        pastMs={pastMs}
        file={file}
        onCloseFile={onCloseFile}
      />
      <div className={cx(styles.center, silentMs !== null && styles.stale)}>
        <div className={styles.top}>
          <GroupPanel moment={moment} />
          <Panel className={styles.say} title="What is happening" hint={`at ${formatTime(live.timeMs)}`}>
            <p>
              <WordsText words={whatIsHappening(live)} />
            </p>
          </Panel>
          <FactsPanel live={live} />
        </div>
        <LogsPanel live={live} />
      </div>
    </>
  );
}
