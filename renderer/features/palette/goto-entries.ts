import type { ClusterView } from '../../../electron/contract/model.ts';
import { clusterWords } from '../../app/cluster-link.tsx';
import { clusterPath } from '../../app/paths.ts';
import { plural } from '../../ui/format.ts';
import type { Fact, PaletteAction, Scene } from './action.ts';

const means: Readonly<Record<string, string>> = {
  '': 'The cluster at a glance: nodes, roles, charts, and what happened.',
  raft: 'Terms, votes, elections and logs of one partition, step by step.',
  keys: 'Find, read, write and delete keys.',
  events: 'All that happened, newest first; filter it, copy it, save it.',
  drills: 'Break the cluster on purpose, measure what clients felt, keep the report.',
  logs: 'What each node writes to its log, as it grows.',
};

/** The tabs of the cluster in sight. */
export function screenEntries(view: ClusterView, scene: Scene): PaletteAction[] {
  return scene.screens.map(({ path, label, key }) => ({
    id: `${view.summary.name}/go/${path}`,
    group: 'Go to',
    icon: 'table',
    label: `Go to ${label.toLowerCase()}`,
    hint: '',
    keywords: 'open show tab screen view',
    keys: ['G', key.toUpperCase()],
    preview: () => ({ title: label, text: means[path] ?? `The ${label.toLowerCase()} of ${view.summary.name}.` }),
    run: (desk) => desk.navigate(clusterPath(view.summary.name, path)),
  }));
}

/** Each partition: its inspector where there is one, and what happened to it. */
export function partitionEntries(view: ClusterView, scene: Scene): PaletteAction[] {
  const { name } = view.summary;
  const has = (path: string) => scene.screens.some((screen) => screen.path === path);
  return view.partitions.flatMap((one): PaletteAction[] => {
    const p = `p${one.partition}`;
    const leader = view.nodes.find((node) => node.id === one.leader)?.name ?? 'none';
    const facts: Fact[] = [
      {
        label: 'Leader',
        value: leader === 'none' ? 'none' : '',
        ...(leader === 'none' ? {} : { led: [{ name: leader, term: one.term }] }),
      },
      { label: 'Term', value: String(one.term) },
      {
        label: 'Replicas',
        value: view.nodes
          .filter((node) => one.replicas.includes(node.id))
          .map((node) => (node.state === 'live' ? node.name : `${node.name} (${node.state})`))
          .join(', '),
      },
      { label: 'Committed', value: `up to entry ${one.commitIndex}` },
    ];
    const common = {
      group: 'Go to',
      hint: `term ${one.term}, leader ${leader}`,
      keywords: `partition ${one.partition}`,
      partition: one.partition,
      onlySearched: true,
    } as const;
    const inspector: PaletteAction = {
      ...common,
      id: `${name}/raft/${one.partition}`,
      icon: 'cluster',
      label: `Raft inspector: ${p}`,
      preview: () => ({ title: `Raft inspector: ${p}`, text: 'Its terms, votes and logs, step by step.', facts }),
      run: (desk) => desk.navigate(clusterPath(name, `raft/${one.partition}`)),
    };
    const events: PaletteAction = {
      ...common,
      id: `${name}/events/${one.partition}`,
      icon: 'history',
      label: `Events of ${p}`,
      preview: () => ({ title: `Events of ${p}`, text: `Who led ${p}, who stood, who won, newest first.`, facts }),
      run: (desk) => desk.navigate(`${clusterPath(name, 'events')}?partition=${one.partition}`),
    };
    return [...(has('raft') ? [inspector] : []), ...(has('events') ? [events] : [])];
  });
}

/** What one node did and wrote. */
export function nodeScreenEntries(view: ClusterView): PaletteAction[] {
  const { name } = view.summary;
  return view.nodes.flatMap((node): PaletteAction[] => {
    const common = { group: 'Go to', hint: node.state, keywords: 'node open show', onlySearched: true } as const;
    return [
      {
        ...common,
        id: `${name}/logs/${node.id}`,
        icon: 'logs',
        label: `Log of ${node.name}`,
        preview: () => ({ title: `Log of ${node.name}`, text: 'The end of its log, followed as it grows.' }),
        run: (desk) => desk.navigate(`${clusterPath(name, 'logs')}?node=${node.id}`),
      },
      {
        ...common,
        id: `${name}/events-of/${node.id}`,
        icon: 'history',
        label: `Events of ${node.name}`,
        preview: () => ({
          title: `Events of ${node.name}`,
          text: 'What happened to it and what it did, newest first.',
        }),
        run: (desk) => desk.navigate(`${clusterPath(name, 'events')}?node=${node.id}`),
      },
    ];
  });
}

/** The other clusters. `keysOf` names the digits' shortcut of each place in the sidebar. */
export function clusterEntries(scene: Scene, keysOf: (place: number) => readonly string[]): PaletteAction[] {
  return scene.clusters.flatMap((cluster, place): PaletteAction[] => {
    if (cluster.name === scene.view?.summary.name) return [];
    const words = clusterWords(cluster, scene.nowMs);
    return [
      {
        id: `cluster/${cluster.name}`,
        group: 'Go to',
        icon: cluster.readOnly ? 'lock' : 'cluster',
        label: cluster.name,
        hint: [cluster.environment === 'production' ? 'PROD' : '', words].filter((word) => word !== '').join(', '),
        keywords: `cluster switch open ${cluster.kind}`,
        ...(place < 9 ? { keys: keysOf(place) } : {}),
        preview: () => ({
          title: cluster.name,
          text: `Shows this cluster: ${words.replace(' ·', ',')}.`,
          facts: [
            { label: 'Nodes', value: String(cluster.nodeCount) },
            {
              label: 'Partitions',
              value: `${cluster.partitionCount}, ${cluster.partitionCount === 1 ? 'in' : 'each in'} ${plural(cluster.replicationFactor, 'copy', 'copies')}`,
            },
          ],
        }),
        run: (desk) => desk.navigate(clusterPath(cluster.name)),
      },
    ];
  });
}
