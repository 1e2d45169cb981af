/**
 * What stood in the way of a TLS connection, seen from the side that dialed.
 * untrusted: the certificate there is of no authority that is trusted here. needsTls: we
 * spoke plaintext to a TLS port. speaksPlaintext: the other way round. refused: the other
 * side wants a certificate of us, and not this one.
 */
export type TlsProblemKind =
  'untrusted' | 'expired' | 'notYetValid' | 'wrongName' | 'needsTls' | 'speaksPlaintext' | 'refused';

export interface TlsProblem {
  readonly kind: TlsProblemKind;
  /** What is wrong and what to do, without a subject: fit after "host:port: ". */
  readonly words: string;
}

/** The header of a refusal that says that the port wants TLS. */
export const REFUSAL_HEADER = 'prkdb-refusal';

const problems: readonly { readonly pattern: RegExp; readonly kind: TlsProblemKind; readonly words: string }[] = [
  {
    pattern: /certificate has expired|CERT_HAS_EXPIRED/i,
    kind: 'expired',
    words: 'its certificate has expired; renew it there',
  },
  {
    pattern: /certificate is not yet valid|CERT_NOT_YET_VALID/i,
    kind: 'notYetValid',
    words: 'its certificate is not valid yet; compare the clocks of both machines',
  },
  {
    pattern:
      /self[- ]signed certificate|unable to (get|verify).*(issuer|first) certificate|UNABLE_TO_(GET_ISSUER|VERIFY)|certificate signature failure/i,
    kind: 'untrusted',
    words: 'its certificate is not of an authority that is trusted here; give the CA certificate of that cluster',
  },
  {
    pattern: /does not match certificate/i,
    kind: 'wrongName',
    words: 'its certificate is for another name; dial it by a name in its certificate, or give the name as serverName',
  },
  {
    pattern: /wrong version number|WRONG_VERSION_NUMBER|packet length too long|PACKET_LENGTH_TOO_LONG/i,
    kind: 'speaksPlaintext',
    words: 'it does not speak TLS on that port; dial it as http://',
  },
  {
    pattern:
      /alert (number|certificate|unknown ca|bad certificate|handshake failure)|ALERT_(CERTIFICATE|UNKNOWN_CA|BAD)/i,
    kind: 'refused',
    words: 'it refused the TLS handshake; give a client certificate of that cluster',
  },
];

/** What a failed connection says of TLS, or null when it failed for another reason. */
export function tlsProblemOf(details: string): TlsProblem | null {
  const name = /the certificate there is for .*, not for \S+/.exec(details)?.[0].replace(/\.$/, '');
  if (name !== undefined) return { kind: 'wrongName', words: name };
  const found = problems.find(({ pattern }) => pattern.test(details));
  return found === undefined ? null : { kind: found.kind, words: found.words };
}

/** Why a caller's certificate does not count, from what Node says of it. */
export function unauthorizedWords(code: string, presented: boolean): string {
  if (!presented) return 'it presented no certificate, and one of the cluster’s CA is required';
  if (code === 'CERT_HAS_EXPIRED') return 'its certificate has expired; renew it';
  if (code === 'CERT_NOT_YET_VALID') return 'its certificate is not valid yet; compare the clocks';
  if (code === 'INVALID_PURPOSE') return 'its certificate is not one for clients';
  return `its certificate is not of the cluster’s CA (${code})`;
}
