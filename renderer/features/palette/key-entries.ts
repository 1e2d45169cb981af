import type { ClusterView, KeyMeta } from '../../../electron/contract/model.ts';
import { clusterPath } from '../../app/paths.ts';
import { formatAgo, formatBytesOrDash, formatCount } from '../../ui/format.ts';
import { fromBase64 } from '../keys/bytes.ts';
import { escapeKey } from '../keys/key-text.ts';
import type { PaletteAction } from './action.ts';
import type { RankedAction } from './rank.ts';

/** A key that was found by the prefix typed. */
export function keyEntry(view: ClusterView, meta: KeyMeta, prefix: string): RankedAction {
  const { name } = view.summary;
  const key = escapeKey(fromBase64(meta.key));
  const partition = view.partitions.find((one) => one.partition === meta.partition);
  const leader = view.nodes.find((node) => node.id === partition?.leader);
  const action: PaletteAction = {
    id: `${name}/key/${meta.key}`,
    group: 'Keys',
    icon: 'key',
    label: key,
    hint: `p${meta.partition}`,
    keywords: '',
    preview: () => ({
      title: key,
      isKey: true,
      text: 'Opens the key in the key browser.',
      facts: [
        { label: 'Partition', value: `p${meta.partition}` },
        {
          label: 'Leader',
          value: leader === undefined ? 'none' : '',
          ...(leader === undefined ? {} : { led: [{ name: leader.name, term: partition?.term ?? 0 }] }),
        },
        { label: 'Size', value: formatBytesOrDash(meta.valueSizeBytes) },
        { label: 'Revision', value: formatCount(meta.revision) },
        ...(meta.updatedAtMs === null ? [] : [{ label: 'Changed', value: formatAgo(view.timeMs - meta.updatedAtMs) }]),
      ],
    }),
    run: (desk) => desk.navigate(`${clusterPath(name, 'keys')}?${new URLSearchParams({ key }).toString()}`),
  };
  return { action, marks: key.startsWith(prefix) && prefix !== '' ? [0, prefix.length] : [] };
}

/** Every key that begins so, in the key browser. */
export function prefixEntry(view: ClusterView, prefix: string): RankedAction {
  const { name } = view.summary;
  const action: PaletteAction = {
    id: `${name}/keys/${prefix}`,
    group: 'Keys',
    icon: 'search',
    label: 'Go to keys…',
    hint: prefix === '' ? 'all of them' : `starts with “${prefix}”`,
    keywords: '',
    keys: ['G', 'K'],
    preview: () => ({
      title: prefix === '' ? 'All keys' : `Keys that start with “${prefix}”`,
      text: 'Lists them in the key browser.',
    }),
    run: (desk) => {
      const params = new URLSearchParams(prefix === '' ? {} : { prefix }).toString();
      desk.navigate(clusterPath(name, 'keys') + (params === '' ? '' : `?${params}`));
    },
  };
  return { action, marks: [] };
}
