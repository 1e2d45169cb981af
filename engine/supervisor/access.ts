import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { rename, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { ConnectionOptions } from '../client/credentials.ts';
import { makeToken, tokenId } from '../config/tokens.ts';
import { tlsOf } from './certificates.ts';
import { SupervisorError } from './errors.ts';
import type { ClusterRecord } from './types.ts';

/**
 * Every local cluster is founded with an admin token of its own, which the command, the app
 * and the supervisor use. While the cluster has no other token, callers on this machine need
 * none; from the first one on they do, and without this one the cluster's own tools would be
 * shut out of it then. It is a file that its user alone can read, as the keys of the
 * certificates are, and never part of a node's configuration.
 */
export function adminTokenFile(record: Pick<ClusterRecord, 'dataDir'>): string {
  return path.join(record.dataDir, 'admin.token');
}

/** Makes the token of a cluster that has none. Called under the cluster's lock. */
export async function ensureAdminToken(record: ClusterRecord): Promise<void> {
  if (readAdminToken(record) !== undefined) return;
  const file = adminTokenFile(record);
  const temporary = `${file}.${randomBytes(6).toString('hex')}.tmp`;
  try {
    await writeFile(temporary, `${makeToken()}\n`, { mode: 0o600, flag: 'wx', flush: true });
    await rename(temporary, file);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** What this user's own tools connect to the nodes of a cluster with. Throws a SupervisorError. */
export function connectionOf(record: ClusterRecord): ConnectionOptions {
  return { tls: tlsOf(record), token: readAdminToken(record) };
}

/** Undefined for a cluster that was founded before there were tokens, until it is started again. */
function readAdminToken(record: ClusterRecord): string | undefined {
  const file = adminTokenFile(record);
  let text: string;
  try {
    text = readFileSync(file, 'utf8').trim();
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new SupervisorError('dataDirUnusable', `${file} cannot be read: ${message}.`, 'Make it readable again.');
  }
  if (tokenId(text) !== null) return text;
  throw new SupervisorError(
    'corruptRecord',
    `${file} holds no token.`,
    'Restore it from a copy; or stop the cluster, remove the file and start the cluster: it is then made anew.',
  );
}
