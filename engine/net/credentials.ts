import { X509Certificate } from 'node:crypto';
import net from 'node:net';
import tls, { type PeerCertificate } from 'node:tls';
import * as grpc from '@grpc/grpc-js';
import type { CertificateFiles } from './certificate-files.ts';
import { hasName, namesOf, type Certificates } from './certificates.ts';
import { CertificateError } from './errors.ts';

/** What one channel is made with. */
export interface Dialing {
  readonly credentials: grpc.ChannelCredentials;
  readonly options: grpc.ClientOptions;
}

/** How nodes are dialed: in plaintext, or with TLS. One object for all connections of a client. */
export interface Credentials {
  readonly secure: boolean;
  /** For a channel to `host:port`. */
  dial(address: string): Dialing;
}

/** PEM texts, not file names. */
export interface TlsOptions {
  /** The authority of the nodes' certificates; those that the system trusts unless given. */
  readonly ca?: string | Buffer;
  /** What this client shows of itself, where nodes ask for it; together with `key`. */
  readonly cert?: string | Buffer;
  readonly key?: string | Buffer;
  /** The name to find in a node's certificate, instead of the host that was dialed. */
  readonly serverName?: string;
  /** Take whatever certificate a node shows: whoever is in between can read and change everything. */
  readonly skipVerify?: boolean;
}

/** The same, with a bearer token on every call. */
export function withToken(credentials: Credentials, token: string): Credentials {
  const addToken: grpc.Interceptor = (options, nextCall) =>
    new grpc.InterceptingCall(nextCall(options), {
      start: (metadata, listener, next) => {
        metadata.set('authorization', `Bearer ${token}`);
        next(metadata, listener);
      },
    });
  return {
    secure: credentials.secure,
    dial: (address) => {
      const { credentials: channel, options } = credentials.dial(address);
      return { credentials: channel, options: { ...options, interceptors: [addToken] } as grpc.ClientOptions };
    },
  };
}

export const plaintext: Credentials = {
  secure: false,
  dial: () => ({ credentials: grpc.credentials.createInsecure(), options: {} }),
};

/** TLS with what is given. Throws a CertificateError when that is no certificate or key. */
export function tlsCredentials(options: TlsOptions): Credentials {
  const { ca, cert, key, serverName, skipVerify = false } = options;
  if ((cert === undefined) !== (key === undefined)) {
    throw new CertificateError('A client certificate and its key belong together: give both, or neither.');
  }
  let context: tls.SecureContext;
  try {
    context = tls.createSecureContext({ ca, cert, key, minVersion: 'TLSv1.2' });
  } catch (error) {
    throw new CertificateError(
      `The CA, certificate or key is not what it should be in PEM: ${(error as Error).message}`,
    );
  }
  return {
    secure: true,
    dial: (address) => {
      const check = nameCheck(serverName ?? hostOf(address));
      return {
        credentials: grpc.credentials.createFromSecureContext(
          context,
          skipVerify
            ? { rejectUnauthorized: false, checkServerIdentity: () => undefined }
            : { checkServerIdentity: check },
        ),
        options: { 'grpc.ssl_target_name_override': sniName(serverName ?? hostOf(address)) },
      };
    },
  };
}

/**
 * TLS with certificates that may be replaced: each connection is made with those of its
 * time. `nameOf` gives the name to find in the certificate behind an address; the host itself unless given.
 */
export function fileCredentials(files: CertificateFiles, nameOf?: (address: string) => string): Credentials {
  const provider = new FilesProvider(files);
  return {
    secure: true,
    dial: (address) => {
      const name = nameOf?.(address) ?? hostOf(address);
      const check = nameOf === undefined ? nameCheck(name) : exactNameCheck(name);
      return {
        credentials: grpc.experimental.createCertificateProviderChannelCredentials(provider, provider, {
          checkServerIdentity: check,
        }),
        options: { 'grpc.ssl_target_name_override': sniName(name) },
      };
    },
  };
}

type NameCheck = (host: string, certificate: PeerCertificate) => Error | undefined;

function nameCheck(name: string): NameCheck {
  return (_host, certificate) => tls.checkServerIdentity(name, certificate);
}

/** No wildcard and no common name may stand in for the name of a node. */
function exactNameCheck(name: string): NameCheck {
  return (_host, certificate) => {
    const parsed = new X509Certificate(certificate.raw);
    if (hasName(parsed, name)) return undefined;
    return new Error(`the certificate there is for ${namesOf(parsed)}, not for ${name}`);
  };
}

/** The extension has no form for addresses, and Node warns about one in it. */
function sniName(name: string): string {
  return net.isIP(name) === 0 ? name : 'localhost';
}

function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(':')).replace(/^\[|\]$/g, '');
}

/** What gRPC asks for certificates, each time it connects. */
class FilesProvider {
  readonly #files: CertificateFiles;
  readonly #stops = new Map<unknown, () => void>();

  constructor(files: CertificateFiles) {
    this.#files = files;
  }

  addCaCertificateListener(listener: grpc.experimental.CaCertificateUpdateListener): void {
    this.#add(listener, ({ ca }) => listener({ caCertificate: ca ?? Buffer.from(tls.rootCertificates.join('\n')) }));
  }

  removeCaCertificateListener(listener: grpc.experimental.CaCertificateUpdateListener): void {
    this.#remove(listener);
  }

  addIdentityCertificateListener(listener: grpc.experimental.IdentityCertificateUpdateListener): void {
    this.#add(listener, ({ cert, key }) => listener({ certificate: cert, privateKey: key }));
  }

  removeIdentityCertificateListener(listener: grpc.experimental.IdentityCertificateUpdateListener): void {
    this.#remove(listener);
  }

  #add(listener: unknown, tell: (certificates: Certificates) => void): void {
    this.#stops.set(listener, this.#files.onChange(tell));
    tell(this.#files.current);
  }

  #remove(listener: unknown): void {
    this.#stops.get(listener)?.();
    this.#stops.delete(listener);
  }
}
