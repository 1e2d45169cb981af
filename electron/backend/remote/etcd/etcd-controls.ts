import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import {
  addMember,
  compact,
  defragment,
  disarmAlarm,
  listRoles,
  listUsers,
  moveLeader,
  promoteMember,
  removeMember,
  saveSnapshot,
  type EtcdClient,
} from '../../../../engine/etcd/index.ts';
import type { EtcdAccess, EtcdAction } from '../../../contract/remote.ts';
import type { EtcdControls } from '../../clusters/driver.ts';
import { BackendError } from '../../errors.ts';
import { count } from '../../story/text.ts';
import type { EtcdKeys } from './etcd-keys.ts';
import type { EtcdModel } from './etcd-model.ts';

export interface EtcdControlsOptions {
  readonly name: string;
  readonly client: () => EtcdClient;
  readonly model: EtcdModel;
  readonly keys: EtcdKeys;
  readonly snapshotDir: string;
  readonly now: () => number;
  /** The membership may have changed. */
  readonly changed: () => void;
}

/** What can be done to an etcd cluster beyond its keys. */
export function etcdControls(options: EtcdControlsOptions): EtcdControls {
  const { client, keys } = options;
  return {
    act: async (action) => {
      try {
        return await act(action, options);
      } finally {
        options.changed();
      }
    },
    access: () => access(client()),
    keyLease: (key) => keys.lease(key),
  };
}

async function act(action: EtcdAction, options: EtcdControlsOptions): Promise<string> {
  const { model } = options;
  const client = options.client();
  const member = (node: number) => {
    const found = model.memberOf(node);
    if (found !== null) return found;
    throw new BackendError('notFound', `${options.name} has no member ${node}.`, 'It may have been removed.');
  };
  const addressed = (node: number) => {
    const { name, address } = member(node);
    if (address !== null) return { name, address };
    throw new BackendError('disconnected', `${name} has no address that can be reached from here.`);
  };
  switch (action.action) {
    case 'moveLeader': {
      if (model.leader === 0) throw new BackendError('noLeader', `${options.name} has no leader to move from.`);
      const target = member(action.node);
      await moveLeader(client, addressed(model.leader).address, target.id);
      return `${target.name} leads now.`;
    }
    case 'addMember': {
      const added = await addMember(client, [action.peerUrl], action.learner);
      const what = action.learner ? 'learner' : 'voting member';
      return `A ${what} at ${added.peerUrls.join(', ')} is expected: start it with --initial-cluster-state existing.`;
    }
    case 'promoteMember': {
      const target = member(action.node);
      await promoteMember(client, target.id);
      return `${target.name} votes now.`;
    }
    case 'removeMember': {
      const target = member(action.node);
      await removeMember(client, target.id);
      return `${target.name} is no member any more.`;
    }
    case 'compact': {
      if (action.revision > model.revision) {
        throw new BackendError(
          'invalidInput',
          `The cluster is at revision ${model.revision}.`,
          'Name a revision that it has reached.',
        );
      }
      await compact(client, action.revision);
      return `The history before revision ${count(action.revision)} is gone. Defragment members to shrink their files.`;
    }
    case 'defragment': {
      const { name, address } = addressed(action.node);
      await defragment(client, address);
      return `${name} has given its free space back to its disk.`;
    }
    case 'snapshot': {
      await mkdir(options.snapshotDir, { recursive: true, mode: 0o700 });
      const stamp = new Date(options.now()).toISOString().replace(/[:.]/g, '-');
      const file = path.join(options.snapshotDir, `${stamp}.db`);
      const { sizeBytes } = await saveSnapshot(client, file);
      return `${count(sizeBytes)} bytes saved and checked: ${file}`;
    }
    case 'disarm': {
      const target = member(action.node);
      await disarmAlarm(client, { memberId: target.id, alarm: action.alarm });
      return `The alarm of ${target.name} is off. It comes back while its reason lasts.`;
    }
  }
}

async function access(client: EtcdClient): Promise<EtcdAccess> {
  const [users, roles] = await Promise.all([listUsers(client), listRoles(client)]);
  return {
    users,
    roles: roles.map(({ name, permissions }) => ({
      name,
      permissions: permissions.map(({ type, key, rangeEnd }) => ({
        type,
        key: key.toString('base64'),
        rangeEnd: rangeEnd.toString('base64'),
      })),
    })),
  };
}
