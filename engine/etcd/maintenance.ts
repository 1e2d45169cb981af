import { createHash } from 'node:crypto';
import { open, rename, rm } from 'node:fs/promises';
import type { EtcdClient } from './client.ts';
import { EtcdError, toEtcdError } from './errors.ts';
import { alarmNames, type WireMember } from './messages.ts';
import type { EtcdAlarm, EtcdMember, EtcdPermission } from './types.ts';

const GET = 0;
const DEACTIVATE = 2;
/** Elections and file work take longer than a key. */
const CHANGE_TIMEOUT_MS = 10_000;
const DEFRAGMENT_TIMEOUT_MS = 120_000;
const HASH_BYTES = 32;

export async function listMembers(client: EtcdClient, timeoutMs?: number): Promise<EtcdMember[]> {
  const options = timeoutMs === undefined ? {} : { timeoutMs };
  const response = await client.call<{ members: WireMember[] }>('Cluster', 'MemberList', {}, options);
  return response.members.map(toMember);
}

export async function listAlarms(client: EtcdClient, timeoutMs?: number): Promise<EtcdAlarm[]> {
  const response = await client.call<{ alarms: { memberID: string; alarm: number }[] }>(
    'Maintenance',
    'Alarm',
    { action: GET },
    timeoutMs === undefined ? {} : { timeoutMs },
  );
  return response.alarms.flatMap(({ memberID, alarm }) => {
    const name = alarmNames[alarm];
    return name === undefined || name === 'none' ? [] : [{ memberId: memberID, alarm: name }];
  });
}

export async function disarmAlarm(client: EtcdClient, { memberId, alarm }: EtcdAlarm): Promise<void> {
  const request = { action: DEACTIVATE, memberID: memberId, alarm: alarmNames.indexOf(alarm) };
  await client.call('Maintenance', 'Alarm', request, { writes: true });
}

/** Only the leader takes this, so its address is named. */
export async function moveLeader(client: EtcdClient, leaderAddress: string, targetId: string): Promise<void> {
  const options = { writes: true, timeoutMs: CHANGE_TIMEOUT_MS };
  await client.callAt(leaderAddress, 'Maintenance', 'MoveLeader', { targetID: targetId }, options);
}

/** As a learner it does not vote until it is promoted. */
export async function addMember(
  client: EtcdClient,
  peerUrls: readonly string[],
  learner: boolean,
): Promise<EtcdMember> {
  const response = await client.call<{ member: WireMember | null }>(
    'Cluster',
    'MemberAdd',
    { peerURLs: peerUrls, isLearner: learner },
    { writes: true, timeoutMs: CHANGE_TIMEOUT_MS },
  );
  if (response.member === null) throw new EtcdError('refused', 'etcd did not say which member it added.');
  return toMember(response.member);
}

export async function promoteMember(client: EtcdClient, id: string): Promise<void> {
  await client.call('Cluster', 'MemberPromote', { ID: id }, { writes: true, timeoutMs: CHANGE_TIMEOUT_MS });
}

export async function removeMember(client: EtcdClient, id: string): Promise<void> {
  await client.call('Cluster', 'MemberRemove', { ID: id }, { writes: true, timeoutMs: CHANGE_TIMEOUT_MS });
}

/** Drops the history before a revision, for good. */
export async function compact(client: EtcdClient, revision: number): Promise<void> {
  const request = { revision: String(revision), physical: true };
  await client.call('KV', 'Compact', request, { writes: true, timeoutMs: DEFRAGMENT_TIMEOUT_MS });
}

/** Gives free pages of one member's database back to its disk. That member answers nothing meanwhile. */
export async function defragment(client: EtcdClient, address: string): Promise<void> {
  const options = { writes: true, timeoutMs: DEFRAGMENT_TIMEOUT_MS };
  await client.callAt(address, 'Maintenance', 'Defragment', {}, options);
}

/**
 * Writes the database of the member that answers into a new file, readable by its owner only,
 * and checks it against the sum that etcd sends at its end. A broken one is not left behind.
 */
export async function saveSnapshot(client: EtcdClient, file: string): Promise<{ readonly sizeBytes: number }> {
  const connection = await client.connection();
  const stream = await connection.serverStream<{ blob: Buffer }>('Maintenance', 'Snapshot', {}, CHANGE_TIMEOUT_MS);
  stream.on('error', () => undefined);
  const partial = `${file}.part`;
  try {
    const handle = await open(partial, 'w', 0o600);
    let sizeBytes = 0;
    try {
      const hash = createHash('sha256');
      // The sum is the end of the stream, wherever its pieces are cut.
      let held = Buffer.alloc(0);
      for await (const { blob } of stream as AsyncIterable<{ blob: Buffer }>) {
        await handle.writeFile(blob);
        sizeBytes += blob.length;
        const all = Buffer.concat([held, blob]);
        const cut = Math.max(0, all.length - HASH_BYTES);
        hash.update(all.subarray(0, cut));
        held = all.subarray(cut);
      }
      if (!hash.digest().equals(held)) {
        throw new EtcdError('refused', 'The snapshot arrived damaged: its sum is wrong.', 'Try again.');
      }
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(partial, file);
    return { sizeBytes };
  } catch (error) {
    stream.cancel();
    await rm(partial, { force: true });
    const code = (error as NodeJS.ErrnoException).code;
    throw typeof code === 'string' && !(error instanceof EtcdError)
      ? error
      : toEtcdError(error, connection.address, false);
  }
}

export async function listUsers(client: EtcdClient): Promise<{ name: string; roles: string[] }[]> {
  const { users } = await client.call<{ users: string[] }>('Auth', 'UserList', {});
  return Promise.all(
    users.map(async (name) => ({
      name,
      roles: (await client.call<{ roles: string[] }>('Auth', 'UserGet', { name })).roles,
    })),
  );
}

export async function listRoles(client: EtcdClient): Promise<{ name: string; permissions: EtcdPermission[] }[]> {
  const { roles } = await client.call<{ roles: string[] }>('Auth', 'RoleList', {});
  return Promise.all(
    roles.map(async (name) => {
      const { perm } = await client.call<{ perm: { permType: number; key: Buffer; rangeEnd: Buffer }[] }>(
        'Auth',
        'RoleGet',
        { role: name },
      );
      const permissions = perm.map(({ permType, key, rangeEnd }) => ({
        type: (['read', 'write', 'readwrite'] as const)[permType] ?? 'readwrite',
        key,
        rangeEnd,
      }));
      return { name, permissions };
    }),
  );
}

function toMember(member: WireMember): EtcdMember {
  return {
    id: member.ID,
    name: member.name,
    peerUrls: member.peerURLs,
    clientUrls: member.clientURLs,
    isLearner: member.isLearner,
  };
}
