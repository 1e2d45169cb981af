import { plaintext, tlsCredentials, type Credentials, type TlsOptions } from '../net/credentials.ts';
import { CertificateError } from '../net/errors.ts';
import { parseEndpoint } from './endpoint.ts';
import { InvalidArgumentError } from './errors.ts';

export { plaintext, type Credentials, type TlsOptions };

/**
 * How the nodes behind these endpoints are dialed, all in one way: with TLS where that was
 * asked for or an endpoint says https://. A node's word never turns it off later.
 * Throws InvalidArgumentError for what contradicts itself and for what is no certificate.
 */
export function credentialsFor(endpoints: readonly string[], tls: TlsOptions | undefined): Credentials {
  const schemes = endpoints.map((endpoint) => parseEndpoint(endpoint).scheme);
  const isSecure = tls !== undefined || schemes.includes('https');
  if (!isSecure) return plaintext;
  const plain = endpoints[schemes.indexOf('http')];
  if (plain !== undefined) {
    throw new InvalidArgumentError(
      tls === undefined
        ? `The endpoint "${plain}" is without TLS and another is with it. Write all as https://, or all as http://.`
        : `The endpoint "${plain}" is without TLS, and certificates were given. Write it as https://.`,
    );
  }
  try {
    return tlsCredentials(tls ?? {});
  } catch (error) {
    if (error instanceof CertificateError) throw new InvalidArgumentError(error.message);
    throw error;
  }
}
