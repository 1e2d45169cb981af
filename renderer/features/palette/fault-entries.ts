import type { ClusterView } from '../../../electron/contract/model.ts';
import { formatList } from '../../ui/format.ts';
import { faultText } from '../faults/fault-text.ts';
import { hasFaults } from '../faults/has-faults.ts';
import type { FaultPreset } from '../faults/use-fault-lab.ts';
import type { Fact, PaletteAction } from './action.ts';

/** One entry that ends every fault of links and disks, while there are any. */
export function healEntries(view: ClusterView): PaletteAction[] {
  if (!hasFaults(view)) return [];
  const cut = view.nodes.filter((node) => node.links.some((link) => link.cut));
  const cutOff = view.nodes.filter((node) => node.state === 'partitioned');
  const names = formatList((cutOff.length > 0 ? cutOff : cut).map((node) => node.name));
  const onNow = view.faults.map(faultText);
  const links =
    names === ''
      ? 'Ends every delay and loss on links and disks.'
      : `Restores every link of ${names}. What was cut off hears from its leaders again and catches up by itself; writes that only it had taken and nobody acknowledged are dropped.`;
  const facts: Fact[] = [
    ...(onNow.length > 0 ? [{ label: 'On now', value: onNow.join(', ') }] : []),
    { label: 'Paused nodes', value: 'stay paused' },
  ];
  return [
    {
      id: `${view.summary.name}/heal`,
      group: 'Repairs',
      icon: 'heal',
      label: 'Heal all',
      hint: names === '' ? 'links and disks' : `links of ${names}`,
      keywords: 'undo join reconnect network partition links node fault delay loss disk end',
      preview: () => ({ title: 'Heal all', text: links, facts }),
      run: (desk) =>
        desk.command('cluster.heal', { cluster: view.summary.name }, { failed: 'The faults could not be ended' }),
    },
  ];
}

const lab = [
  {
    fault: 'cut',
    icon: 'isolate',
    label: 'Cut a link…',
    hint: 'one way or both',
    keywords: 'partition network disconnect asymmetric one direction',
    text: 'Opens the fault lab: choose two nodes, one direction or both, and when the link is whole again by itself.',
  },
  {
    fault: 'slow',
    icon: 'wave',
    label: 'Delay or lose messages…',
    hint: 'on one link',
    keywords: 'latency slow drop packets network loss flaky',
    text: 'Opens the fault lab: choose a link, how late its messages arrive, and what share of them is lost.',
  },
  {
    fault: 'disk',
    icon: 'disk',
    label: 'Slow a disk…',
    hint: 'of one node',
    keywords: 'fsync latency storage io delay',
    text: 'Opens the fault lab: choose a node and how much longer each write to its Raft log takes.',
  },
] as const;

/** Faults that need to be told more of. */
export function faultLabEntries(view: ClusterView): PaletteAction[] {
  const hasLinks = view.nodes.length > 1;
  return lab
    .filter(({ fault }) => hasLinks || fault === 'disk')
    .map(({ fault, text, ...looks }): PaletteAction => ({
      ...looks,
      id: `${view.summary.name}/lab/${fault}`,
      group: 'Faults',
      keywords: `fault lab ${looks.keywords}`,
      preview: () => ({
        title: looks.label.replace('…', ''),
        text,
        facts: [{ label: 'Undo', value: 'Heal all' }],
      }),
      run: (desk) => desk.faultLab({ fault } satisfies FaultPreset),
    }));
}
