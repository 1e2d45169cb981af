import { rm } from 'node:fs/promises';
import path from 'node:path';
import type { Member, TlsConfig } from '../config/node-config.ts';
import { CertificateDirectory, LEAF_DAYS, LOCAL_NAMES } from '../net/certificate-directory.ts';
import type { TlsOptions } from '../net/credentials.ts';
import { CertificateError } from '../net/errors.ts';
import { SupervisorError } from './errors.ts';
import type { ClusterRecord } from './types.ts';

/** The client that this user's own tools are. */
const CLIENT = 'client';
/** What would end sooner is renewed at a start. */
const RENEW_DAYS = 30;

function directoryOf(record: Pick<ClusterRecord, 'dataDir'>): CertificateDirectory {
  return new CertificateDirectory(path.join(record.dataDir, 'certs'));
}

/** Where a node's clients dial it. */
export function endpointOf(record: ClusterRecord, member: Member): string {
  return `${record.tls === true ? 'https' : 'http'}://${member.host}:${member.clientPort}`;
}

/** What to dial the nodes of a cluster with; undefined where they speak plaintext. Throws a SupervisorError. */
export function tlsOf(record: ClusterRecord): TlsOptions | undefined {
  if (record.tls !== true) return undefined;
  try {
    return directoryOf(record).clientTls(CLIENT);
  } catch (error) {
    throw toSupervisorError(record, error);
  }
}

/** The part of a node's configuration: mutual TLS on both of its ports. */
export function nodeTlsOf(record: ClusterRecord, nodeId: number): TlsConfig | undefined {
  if (record.tls !== true) return undefined;
  const directory = directoryOf(record);
  const files = directory.nodeFiles(nodeId);
  const ca = directory.caFile;
  return { client: { ...files, clientCa: ca }, raft: { ...files, ca } };
}

/** Makes what a cluster with TLS lacks, and renews what ends soon. */
export async function ensureCertificates(record: ClusterRecord): Promise<void> {
  if (record.tls !== true) return;
  const directory = directoryOf(record);
  try {
    const names = record.members.map((member) => `n${member.id}`);
    // What another authority has issued is of no use, however long it lasts.
    const isFounded = await directory.hasAuthority();
    const isGood = async (name: string) => isFounded && directory.isGoodFor(name, RENEW_DAYS);
    const good = await Promise.all([...names, CLIENT].map(isGood));
    if (good.every(Boolean)) return;
    const authority = await directory.authority(`PrkDB cluster ${record.name}`);
    const issuing = { days: LEAF_DAYS, replace: true };
    for (const [index, member] of record.members.entries()) {
      if (good[index] === true) continue;
      const hosts = [member.host, ...LOCAL_NAMES];
      await directory.issueNode(authority, record.clusterId, member.id, { ...issuing, hosts });
    }
    if (good.at(-1) !== true) await directory.issueClient(authority, CLIENT, issuing);
  } catch (error) {
    throw toSupervisorError(record, error);
  }
}

export async function deleteCertificates(record: ClusterRecord): Promise<void> {
  if (record.tls === true) await rm(directoryOf(record).path, { recursive: true, force: true });
}

function toSupervisorError(record: ClusterRecord, error: unknown): unknown {
  if (!(error instanceof CertificateError)) return error;
  return new SupervisorError(
    'certificates',
    error.message,
    `Bring back the directory ${directoryOf(record).path} as it was; the data of the nodes is not touched.`,
    { cause: error },
  );
}
