import { Fragment } from 'react';
import { useLocation } from 'wouter';
import type { PartitionLive } from '../../../electron/contract/model.ts';
import type { RaftRecordingFile } from '../../../electron/contract/recording.ts';
import { useView } from '../../api/use-cluster-live.tsx';
import { useCommand } from '../../api/use-command.ts';
import { clusterPath } from '../../app/paths.ts';
import { Badge } from '../../ui/badge.tsx';
import { Button } from '../../ui/button.tsx';
import { formatClock, formatTime } from '../../ui/format.ts';
import { Select } from '../../ui/select.tsx';
import { mayRun } from '../clusters/may-run.ts';
import { headlineOf } from './headline.ts';
import { MoveLeader } from './move-leader.tsx';
import { raftPath } from './raft-route.ts';
import styles from './raft.module.css';

/** Which partition, how it is in one sentence, and what that means. */
export function RaftStrip({
  cluster,
  live,
  silentMs,
  pastMs,
  file,
  onCloseFile,
}: {
  cluster: string;
  live: PartitionLive;
  silentMs: number | null;
  pastMs: number | null;
  file: RaftRecordingFile | null;
  onCloseFile: () => void;
}) {
  const [, navigate] = useLocation();
  const count = useView((view) => view.partitions.length);
  const { parts, meaning } = headlineOf(live, silentMs);
  return (
    <section className={styles.strip} aria-label="Partition state">
      {file === null ? (
        <Select
          label="Partition"
          hideLabel
          value={String(live.partition.partition)}
          options={Array.from({ length: count }, (_, p) => ({ value: String(p), label: `p${p}` }))}
          onChange={(value) =>
            navigate(`${clusterPath(cluster, raftPath(Number(value)))}${pastMs === null ? '' : `?at=${pastMs}`}`)
          }
        />
      ) : (
        <Badge icon="file">
          p{file.partition} of {file.cluster}, saved {formatDay(file.savedAtMs)}
        </Badge>
      )}
      <div className={styles.words}>
        <h1 className={styles.headline}>
          {parts.map((part, i) => (
            <Fragment key={part}>
              {i > 0 && <span className={styles.separator}>·</span>}
              {part}
            </Fragment>
          ))}
        </h1>
        <p className={styles.meaning}>
          {pastMs !== null && <b>As of {formatTime(pastMs)}. </b>}
          {meaning}
        </p>
      </div>
      <div className="sr-only" role="status">
        {silentMs === null ? parts[0] : 'No data from the partition.'}
      </div>
      {pastMs === null && file === null && <MoveLeader cluster={cluster} partition={live.partition.partition} />}
      {pastMs === null && <HealButton cluster={cluster} live={live} />}
      {file !== null && <Button onClick={onCloseFile}>Close recording</Button>}
    </section>
  );
}

function HealButton({ cluster, live }: { cluster: string; live: PartitionLive }) {
  const summary = useView((view) => view.summary);
  const { run, isBusy } = useCommand();
  if (live.cuts.length === 0 || !mayRun(summary)) return null;
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

function formatDay(timeMs: number): string {
  const date = new Date(timeMs);
  return `${date.toLocaleDateString('en-CA')} ${formatClock(timeMs)}`;
}
