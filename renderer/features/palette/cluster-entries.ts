import type { ClusterSummary, ClusterView, NodeView } from '../../../electron/contract/model.ts';
import { clusterPath } from '../../app/paths.ts';
import { formatCount, plural } from '../../ui/format.ts';
import { mayRun } from '../clusters/may-run.ts';
import { wipeWords } from '../clusters/wipe-words.ts';
import { loadMix, loadOffers } from '../overview/load-offers.ts';
import type { Fact, PaletteAction, Scene } from './action.ts';

/** Start, stop and delete, of every local cluster; those out of sight only when searched for. */
export function lifeEntries(scene: Scene): PaletteAction[] {
  return scene.clusters.filter(mayRun).flatMap((cluster) => {
    const { name } = cluster;
    const common = { group: 'Cluster' as const, onlySearched: scene.view?.summary.name !== name };
    const stopped = cluster.state === 'stopped';
    const missing = missingNodes(cluster, scene.view);
    const startLabel = stopped ? `Start ${name}` : `Start the missing ${missing === 1 ? 'node' : 'nodes'} of ${name}`;
    const start: PaletteAction = {
      ...common,
      group: stopped ? 'Cluster' : 'Repairs',
      id: `${name}/start`,
      icon: 'play',
      label: startLabel,
      hint: stopped ? plural(cluster.nodeCount, 'node') : `${missing} of ${plural(cluster.nodeCount, 'node')}`,
      keywords: 'cluster run launch resume all',
      preview: () => ({
        title: startLabel,
        text: stopped
          ? startText(cluster)
          : `Starts ${missing === 1 ? 'the node' : 'the nodes'} whose process is gone. Paused nodes stay paused.`,
      }),
      run: (desk) => desk.command('cluster.start', { cluster: name }, { failed: `${name} could not be started` }),
    };
    const stop: PaletteAction = {
      ...common,
      id: `${name}/stop`,
      icon: 'stop',
      label: `Stop ${name}…`,
      hint: 'keeps the data',
      keywords: 'cluster end shut down quit all',
      preview: () => ({
        title: `Stop ${name}`,
        text: `Asks first. ${plural(cluster.nodesUp, 'node')} will stop, and clients are refused until you start it again. All data stays.`,
        facts: [{ label: 'Undo', value: `Start ${name}` }],
      }),
      run: (desk) => desk.ask('stop', cluster),
    };
    const duplicate: PaletteAction = {
      ...common,
      id: `${name}/duplicate`,
      icon: 'copy',
      label: `Duplicate ${name}…`,
      hint: 'its shape, not its data',
      keywords: 'cluster copy clone like template',
      onlySearched: true,
      preview: () => ({
        title: `Duplicate ${name}`,
        text: 'Opens the sheet for a new cluster, filled in with this one’s nodes, partitions and copies. Nothing starts before you say so.',
      }),
      run: (desk) =>
        desk.navigate(`${clusterPath(name)}?${new URLSearchParams({ dialog: 'new', like: name }).toString()}`),
    };
    const rename: PaletteAction = {
      ...common,
      id: `${name}/rename`,
      icon: 'edit',
      label: `Rename ${name}…`,
      hint: '',
      keywords: 'cluster name title call',
      onlySearched: true,
      preview: () => ({
        title: `Rename ${name}`,
        text: `Asks for the new name. ${stopped ? '' : 'Its nodes are stopped in order and started again. '}Its keys, ports and events stay.`,
        facts: [{ label: 'Undo', value: 'Rename it back' }],
      }),
      run: (desk) => desk.ask('rename', cluster),
    };
    const remove: PaletteAction = {
      ...common,
      id: `${name}/delete`,
      icon: 'trash',
      label: `Delete ${name}…`,
      hint: 'and its data',
      keywords: 'cluster remove destroy erase wipe',
      preview: () => ({
        title: `Delete ${name}`,
        text: `Asks first. Every key of its ${plural(cluster.partitionCount, 'partition')} is deleted${cluster.dataDir === null ? '' : ` from ${cluster.dataDir}`}. This cannot be undone.`,
      }),
      run: (desk) => desk.ask('remove', cluster),
    };
    return [...(stopped || missing > 0 ? [start] : []), ...(stopped ? [] : [stop]), duplicate, rename, remove];
  });
}

/** Nodes whose process is gone; of a cluster out of sight, those that are not up. */
function missingNodes(cluster: ClusterSummary, view: ClusterView | null): number {
  if (view?.summary.name !== cluster.name) return cluster.nodeCount - cluster.nodesUp;
  return view.nodes.filter((node) => node.state === 'dead' || node.state === 'stopped').length;
}

function startText({ nodeCount, partitionCount }: ClusterSummary): string {
  const nodes = nodeCount === 1 ? 'its node on the data it has' : `its ${nodeCount} nodes on the data they have`;
  const each = partitionCount === 1 ? 'Its partition' : `Each of its ${partitionCount} partitions`;
  return `Starts ${nodes}. ${each} elects a leader before it takes reads and writes.`;
}

