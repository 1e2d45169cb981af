import { readFileSync } from 'node:fs';
import type { Logger } from 'pino';
import type { NodeConfig } from '../config/node-config.ts';
import { CertificateFiles } from '../net/certificate-files.ts';
import { nodeCertificateName, type CertificatePaths, type CertificateRules } from '../net/certificates.ts';
import { fileCredentials, plaintext, tlsCredentials, type Credentials } from '../net/credentials.ts';
import { CertificateError } from '../net/errors.ts';
import { NodeStartError } from './errors.ts';
import type { Resources } from './resources.ts';

/** The certificates of one node, reloaded when their files change. */
export interface NodeCertificates {
  /** Null: the client port speaks plaintext. */
  readonly client: CertificateFiles | null;
  /** Null: the Raft port speaks plaintext. */
  readonly raft: CertificateFiles | null;
  /** How this node calls the client ports of the others. */
  readonly toNodes: Credentials;
  /** Called when the nodes that this one calls must be of other authorities than before. */
  onAuthorityChange(listener: () => void): void;
}

const never = (): void => {};

/** Throws a NodeStartError that names the file which cannot be used. */
export function openCertificates(config: NodeConfig, log: Logger, resources: Resources): NodeCertificates {
  const { client, raft } = config.tls ?? {};
  const open = (what: string, paths: CertificatePaths, rules: CertificateRules): CertificateFiles => {
    const files = new CertificateFiles({
      paths,
      rules,
      onReload: (problem) => {
        if (problem === null) log.info({ certificates: what }, 'certificates reloaded');
        else log.error({ certificates: what, problem }, 'new certificates cannot be used; the old ones stay in force');
      },
    });
    resources.add(() => files.close());
    return files;
  };
  try {
    const name = nodeCertificateName(config.clusterId, config.nodeId);
    const raftFiles =
      raft === undefined
        ? null
        : open('raft', { cert: raft.cert, key: raft.key, ca: [raft.ca] }, { name, ownCa: true });
    if (client === undefined) return { client: null, raft: raftFiles, toNodes: plaintext, onAuthorityChange: never };
    const callers = client.clientCa === undefined || raft === undefined ? [] : [client.clientCa, raft.ca];
    const clientFiles = open('client', { cert: client.cert, key: client.key, ca: callers }, { ownCa: false });
    const { serverCa } = client;
    if (raft === undefined || raftFiles === null) {
      const ca = serverCa === undefined ? undefined : readFileSync(serverCa);
      return { client: clientFiles, raft: null, toNodes: tlsCredentials({ ca }), onAuthorityChange: never };
    }
    const toNodes =
      serverCa === undefined
        ? raftFiles
        : open('forwarding', { cert: raft.cert, key: raft.key, ca: [serverCa] }, { ownCa: false });
    return {
      client: clientFiles,
      raft: raftFiles,
      toNodes: fileCredentials(toNodes),
      onAuthorityChange: (listener) => void toNodes.onAuthorityChange(listener),
    };
  } catch (error) {
    if (error instanceof CertificateError) throw new NodeStartError(`tls: ${error.message}`);
    if ((error as NodeJS.ErrnoException).code !== undefined)
      throw new NodeStartError(`tls: ${(error as Error).message}`);
    throw error;
  }
}
