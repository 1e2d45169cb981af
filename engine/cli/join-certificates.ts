import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { TlsConfig } from '../config/node-config.ts';
import { CertificateDirectory } from '../net/certificate-directory.ts';
import type { TargetOptions } from './context.ts';
import { CommandError, UsageError } from './errors.ts';

export interface JoinCertificateOptions extends Pick<TargetOptions, 'ca' | 'cert' | 'key'> {
  /** A directory as `prkdb certs` makes it. */
  readonly certs?: string;
  readonly anyClient?: boolean;
}

/** What a node proves itself with, to the others and to its clients; absolute names of files. */
export interface JoinCertificates {
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
  /** Whom the name of the certificate's file says it is for; null where it does not say. */
  readonly nodeId: number | null;
}

/** The certificates of a node that is to join; null for a cluster in plaintext. */
export function joinCertificates(options: JoinCertificateOptions, nodeId: number | null): JoinCertificates | null {
  const { certs, ca, cert, key } = options;
  const single = [ca, cert, key].filter((file) => file !== undefined);
  if (certs === undefined) {
    if (single.length === 0) return null;
    if (ca === undefined || cert === undefined || key === undefined) {
      throw new UsageError('A node needs all three: --ca, --cert and --key, or a directory with them, --certs.');
    }
    return { ca: path.resolve(ca), cert: path.resolve(cert), key: path.resolve(key), nodeId: null };
  }
  if (single.length > 0) throw new UsageError('Give either --certs or --ca, --cert and --key.');
  const directory = new CertificateDirectory(path.resolve(certs));
  const id = nodeId ?? onlyNodeIn(directory.path);
  const files = { ca: directory.caFile, ...directory.nodeFiles(id) };
  const missing = Object.values(files).find((file) => !existsSync(file));
  if (missing === undefined) return { ...files, nodeId: id };
  throw new CommandError(
    `There is no ${missing}.`,
    `Make the certificate of n${id} where the key of the CA is, and bring it here with ca.crt: prkdb certs DIR --cluster-id ID --node ${id}=HOST`,
  );
}

/** Mutual TLS between nodes, and with clients too unless any may come. */
export function joinTls({ ca, cert, key }: JoinCertificates, anyClient: boolean): TlsConfig {
  return { client: { cert, key, ...(anyClient ? {} : { clientCa: ca }) }, raft: { ca, cert, key } };
}

/** The node of whom alone the directory has a certificate. */
function onlyNodeIn(directory: string): number {
  let names: string[];
  try {
    names = readdirSync(directory);
  } catch (error) {
    throw new CommandError(`${directory} cannot be read: ${(error as Error).message}`);
  }
  const ids = names.flatMap((name) => /^n([1-9][0-9]{0,14})\.crt$/.exec(name)?.[1] ?? []);
  const [only, another] = ids;
  if (only !== undefined && another === undefined) return Number(only);
  throw new UsageError(
    ids.length === 0
      ? `${directory} has no certificate of a node. Say for which node with --id, or bring it there as n4.crt and n4.key.`
      : `${directory} has certificates of several nodes. Say which one this is, with --id.`,
  );
}
