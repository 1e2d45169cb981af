import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { ClusterView, EtcdView } from '../../../electron/contract/model.ts';
import type { EtcdAction } from '../../../electron/contract/remote.ts';
import { useApi } from '../../api/context.tsx';
import { useView } from '../../api/use-cluster-live.tsx';
import { Badge, TermTag } from '../../ui/badge.tsx';
import { Button, IconButton } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { ErrorNote } from '../../ui/error-note.tsx';
import { formatBytes, formatCount, formatMs } from '../../ui/format.ts';
import { Menu, type MenuItem } from '../../ui/menu.tsx';
import { Panel } from '../../ui/panel.tsx';
import { RoleGlyph } from '../../ui/role-glyph.tsx';
import { StatusShape, StatusWord } from '../../ui/status-shape.tsx';
import { TextField } from '../../ui/text-field.tsx';
import { showToast } from '../../ui/toast.tsx';
import { AccessDialog } from './access-dialog.tsx';
import { addMemberAsk, clusterAsks, memberAsks, type Ask } from './etcd-asks.ts';
import styles from './etcd-members.module.css';
import footer from './footer.module.css';

type Member = EtcdView['members'][number];

/** The members of an etcd cluster with their figures, and what can be done to them. */
export function EtcdMembers({ cluster, mayWrite }: { cluster: string; mayWrite: boolean }) {
  const view = useView((whole) => whole);
  const [ask, setAsk] = useState<Ask | null>(null);
  const [showsAccess, setShowsAccess] = useState(false);
  const { etcd } = view;
  if (etcd === null) return null;
  return (
    <Panel
      title="Members"
      hint={`cluster ${etcd.clusterId} · revision ${formatCount(etcd.revision)}`}
      actions={
        <>
          <Button size="small" icon="users" onClick={() => setShowsAccess(true)}>
            Users and roles
          </Button>
          {mayWrite && (
            <Menu
              label="Cluster maintenance"
              trigger={
                <Button size="small" trailingIcon="chevronDown">
                  Maintain
                </Button>
              }
              items={[...clusterAsks(etcd).map((one) => itemOf(one, setAsk)), itemOf(addMemberAsk, setAsk)]}
            />
          )}
        </>
      }
    >
      {etcd.alarms.map(({ node, alarm }) => (
        <p key={`${node}${alarm}`} className={styles.alarm} role="alert">
          <b>{nameOf(view, node)}</b>{' '}
          {alarm === 'noSpace'
            ? 'raised NOSPACE: the database is full and etcd takes no writes. Compact, defragment, then disarm.'
            : 'raised CORRUPT: its data differs from the others. Take it out and have it built anew.'}
        </p>
      ))}
      <div className={styles.scroll}>
        <table className={styles.table}>
          <thead>
            <tr>
              <th scope="col">Member</th>
              <th scope="col">Role</th>
              <th scope="col">Term</th>
              <th scope="col">Raft index</th>
              <th scope="col">Applied</th>
              <th scope="col">Database</th>
              <th scope="col">Version</th>
              <th scope="col">WAL fsync</th>
              <th scope="col">Pending</th>
              <th scope="col">Leaders seen</th>
              {mayWrite && (
                <th scope="col">
                  <span className="sr-only">Actions</span>
                </th>
              )}
            </tr>
          </thead>
          <tbody>
            {etcd.members.map((member) => (
              <MemberRow key={member.id} view={view} etcd={etcd} member={member} mayWrite={mayWrite} onAsk={setAsk} />
            ))}
          </tbody>
        </table>
      </div>
      {showsAccess && <AccessDialog cluster={cluster} onClose={() => setShowsAccess(false)} />}
      {ask !== null && <AskDialog cluster={cluster} ask={ask} onClose={() => setAsk(null)} />}
    </Panel>
  );
}

