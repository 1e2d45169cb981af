import { X509Certificate } from 'node:crypto';
import type { TlsOptions } from '../../../engine/client/index.ts';
import type { CertificateEnd } from '../monitor/facts.ts';
import { certificateEnds } from './endpoint-probe.ts';

const PEM = /-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g;

/** When the certificates of a cluster end: those that its nodes show, and those that it is dialed with. */
export async function connectionCertificates(
  addresses: readonly string[],
  tls: TlsOptions | undefined,
): Promise<CertificateEnd[]> {
  if (tls === undefined) return [];
  const shown = await Promise.all(
    addresses.map(async (address): Promise<CertificateEnd[]> => {
      const ends = await certificateEnds(address, tls);
      return ends.length === 0 ? [] : [{ what: address, endsAtMs: Math.min(...ends) }];
    }),
  );
  return [...shown.flat(), ...fileEnds(tls.cert, 'the client'), ...fileEnds(tls.ca, 'the authority')];
}

function fileEnds(pem: string | Buffer | undefined, what: string): CertificateEnd[] {
  const ends = [...(pem?.toString('latin1') ?? '').matchAll(PEM)].flatMap(([text]) => {
    try {
      return [new Date(new X509Certificate(text).validTo).getTime()];
    } catch {
      // What is no certificate is said where it is dialed with.
      return [];
    }
  });
  return ends.length === 0 ? [] : [{ what, endsAtMs: Math.min(...ends) }];
}
