import { useCommand } from '../../api/use-command.ts';
import { useView } from '../../api/use-cluster-live.tsx';
import { Button } from '../../ui/button.tsx';
import { plural } from '../../ui/format.ts';
import { Menu } from '../../ui/menu.tsx';
import { loadMix, loadOffers } from './load-offers.ts';
import styles from './state-strip.module.css';

/** Starts and stops clients that write and read, so that the charts have something to show. */
export function LoadMenu({ cluster }: { cluster: string }) {
  const load = useView((view) => view.load);
  const { run } = useCommand();
  const start = (clients: number, readPercent: number) =>
    void run('load.start', { cluster, clients, readPercent }, { failed: 'The load could not be started' });
  return (
    <Menu
      label="Load"
      trigger={
        <Button icon="users" trailingIcon="chevronDown">
          {load === null ? 'Load: off' : `Load: ${plural(load.clients, 'client')}`}
          {load !== null && <span className={styles.mix}>, {loadMix(load.readPercent)}</span>}
        </Button>
      }
      items={[
        ...loadOffers.map((offer) => ({
          label: `${plural(offer.clients, 'client')}, ${loadMix(offer.readPercent)}`,
          icon: 'play' as const,
          hint: `${offer.readPercent} % reads`,
          onSelect: () => start(offer.clients, offer.readPercent),
        })),
        null,
        {
          label: 'Stop load',
          icon: 'stop' as const,
          disabled: load === null,
          onSelect: () => void run('load.stop', { cluster }, { failed: 'The load could not be stopped' }),
        },
      ]}
    />
  );
}
