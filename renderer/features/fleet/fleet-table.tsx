import { Link } from 'wouter';
import type { ClusterSummary } from '../../../electron/contract/model.ts';
import type { FleetRow } from '../../../electron/contract/monitor.ts';
import { useCommand } from '../../api/use-command.ts';
import { clusterShape } from '../../app/cluster-link.tsx';
import { clusterPath } from '../../app/paths.ts';
import { Badge } from '../../ui/badge.tsx';
import { Button, IconButton } from '../../ui/button.tsx';
import { cx } from '../../ui/cx.ts';
import { Icon } from '../../ui/icon.tsx';
import { StatusShape } from '../../ui/status-shape.tsx';
import {
  diskWords,
  electionsWords,
  heardWords,
  lagCell,
  latencyWords,
  leadersWords,
  ruleTexts,
} from './fleet-words.ts';
import styles from './fleet.module.css';

const COLUMNS = 9;

export function FleetTable({
  clusters,
  rows,
  nowMs,
  onMute,
}: {
  clusters: readonly ClusterSummary[];
  rows: readonly FleetRow[];
  /** On the backend's clock. */
  nowMs: number;
  onMute: (cluster: string, isMuted: boolean) => void;
}) {
  return (
    // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling table must be reachable by keyboard
    <div className={styles.scroller} tabIndex={0} role="group" aria-label="Table of clusters">
      <table className={styles.table}>
        <thead>
          <tr>
            <th scope="col">Cluster</th>
            <th scope="col">Health</th>
            <th scope="col">Leaders</th>
            <th scope="col" className={styles.number}>
              Elections, 1 h
            </th>
            <th scope="col">Lag</th>
            <th scope="col" className={styles.number}>
              Latency
            </th>
            <th scope="col" className={styles.number}>
              Disk
            </th>
            <th scope="col">Heard</th>
            <th scope="col">
              <span className="sr-only">Actions</span>
            </th>
          </tr>
        </thead>
        {clusters.map((cluster) => (
          <ClusterRows
            key={cluster.name}
            cluster={cluster}
            row={rows.find((row) => row.cluster === cluster.name)}
            nowMs={nowMs}
            onMute={onMute}
          />
        ))}
      </table>
    </div>
  );
}

function ClusterRows({
  cluster,
  row,
  nowMs,
  onMute,
}: {
  cluster: ClusterSummary;
  row: FleetRow | undefined;
  nowMs: number;
  onMute: (cluster: string, isMuted: boolean) => void;
}) {
  const name = (
    <th scope="row">
      <Link href={clusterPath(cluster.name)} className={styles.name}>
        <StatusShape state={clusterShape(cluster.state)} />
        <span>{cluster.name}</span>
      </Link>
      <span className={styles.tags}>
        {cluster.kind !== 'local' && <Badge>{cluster.kind === 'etcd' ? 'etcd' : 'PrkDB'}</Badge>}
        {cluster.environment === 'production' && <Badge tone="prod">PROD</Badge>}
        {cluster.readOnly && <Icon name="lock" size={12} />}
      </span>
    </th>
  );
  if (row === undefined) {
    return (
      <tbody>
        <tr>
          {name}
          <td colSpan={COLUMNS - 1} aria-busy="true">
            Looking…
          </td>
        </tr>
      </tbody>
    );
  }
  const elections = electionsWords(row);
  const lag = lagCell(row);
  const latency = latencyWords(row);
  const disk = diskWords(row);
  return (
    <tbody>
      <tr aria-label={`Cluster ${cluster.name}`}>
        {name}
        <td className={cx(styles.health, styles[row.health.tone])}>{row.health.words}</td>
        <td>{leadersWords(row)}</td>
        <td className={styles.number}>
          {elections.count}
          {elections.note !== '' && <span className={styles.dim}>{elections.note}</span>}
        </td>
        <td>
          {lag.words}
          {lag.who !== '' && <span className={styles.dim}>{lag.who}</span>}
        </td>
        <td className={styles.number}>
          {latency.ms}
          {latency.of !== '' && <span className={styles.dim}>{latency.of}</span>}
        </td>
        <td className={styles.number}>
          {disk.used}
          {disk.full !== '' && <span className={styles.dim}>{disk.full}</span>}
        </td>
        <td>
          <Heard cluster={cluster} words={heardWords(row, nowMs)} />
        </td>
        <td>
          <IconButton
            icon={row.isMuted ? 'bellOff' : 'bell'}
            size="small"
            label={row.isMuted ? `Tell of ${cluster.name} again` : `Mute ${cluster.name}`}
            active={row.isMuted}
            aria-pressed={row.isMuted}
            onClick={() => onMute(cluster.name, !row.isMuted)}
          />
        </td>
      </tr>
      {row.firing.map(({ rule, words }) => (
        <tr key={rule} className={styles.firing}>
          <td colSpan={COLUMNS}>
            <div className={styles.why}>
              <Icon name="alert" size={14} />
              <span>
                <b>{ruleTexts[rule].title}.</b> {words}
              </span>
            </div>
          </td>
        </tr>
      ))}
    </tbody>
  );
}

/** Silence has a way out. */
function Heard({ cluster, words }: { cluster: ClusterSummary; words: string }) {
  const { run, isBusy } = useCommand();
  const input = { cluster: cluster.name };
  if (cluster.remote === null || cluster.state !== 'unreachable') return words;
  return (
    <span className={styles.silent}>
      {words}
      <Button
        size="small"
        busy={isBusy('cluster.reconnect', input)}
        onClick={() => void run('cluster.reconnect', input, { failed: `${cluster.name} was not reached` })}
      >
        Try now
      </Button>
    </span>
  );
}
