import { layoutStore, NARROW_QUERY, toggleAside } from '../../app/layout-store.ts';
import { useView } from '../../api/use-cluster-live.tsx';
import { useCommand } from '../../api/use-command.ts';
import { useMedia } from '../../app/use-media.ts';
import { Button } from '../../ui/button.tsx';
import { readForm } from '../drills/drill-form.ts';
import { whyNoDrill } from '../drills/drill-words.ts';
import { useDrillLive } from '../drills/use-drills.ts';
import styles from './state-strip.module.css';

/**
 * The drill that people want first, with one click: the busiest leader is killed under a load that
 * suits the cluster. Its course and its report appear in the right pane, which opens for them.
 */
export function DrillButton({ cluster }: { cluster: string }) {
  const summary = useView((view) => view.summary);
  const live = useDrillLive(cluster);
  const narrow = useMedia(NARROW_QUERY);
  const { run, isBusy } = useCommand();
  if (whyNoDrill(summary) !== null || (live?.running ?? null) !== null) return null;
  const input = { cluster, ...readForm(new URLSearchParams(), summary.partitionCount) };
  const start = async () => {
    if (!(await run('drills.start', input, { failed: 'The drill could not be started' }))) return;
    const layout = layoutStore.getState();
    if (!(narrow ? layout.drawerOpen : layout.asideOpen)) toggleAside();
  };
  return (
    <Button
      variant="primary"
      icon="target"
      aria-label="Run failover drill"
      busy={isBusy('drills.start', input)}
      title="Kills the node that leads most, under load, and measures what clients felt"
      onClick={() => void start()}
    >
      <span className={styles.long}>Run failover drill</span>
      <span className={styles.short}>Drill</span>
    </Button>
  );
}
