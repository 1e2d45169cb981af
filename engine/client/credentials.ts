import { plaintext, tlsCredentials, withToken, type Credentials, type TlsOptions } from '../net/credentials.ts';
import { CertificateError } from '../net/errors.ts';
import { parseEndpoint } from './endpoint.ts';
import { InvalidArgumentError } from './errors.ts';

export { plaintext, withToken, type Credentials, type TlsOptions };

/** What one connects with, besides where to. */
export interface ConnectionOptions {
  /** Certificates for nodes that speak TLS. `https://` alone trusts what the system trusts. */
  readonly tls?: TlsOptions | undefined;
  /** A bearer token, for a cluster that asks for one. Over plaintext everybody on the way can read it. */
  readonly token?: string | undefined;
}

/**
 * How the nodes behind these endpoints are dialed, all in one way: with TLS where that was
 * asked for or an endpoint says https://. A node's word never turns it off later.
 * Throws InvalidArgumentError for what contradicts itself and for what is no certificate or token.
 */
export function credentialsFor(endpoints: readonly string[], { tls, token }: ConnectionOptions): Credentials {
  const credentials = channelCredentials(endpoints, tls);
  if (token === undefined) return credentials;
  // Anything else could not travel in a header, or would be taken for no token at all.
  if (!/^[\x21-\x7e]+$/.test(token)) throw new InvalidArgumentError('The token is empty, or has blanks in it.');
  return withToken(credentials, token);
}

function channelCredentials(endpoints: readonly string[], tls: TlsOptions | undefined): Credentials {
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
