import type { ReactNode } from 'react';
import type { DrillProgress as Progress } from '../../../electron/contract/drills.ts';
import { useClusterNow } from '../../api/use-cluster-live.tsx';
import { useCommand } from '../../api/use-command.ts';
import { Button } from '../../ui/button.tsx';
import { formatCount, formatSpan } from '../../ui/format.ts';
import { Icon } from '../../ui/icon.tsx';
import { scenarioLabel } from './drill-words.ts';
import styles from './drill-progress.module.css';

/** What a drill does right now, and what it has done, in words. */
export function DrillProgress({
  cluster,
  progress,
  children,
}: {
  cluster: string;
  progress: Progress;
  /** Beside the way to cancel it. */
  children?: ReactNode;
}) {
  const now = useClusterNow(500);
  const { run } = useCommand();
  const { scenario, startedAtMs, told, operations, failed, cancelling } = progress;
  return (
    <div className={styles.progress}>
      <p className={styles.sum}>
        <b>{scenarioLabel(scenario)}</b>
        <span>
          {formatSpan(Math.max(now, told.at(-1)?.atMs ?? 0) - startedAtMs)} · {formatCount(operations)} operations
          {failed > 0 && ` · ${formatCount(failed)} failed`}
        </span>
      </p>
      <ol className={styles.told} aria-live="polite" aria-label="Progress of the drill">
        {told.map(({ atMs, text }, i) => (
          <li key={`${atMs} ${text}`} className={i === told.length - 1 ? styles.present : undefined}>
            <Icon name={i === told.length - 1 ? 'half' : 'check'} size={14} />
            <span>{text}</span>
            <time>{formatSpan(atMs - startedAtMs)}</time>
          </li>
        ))}
      </ol>
      <div className={styles.foot}>
        <Button
          icon="stop"
          size="small"
          busy={cancelling}
          onClick={() => void run('drills.cancel', { cluster }, { failed: 'The drill could not be cancelled' })}
        >
          {cancelling ? 'Healing the cluster…' : 'Cancel drill'}
        </Button>
        {children}
      </div>
    </div>
  );
}
