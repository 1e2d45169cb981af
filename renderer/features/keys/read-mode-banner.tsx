import type { ReadMode } from '../../../electron/contract/model.ts';
import { useView } from '../../api/use-cluster-live.tsx';
import { Button } from '../../ui/button.tsx';
import { cx } from '../../ui/cx.ts';
import { Icon } from '../../ui/icon.tsx';
import { explainReadMode, leaderlessSentence, readModes, type ReadCost } from './read-modes.ts';
import styles from './read-mode-banner.module.css';

/** What reads mean at the moment: the mode in words and its cost, or that there is no leader to ask. */
export function ReadModeBanner({
  mode,
  cost,
  stalenessMs,
  onReadStale,
}: {
  mode: ReadMode;
  cost: ReadCost | null;
  stalenessMs: number | null;
  onReadStale: () => void;
}) {
  const leaderless = useView((view) => view.partitions.filter((partition) => partition.leader === 0).length);
  const partitions = useView((view) => view.partitions.length);
  const title = readModes.find((option) => option.value === mode)?.label;
  if (leaderless > 0 && mode !== 'stale') {
    return (
      <div className={cx(styles.banner, styles.warn)} role="status">
        <Icon name="alert" size={14} />
        <p>
          <b>No leader:</b> {leaderlessSentence(leaderless, partitions)}
        </p>
        <Button size="small" onClick={onReadStale}>
          Read stale
        </Button>
      </div>
    );
  }
  return (
    <div className={styles.banner}>
      <Icon name="info" size={14} />
      <p>
        <b>{title}:</b> {explainReadMode(mode, cost, stalenessMs)}
      </p>
    </div>
  );
}