/** Clients that write and read, so that there is something to see. */
export function loadEntries(view: ClusterView): PaletteAction[] {
  const { name, state } = view.summary;
  if (state === 'stopped') return [];
  const { load } = view;
  const offers = loadOffers.map(({ clients, readPercent }): PaletteAction => {
    const label = `Start load: ${plural(clients, 'client')}, ${loadMix(readPercent)}`;
    return {
      id: `${name}/load/${clients}/${readPercent}`,
      group: 'Cluster',
      icon: 'users',
      label,
      hint: `${readPercent} % reads`,
      keywords: 'traffic benchmark generate writes reads clients run',
      onlySearched: load !== null,
      preview: () => ({
        title: label,
        text: `${plural(clients, 'client')} send requests one after another until you stop them: ${readPercent} % reads, the rest writes. The charts show what they feel.`,
        facts: [
          ...(load === null
            ? []
            : [{ label: 'Replaces', value: `${plural(load.clients, 'client')}, ${loadMix(load.readPercent)}` }]),
          { label: 'Undo', value: 'Stop load' },
        ],
      }),
      run: (desk) =>
        desk.command(
          'load.start',
          { cluster: name, clients, readPercent },
          { failed: 'The load could not be started' },
        ),
    };
  });
  if (load === null) return offers;
  const stop: PaletteAction = {
    id: `${name}/load/stop`,
    group: 'Cluster',
    icon: 'stop',
    label: 'Stop load',
    hint: `${plural(load.clients, 'client')}, ${loadMix(load.readPercent)}`,
    keywords: 'traffic benchmark clients end',
    preview: () => ({
      title: 'Stop load',
      text: 'The clients end after the request they are at. What they wrote stays.',
      facts: [
        { label: 'Acknowledged', value: formatCount(load.acknowledged) },
        { label: 'Retried', value: formatCount(load.retried) },
        { label: 'Failed', value: formatCount(load.failed) },
      ],
    }),
    run: (desk) => desk.command('load.stop', { cluster: name }, { failed: 'The load could not be stopped' }),
  };
  return [stop, ...offers];
}

/** Growing and shrinking the cluster in sight. */
export function memberEntries(view: ClusterView): PaletteAction[] {
  const { name } = view.summary;
  const wipe = view.nodes.map((node): PaletteAction => {
    const label = `Wipe data of ${node.name}…`;
    return {
      id: `${name}/wipe-node/${node.id}`,
      group: 'Cluster',
      icon: 'trash',
      label,
      hint: 'an empty node takes its place',
      keywords: 'disk lost erase delete reset replace member node',
      onlySearched: true,
      preview: () => ({ title: label.replace('…', ''), text: `Asks first. ${wipeWords(view, node).join(' ')}` }),
      run: (desk) => desk.wipeNode(node),
    };
  });
  const remove = view.nodes.map((node): PaletteAction => {
    const label = `Remove ${node.name} from the cluster…`;
    return {
      id: `${name}/remove-node/${node.id}`,
      group: 'Cluster',
      icon: 'trash',
      label,
      hint: 'for good',
      keywords: 'member shrink leave decommission delete wipe data node',
      onlySearched: true,
      preview: () => ({
        title: label.replace('…', ''),
        text: `Asks first. What ${node.name} holds goes to the others, then its process ends. Its data can be deleted with it.`,
      }),
      run: (desk) => desk.removeNode(node),
    };
  });
  return [
    {
      id: `${name}/add-node`,
      group: 'Cluster',
      icon: 'plus',
      label: 'Add a node',
      hint: `to ${plural(view.nodes.length, 'node')}`,
      keywords: 'member grow join scale out learner',
      preview: () => ({
        title: 'Add a node',
        text: 'Starts one more process. It joins, gets copies as a learner first, then votes, and takes its share of the partitions and of their leaders.',
        facts: [{ label: 'Undo', value: 'Remove it from the cluster' }],
      }),
      run: (desk) => desk.addNode(name),
    },
    ...wipe,
    ...remove,
  ];
}

const clientUrl = (node: NodeView): string => `http://${node.host}:${node.clientPort}`;

/** Addresses that other programs need. */
export function addressEntries(view: ClusterView): PaletteAction[] {
  const { name } = view.summary;
  const ports = view.nodes.map((node) => node.clientPort).join(', ');
  const all = view.nodes.map((node) => ({ label: node.name, value: clientUrl(node) }));
  const copied = (
    id: string,
    label: string,
    hint: string,
    facts: readonly Fact[],
    onlySearched: boolean,
  ): PaletteAction => ({
    id: `${name}/copy/${id}`,
    group: 'Cluster',
    icon: 'copy',
    label,
    hint,
    keywords: 'clipboard port url endpoint connect host',
    onlySearched,
    preview: () => ({
      title: label,
      text: `Puts ${facts.length === 1 ? 'this' : 'these'} on the clipboard${facts.length === 1 ? '' : ', with commas between'}:`,
      facts,
    }),
    run: (desk) => desk.copy(facts.map(({ value }) => value).join(','), `${label.replace('Copy ', '')} copied.`),
  });
  return [
    copied('clients', 'Copy client addresses', ports, all, false),
    ...view.nodes.flatMap((node) => [
      copied(
        `client/${node.id}`,
        `Copy address of ${node.name}`,
        `:${node.clientPort}`,
        [{ label: 'Address', value: clientUrl(node) }],
        true,
      ),
      copied(
        `metrics/${node.id}`,
        `Copy metrics address of ${node.name}`,
        'Prometheus',
        [{ label: 'Address', value: node.metricsUrl }],
        true,
      ),
    ]),
  ];
}