function MemberRow({
  view,
  etcd,
  member,
  mayWrite,
  onAsk,
}: {
  view: ClusterView;
  etcd: EtcdView;
  member: Member;
  mayWrite: boolean;
  onAsk: (ask: Ask) => void;
}) {
  const node = view.nodes.find((one) => one.id === member.node);
  const replica = node?.replicas[0];
  if (node === undefined) return null;
  const isLive = node.state === 'live';
  const leads = view.partitions[0]?.leader === member.node;
  const figure = (value: number | null | undefined) =>
    value === null || value === undefined ? '–' : formatCount(value);
  const { metrics } = member;
  const fsyncMs = metrics?.walFsyncMeanMs ?? null;
  const commitMs = metrics?.backendCommitMeanMs ?? null;
  const failed = metrics?.proposalsFailed ?? 0;
  return (
    <>
      <tr data-silent={!isLive || undefined} aria-label={`Member ${node.name}`}>
        <th scope="row">
          <span className={styles.name}>
            <StatusShape state={node.state} />
            {node.name}
            {!isLive && <StatusWord state={node.state} />}
          </span>
        </th>
        <td>
          <span className={styles.role}>
            <RoleGlyph
              role={leads ? 'L' : member.isLearner ? 'N' : 'F'}
              term={leads ? replica?.term : undefined}
              size={16}
            />
            {leads ? 'leader' : member.isLearner ? 'learner' : 'follower'}
          </span>
        </td>
        <td>{replica === undefined ? '–' : <TermTag term={replica.term} />}</td>
        <td>{figure(replica?.lastLogIndex)}</td>
        <td>{figure(replica?.appliedIndex)}</td>
        <td>
          {member.dbSizeBytes === null ? '–' : formatBytes(member.dbSizeBytes)}
          {member.dbInUseBytes !== null && (
            <span className={styles.dim}> {formatBytes(member.dbInUseBytes)} in use</span>
          )}
        </td>
        <td>{member.version ?? '–'}</td>
        <td>
          {fsyncMs === null ? '–' : formatMs(fsyncMs)}
          {commitMs !== null && <span className={styles.dim}> {formatMs(commitMs)} commit</span>}
        </td>
        <td>
          {figure(metrics?.proposalsPending)}
          {failed > 0 && <span className={styles.dim}> {formatCount(failed)} failed</span>}
        </td>
        <td>{figure(metrics?.leaderChanges)}</td>
        {mayWrite && (
          <td>
            <Menu
              label={`More for ${node.name}`}
              trigger={<IconButton icon="more" size="small" label={`More for ${node.name}`} />}
              items={memberAsks({ etcd, member, name: node.name, leads }).map((one) => itemOf(one, onAsk))}
            />
          </td>
        )}
      </tr>
      {member.problem !== null && (
        <tr>
          <td colSpan={mayWrite ? 11 : 10} className={styles.problem}>
            {member.problem}
          </td>
        </tr>
      )}
      {member.errors.map((error) => (
        <tr key={error}>
          <td colSpan={mayWrite ? 11 : 10} className={styles.problem}>
            <Badge tone="warn">{node.name}</Badge> {error}
          </td>
        </tr>
      ))}
    </>
  );
}

function itemOf(ask: Ask, onAsk: (ask: Ask) => void): MenuItem {
  return {
    label: `${ask.label}${ask.label.endsWith('…') ? '' : '…'}`,
    icon: ask.icon,
    danger: ask.isDanger,
    onSelect: () => onAsk(ask),
  };
}

function nameOf(view: ClusterView, node: number): string {
  return view.nodes.find((one) => one.id === node)?.name ?? `member ${node}`;
}

/** What will happen, and what is typed for it. */
function AskDialog({ cluster, ask, onClose }: { cluster: string; ask: Ask; onClose: () => void }) {
  const api = useApi();
  const [typed, setTyped] = useState(ask.field?.initial ?? '');
  const act = useMutation({
    mutationFn: (change: EtcdAction) => api.command('etcd.act', { cluster, change }),
    onSuccess: ({ words }) => {
      showToast({ tone: 'done', title: words });
      onClose();
    },
  });
  const change = ask.changeOf(typed);
  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      title={ask.title}
      footer={
        <>
          <span className={footer.grow} />
          <Button onClick={onClose}>Cancel</Button>
          <Button
            variant={ask.isDanger ? 'danger' : 'primary'}
            disabled={change === null}
            busy={act.isPending}
            onClick={() => {
              if (change !== null) act.mutate(change);
            }}
          >
            {ask.label}
          </Button>
        </>
      }
    >
      <p className={styles.text}>{ask.text}</p>
      {ask.field !== undefined && (
        <TextField
          label={ask.field.label}
          mono
          autoFocus
          placeholder={ask.field.placeholder}
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      )}
      {act.error !== null && <ErrorNote title="It was not done." error={act.error} />}
    </Dialog>
  );
}
