import { useClusterLive } from '../../api/use-cluster-live.tsx';
import { useCommand } from '../../api/use-command.ts';
import { Button } from '../../ui/button.tsx';
import { mayRun } from '../clusters/may-run.ts';
import { hasFaults } from './has-faults.ts';

/** On every screen of a cluster, while any fault is on. */
export function HealAll({ cluster }: { cluster: string }) {
  const shows = useClusterLive(({ view }) => view !== null && mayRun(view.summary) && hasFaults(view));
  const count = useClusterLive(({ view }) => view?.faults.length ?? 0);
  const { run, isBusy } = useCommand();
  if (!shows) return null;
  return (
    <Button
      size="small"
      icon="heal"
      busy={isBusy('cluster.heal', { cluster })}
      onClick={() => void run('cluster.heal', { cluster }, { failed: 'The faults could not be ended' })}
    >
      Heal all{count > 1 ? ` ${count}` : ''}
    </Button>
  );
}
