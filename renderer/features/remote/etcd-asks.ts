import type { EtcdView } from '../../../electron/contract/model.ts';
import type { EtcdAction } from '../../../electron/contract/remote.ts';
import { formatBytes, formatCount } from '../../ui/format.ts';
import type { IconName } from '../../ui/icon.tsx';

/** Something that can be done to an etcd cluster, with what it means before it is done. */
export interface Ask {
  readonly label: string;
  readonly icon: IconName;
  readonly title: string;
  readonly text: string;
  readonly isDanger: boolean;
  readonly field?: { readonly label: string; readonly placeholder: string; readonly initial: string };
  /** Null while what is typed is not enough. */
  readonly changeOf: (typed: string) => EtcdAction | null;
}

export function clusterAsks(etcd: EtcdView): Ask[] {
  return [
    {
      label: 'Save a snapshot',
      icon: 'download',
      title: 'Save a snapshot of the database?',
      text: 'The member that answers sends its whole database. It is checked and kept in the snapshots folder of the app, for etcdutl snapshot restore.',
      isDanger: false,
      changeOf: () => ({ action: 'snapshot' }),
    },
    {
      label: 'Compact history',
      icon: 'history',
      title: 'Compact the history?',
      text: `Every version of a key that was replaced before this revision is dropped for good, on all members. The cluster is at revision ${formatCount(etcd.revision)}. Keys stay as they are.`,
      isDanger: true,
      field: { label: 'Up to revision', placeholder: '', initial: String(etcd.revision) },
      changeOf: (typed) => {
        const revision = /^\d{1,15}$/.test(typed.trim()) ? Number(typed.trim()) : 0;
        return revision >= 1 && revision <= etcd.revision ? { action: 'compact', revision } : null;
      },
    },
  ];
}

export const addMemberAsk: Ask = {
  label: 'Add a learner',
  icon: 'plus',
  title: 'Add a learner?',
  text: 'A learner receives the log and does not vote, so that it cannot harm the quorum while it catches up. Start it with --initial-cluster-state existing, then promote it.',
  isDanger: false,
  field: { label: 'Its peer address', placeholder: 'http://10.0.0.4:2380', initial: '' },
  changeOf: (typed) =>
    /^https?:\/\/[^/\s]+:\d+$/.test(typed.trim())
      ? { action: 'addMember', peerUrl: typed.trim(), learner: true }
      : null,
};

export function memberAsks(options: {
  readonly etcd: EtcdView;
  readonly member: EtcdView['members'][number];
  readonly name: string;
  readonly leads: boolean;
}): Ask[] {
  const { etcd, member, name, leads } = options;
  const { node } = member;
  const voters = etcd.members.filter((one) => !one.isLearner).length;
  const free =
    member.dbSizeBytes === null || member.dbInUseBytes === null
      ? ''
      : ` It would give back about ${formatBytes(Math.max(0, member.dbSizeBytes - member.dbInUseBytes))}.`;
  const alarm = etcd.alarms.find((one) => one.node === node);
  const asks: (Ask | null)[] = [
    leads || member.isLearner
      ? null
      : {
          label: 'Make leader',
          icon: 'swap',
          title: `Move the leadership to ${name}?`,
          text: 'The leader hands over when this member has caught up. Writes wait for a moment.',
          isDanger: false,
          changeOf: () => ({ action: 'moveLeader', node }),
        },
    member.isLearner
      ? {
          label: 'Promote',
          icon: 'users',
          title: `Promote ${name} to a voting member?`,
          text: 'From then on it counts for the quorum. etcd refuses while it is behind.',
          isDanger: false,
          changeOf: () => ({ action: 'promoteMember', node }),
        }
      : null,
    {
      label: 'Defragment',
      icon: 'disk',
      title: `Defragment ${name}?`,
      text: `It answers nothing while it rewrites its database, so do one member after another, the leader last.${free}`,
      isDanger: leads,
      changeOf: () => ({ action: 'defragment', node }),
    },
    alarm === undefined
      ? null
      : {
          label: 'Disarm alarm',
          icon: 'alert',
          title: `Disarm the alarm of ${name}?`,
          text: 'Writes are taken again. Remove its reason first, or it comes back.',
          isDanger: false,
          changeOf: () => ({ action: 'disarm', node, alarm: alarm.alarm }),
        },
    {
      label: 'Remove member',
      icon: 'trash',
      title: `Remove ${name} from the cluster?`,
      text: member.isLearner
        ? 'It receives nothing any more and has to be added anew to come back.'
        : `${voters - 1} voting members stay, of which ${Math.floor((voters - 1) / 2) + 1} are needed. Its process must be started anew with an empty directory to come back.`,
      isDanger: true,
      field: { label: `Type ${name} to remove it`, placeholder: '', initial: '' },
      changeOf: (typed) => (typed === name ? { action: 'removeMember', node } : null),
    },
  ];
  return asks.filter((ask) => ask !== null);
}
