import { X509Certificate } from 'node:crypto';
import type { PeerCertificate } from 'node:tls';
import { hasName, namesOf, nodeCertificateName } from '../net/certificates.ts';
import type { NodeId } from '../raft/types.ts';
import type { Identity } from './handshake.ts';

/** Null when the certificate behind a stream is of the node that its hello names, else what is wrong. */
export function impostorWords(
  call: { getAuthContext(): { sslPeerCertificate?: PeerCertificate } },
  { clusterId }: Identity,
  nodeId: NodeId,
): string | null {
  const { sslPeerCertificate } = call.getAuthContext();
  if (sslPeerCertificate === undefined) return 'no certificate came with the stream';
  const certificate = new X509Certificate(sslPeerCertificate.raw);
  const name = nodeCertificateName(clusterId, nodeId);
  if (hasName(certificate, name)) return null;
  return `it says that it is node ${nodeId}, and its certificate is for ${namesOf(certificate)}, not for ${name}`;
}
