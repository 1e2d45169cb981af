import { Fragment } from 'react';
import { useLocation } from 'wouter';
import type { PartitionLive } from '../../../electron/contract/model.ts';
import { useView } from '../../api/use-cluster-live.tsx';
import { useCommand } from '../../api/use-command.ts';
import { clusterPath } from '../../app/paths.ts';
import { Button } from '../../ui/button.tsx';
import { Select } from '../../ui/select.tsx';
import { headlineOf } from './headline.ts';
import { raftPath } from './raft-route.ts';
import styles from './raft.module.css';

/** Which partition, how it is in one sentence, and what that means. */
export function RaftStrip({
  cluster,
  live,
  silentMs,
}: {
  cluster: string;
  live: PartitionLive;
  silentMs: number | null;
}) {
  const [, navigate] = useLocation();
  const count = useView((view) => view.partitions.length);
  const { parts, meaning } = headlineOf(live, silentMs);
  return (
    <section className={styles.strip} aria-label="Partition state">
      <Select
        label="Partition"
        hideLabel
        value={String(live.partition.partition)}
        options={Array.from({ length: count }, (_, p) => ({ value: String(p), label: `p${p}` }))}
        onChange={(value) => navigate(clusterPath(cluster, raftPath(Number(value))))}
      />
      <div className={styles.words}>
        <h1 className={styles.headline}>
          {parts.map((part, i) => (
            <Fragment key={part}>
              {i > 0 && <span className={styles.separator}>·</span>}
              {part}
            </Fragment>
          ))}
        </h1>
        <p className={styles.meaning}>{meaning}</p>
      </div>
      <div className="sr-only" role="status">
        {silentMs === null ? parts[0] : 'No data from the partition.'}
      </div>
      <HealButton cluster={cluster} live={live} />
    </section>
  );
}

function HealButton({ cluster, live }: { cluster: string; live: PartitionLive }) {
  const summary = useView((view) => view.summary);
  const { run, isBusy } = useCommand();
  const mayAct = summary.kind === 'local' && !summary.readOnly && summary.environment !== 'production';
  if (live.cuts.length === 0 || !mayAct) return null;
  const alone = live.replicas.filter((replica) => replica.state === 'partitioned');
  return (
    <Button
      icon="heal"
      busy={isBusy('cluster.heal', { cluster })}
      onClick={() => void run('cluster.heal', { cluster }, { failed: 'The network could not be healed' })}
    >
      {alone.length === 1 ? `Heal ${alone[0]?.name ?? ''}` : 'Heal the network'}
    </Button>
  );
}
