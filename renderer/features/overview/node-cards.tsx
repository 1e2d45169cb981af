import { useState } from 'react';
import { useClusterNow, useView } from '../../api/use-cluster-live.tsx';
import { clusterPath } from '../../app/paths.ts';
import { useShortcuts } from '../../app/shortcuts.ts';
import type { NodeView, PartitionView } from '../../../electron/contract/model.ts';
import { isNewLeader } from './matrix-cells.ts';
import { actionForKey } from './node-action-rules.ts';
import type { NodeActions } from './node-actions.ts';
import { NodeCard } from './node-card.tsx';
import styles from './overview.module.css';

/** Counted only over partitions whose leader counts, so that an isolated node leads nothing. */
function rolesOf(node: NodeView, partitions: readonly PartitionView[], nowMs: number) {
  const led = partitions.filter((partition) => partition.leader === node.id);
  const count = (...roles: string[]) => node.replicas.filter((replica) => roles.includes(replica.role)).length;
  return {
    leads: led.length,
    follows: count('follower'),
    stands: count('candidate', 'preCandidate'),
    learns: count('learner'),
    gained: led.filter((partition) => isNewLeader(partition, nowMs)).length,
  };
}

export function NodeCards({
  cluster,
  actions,
  handOver,
}: {
  cluster: string;
  /** Null where nothing may be broken. */
  actions: NodeActions | null;
  /** Null where leaders may not be moved. */
  handOver: NodeActions['handOver'] | null;
}) {
  const nodes = useView((view) => view.nodes);
  const partitions = useView((view) => view.partitions);
  const now = useClusterNow(1_000);
  const [selected, setSelected] = useState<number | null>(null);
  const chosen = nodes.find((node) => node.id === selected);

  const act = (key: 'x' | 'p' | 'r' | 'i') => () => {
    if (chosen === undefined || actions === null) return;
    const action = actionForKey(key, chosen.state);
    if (action !== null && !actions.isBusy(action, chosen)) actions.run(action, chosen);
  };
  useShortcuts({
    ...Object.fromEntries(nodes.slice(0, 9).map((node, i) => [String(i + 1), () => setSelected(node.id)])),
    ...(chosen === undefined
      ? {}
      : { escape: () => setSelected(null), x: act('x'), p: act('p'), r: act('r'), i: act('i') }),
  });

  return (
    <section className={styles.nodes} aria-label="Nodes">
      {nodes.map((node) => (
        <NodeCard
          key={node.id}
          node={node}
          {...rolesOf(node, partitions, now)}
          actions={actions}
          handOver={handOver}
          selected={node.id === selected}
          logsHref={`${clusterPath(cluster, 'logs')}?node=${node.id}`}
          raftHref={clusterPath(cluster, 'raft')}
        />
      ))}
    </section>
  );
}
