import { X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import type { NodeConfig } from '../config/node-config.ts';
import { nodeToken, tokenHash, tokenId } from '../config/tokens.ts';
import type { CertificateFiles } from '../net/certificate-files.ts';
import type { Grant, IncomingCall } from '../server/access.ts';
import { hasName, isAccepted, nodeCertificateName } from '../net/certificates.ts';
import { NodeStartError } from './errors.ts';

/** What a node was configured with about who may call. */
export interface ConfiguredAccess {
  readonly own: readonly Grant[];
  /** What this node shows to the others when it asks for itself; undefined: nothing. */
  readonly toNodes: string | undefined;
  /** What it shows to become a member; undefined: nothing. */
  readonly admin: string | undefined;
}

/** Reads the tokens that the configuration names. Throws a NodeStartError that says what is wrong with one. */
export function readConfiguredAccess({
  access,
  joinTokenFile,
}: Pick<NodeConfig, 'access' | 'joinTokenFile'>): ConfiguredAccess {
  const join = joinTokenFile === undefined ? undefined : readToken('joinTokenFile', joinTokenFile);
  const file = access?.adminTokenFile;
  // A node without the founding token asks the others with what it was given: also whether it is a
  // member still, when its certificate does not prove that any more.
  if (file === undefined) return { own: [], toNodes: join, admin: join };
  const token = readToken('access.adminTokenFile', file);
  const toNodes = nodeToken(token);
  const own = [grantOf(token, 'founding token', 'admin'), grantOf(toNodes, 'nodes', 'read')];
  return { own, toNodes, admin: join ?? token };
}

function readToken(field: string, file: string): string {
  let token: string;
  try {
    token = readFileSync(file, 'utf8').trim();
  } catch (error) {
    throw new NodeStartError(`${field}: ${file} cannot be read: ${(error as Error).message}`);
  }
  if (tokenId(token) !== null) return token;
  throw new NodeStartError(`${field}: ${file} holds no token. Make one with: prkdb token generate > FILE`);
}

function grantOf(token: string, name: string, right: Grant['right']): Grant {
  return { id: tokenId(token)!, name, right, sha256: tokenHash(token).toString('hex'), expiresAtMs: 0 };
}

/**
 * Whether a call comes with the certificate of a member. The client port may accept other
 * authorities beside the cluster's own, and what those issue proves no node.
 */
export function isMemberCall(
  call: IncomingCall,
  { clusterId, members }: { readonly clusterId: string; readonly members: readonly { readonly id: number }[] },
  raft: CertificateFiles | null,
): boolean {
  const ca = raft?.current.ca;
  // Before the connection is asked: on a port without TLS that takes as long as the rest of the check.
  if (ca === undefined) return false;
  const shown = call.getAuthContext().sslPeerCertificate;
  if (shown === undefined) return false;
  const certificate = new X509Certificate(shown.raw);
  if (!members.some(({ id }) => hasName(certificate, nodeCertificateName(clusterId, id)))) return false;
  return isAccepted([certificate], ca);
}
