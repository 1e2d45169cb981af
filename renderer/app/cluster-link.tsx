import { useEffect, useState, type CSSProperties } from 'react';
import { Link } from 'wouter';
import type { ClusterState, ClusterSummary, NodeState } from '../../electron/contract/model.ts';
import { Badge } from '../ui/badge.tsx';
import { cx } from '../ui/cx.ts';
import { formatAgo, formatSpan, plural } from '../ui/format.ts';
import { Icon } from '../ui/icon.tsx';
import { StatusShape } from '../ui/status-shape.tsx';
import { closeSidebarDrawer } from './layout-store.ts';
import { clusterPath } from './paths.ts';
import styles from './sidebar.module.css';

/** A cluster's state in the shapes of node states. */
export function clusterShape(state: ClusterState): NodeState {
  switch (state) {
    case 'running':
      return 'live';
    case 'starting':
    case 'degraded':
      return 'suspect';
    case 'partitioned':
      return 'partitioned';
    case 'noQuorum':
    case 'unreachable':
      return 'dead';
    case 'stopped':
      return 'stopped';
  }
}

/** The line under a cluster's name: its state in words, then how many nodes answer. */
export function clusterWords(cluster: ClusterSummary, nowMs: number): string {
  const up = `${String(cluster.nodesUp)} of ${String(cluster.nodeCount)}`;
  switch (cluster.state) {
    case 'running':
      return `running · ${up} up`;
    case 'starting':
      return `starting · ${up} up`;
    case 'degraded':
      return `degraded · ${up} up`;
    case 'partitioned':
      return `partitioned · ${up} reachable`;
    case 'noQuorum':
      return `no quorum · ${up} up`;
    case 'stopped':
      return `stopped ${formatAgo(nowMs - cluster.sinceMs)}`;
    case 'unreachable':
      return `unreachable for ${formatSpan(nowMs - cluster.sinceMs)}`;
  }
}

/** A colour of its own instead of the environment's. */
function edgeOf(cluster: ClusterSummary): CSSProperties | undefined {
  const color = cluster.remote?.color ?? null;
  return color === null ? undefined : ({ '--env-own': color } as CSSProperties);
}

const TICK_MS = 10_000;

export function ClusterLink({ cluster, active }: { cluster: ClusterSummary; active: boolean }) {
  const [now, setNow] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNow(Date.now()), TICK_MS);
    return () => clearInterval(timer);
  }, []);
  const elsewhere = cluster.owner === 'other' && cluster.state !== 'stopped' ? ' · run elsewhere' : '';
  return (
    <Link
      href={clusterPath(cluster.name)}
      className={cx(styles.cluster, active && styles.active)}
      aria-current={active ? 'true' : undefined}
      onClick={closeSidebarDrawer}
      data-environment={cluster.environment ?? (edgeOf(cluster) === undefined ? undefined : 'own')}
      style={edgeOf(cluster)}
    >
      <StatusShape state={clusterShape(cluster.state)} />
      <span className={styles.name}>{cluster.name}</span>
      {cluster.kind === 'local' ? (
        <span className={styles.tag}>{plural(cluster.nodeCount, 'node')}</span>
      ) : (
        <Badge>{cluster.kind === 'etcd' ? 'etcd' : 'PrkDB'}</Badge>
      )}
      <span className={styles.sub}>
        {cluster.environment === 'production' && <Badge tone="prod">PROD</Badge>}
        {cluster.readOnly && (
          <>
            <Icon name="lock" size={11} />
            read-only ·
          </>
        )}
        {clusterWords(cluster, now)}
        {elsewhere}
      </span>
    </Link>
  );
}
