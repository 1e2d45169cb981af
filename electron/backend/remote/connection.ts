import { readFile } from 'node:fs/promises';
import type { TlsOptions } from '../../../engine/client/index.ts';
import { parseEndpoint } from '../../../engine/client/endpoint.ts';
import type { Profile, ProfileTls } from '../../contract/remote.ts';
import { BackendError } from '../errors.ts';

/** With what a remote cluster is dialed. Lives in memory only, since it holds the secret. */
export interface Connection {
  /** `http://host:port` or `https://host:port`. */
  readonly endpoints: readonly string[];
  readonly tls: TlsOptions | undefined;
  readonly user: { readonly name: string; readonly password: string } | undefined;
  readonly token: string | undefined;
}

type Dialed = Pick<Profile, 'endpoints' | 'tls' | 'auth' | 'user'>;

/** Reads the certificate files anew each time: they are renewed on disk. Throws BackendError in words. */
export async function connectionOf(profile: Dialed, secret: string | null): Promise<Connection> {
  const isSecure = profile.tls !== null || profile.endpoints.some((text) => /^https:/i.test(text.trim()));
  const endpoints = profile.endpoints.map((text) => {
    const { address, scheme } = parseEndpoint(text.trim());
    if (scheme === 'http' && isSecure) {
      throw new BackendError(
        'invalidInput',
        `The endpoint "${text}" is without TLS, and the profile uses it.`,
        'Write all endpoints as https://, or leave TLS out.',
      );
    }
    return `${isSecure ? 'https' : 'http'}://${address}`;
  });
  if (profile.auth !== 'none' && (secret === null || secret === '')) {
    const what = profile.auth === 'password' ? 'password' : 'token';
    throw new BackendError('invalidInput', `The profile has no ${what} yet.`, `Give the ${what} in the profile.`);
  }
  return {
    endpoints,
    tls: isSecure ? await tlsOf(profile.tls) : undefined,
    user: profile.auth === 'password' ? { name: profile.user ?? '', password: secret ?? '' } : undefined,
    token: profile.auth === 'token' ? (secret ?? '') : undefined,
  };
}

async function tlsOf(tls: ProfileTls | null): Promise<TlsOptions> {
  if (tls === null) return {};
  if ((tls.certFile === null) !== (tls.keyFile === null)) {
    throw new BackendError('invalidInput', 'A client certificate and its key belong together.', 'Give both, or none.');
  }
  const [ca, cert, key] = await Promise.all([
    read(tls.caFile, 'CA certificate'),
    read(tls.certFile, 'client certificate'),
    read(tls.keyFile, 'client key'),
  ]);
  return {
    ...(ca === undefined ? {} : { ca }),
    ...(cert === undefined ? {} : { cert }),
    ...(key === undefined ? {} : { key }),
    ...(tls.serverName === null ? {} : { serverName: tls.serverName }),
    ...(tls.skipVerify ? { skipVerify: true } : {}),
  };
}

async function read(file: string | null, what: string): Promise<Buffer | undefined> {
  if (file === null) return undefined;
  let content: Buffer;
  try {
    content = await readFile(file);
  } catch (error) {
    throw new BackendError(
      'invalidInput',
      `The ${what} ${file} cannot be read: ${(error as Error).message}.`,
      'Check the path on the computer that runs the app.',
    );
  }
  if (!content.includes('-----BEGIN ')) {
    throw new BackendError('invalidInput', `${file} holds no ${what} in PEM form.`, 'Choose another file.');
  }
  return content;
}
