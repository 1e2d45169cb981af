import { constants, X509Certificate } from 'node:crypto';
import net, { type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import tls, { type TLSSocket } from 'node:tls';
import { status } from '@grpc/grpc-js';
import type { CertificateFiles } from './certificate-files.ts';
import { isAccepted, type Certificates } from './certificates.ts';
import { refuseConnection, type ConnectionRefusal } from './refuse.ts';
import { unauthorizedWords } from './tls-problem.ts';

/** A connection that says nothing, or does not end its handshake, is closed after this. */
const OPENING_MS = 10_000;
/** More than one read of the system: a first chunk must not stop the reading of those after it. */
const HIGH_WATER_BYTES = 256 * 1024;
const MAX_CHAIN = 8;
const TLS_HANDSHAKE_RECORD = 0x16;
const HTTP2_PREFACE = Buffer.from('PRI * HTTP/2.0\r\n');

export interface ListenerOptions {
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** With authorities in it every caller must present a certificate of one of them. Null: plaintext. */
  readonly certificates: CertificateFiles | null;
  readonly maxConnections: number;
  /** A client is an address. */
  readonly maxConnectionsPerClient: number;
  /** An open connection that speaks HTTP/2 next, over TLS where that is asked for. */
  readonly onConnection: (socket: Socket) => void;
  /** Why a connection was not let in. */
  readonly onRefused: (reason: string) => void;
}

/**
 * A port that looks at who calls before anything else does: counts connections, speaks TLS,
 * checks certificates. Whoever is not let in gets a gRPC status with the reason, where it
 * speaks enough to hear one.
 */
export class Listener {
  readonly #options: ListenerOptions;
  readonly #server: net.Server;
  readonly #tlsServer: tls.Server | null;
  readonly #sockets = new Set<Socket>();
  readonly #perClient = new Map<string, number>();
  /** Those that were let in with a certificate. */
  readonly #certified = new Set<TLSSocket>();
  readonly #afterHandshake = new Map<string, ConnectionRefusal>();
  readonly #stopReloading: (() => void) | undefined;

  private constructor(options: ListenerOptions) {
    this.#options = options;
    const { certificates } = options;
    this.#server = net.createServer({ highWaterMark: HIGH_WATER_BYTES, noDelay: true }, (socket) => this.#open(socket));
    this.#tlsServer = certificates === null ? null : this.#makeTlsServer(certificates);
    this.#stopReloading = certificates?.onChange((changed) => {
      this.#tlsServer?.setSecureContext(contextOf(changed));
      this.#recheck(changed);
    });
  }

  /** Rejects with the system's error when the port cannot be had. */
  static async listen(options: ListenerOptions): Promise<Listener> {
    const listener = new Listener(options);
    const { host, port } = options;
    await new Promise<void>((resolve, reject) => {
      listener.#server.once('error', reject);
      // A busy port must be an error, never shared with another process.
      listener.#server.listen({ host, port, exclusive: true }, () => {
        listener.#server.off('error', reject);
        resolve();
      });
    }).catch((error: unknown) => {
      listener.#stopReloading?.();
      throw error;
    });
    return listener;
  }

  get port(): number {
    return (this.#server.address() as net.AddressInfo).port;
  }

  /** No more connections; those that are there go on. */
  stopListening(): void {
    this.#stopReloading?.();
    if (this.#server.listening) this.#server.close();
  }

  /** Lets connections that are ending get out what they have to say, for a while; then ends them. */
  async closeAfter(waitMs: number): Promise<void> {
    this.stopListening();
    const open = [...this.#sockets].filter((socket) => !socket.destroyed);
    const gone = open.map((socket) => new Promise((resolve) => socket.once('close', resolve)));
    const timeout = new AbortController();
    await Promise.race([
      Promise.all(gone),
      sleep(waitMs, undefined, { signal: timeout.signal }).catch(() => undefined),
    ]);
    timeout.abort();
    this.close();
  }

  /** Ends every connection. */
  close(): void {
    this.stopListening();
    for (const socket of this.#sockets) socket.destroy();
  }

  #open(socket: Socket): void {
    const client = socket.remoteAddress ?? '';
    const from = `${client}:${socket.remotePort ?? 0}`;
    socket.on('error', () => undefined);
    if (this.#sockets.size >= this.#options.maxConnections) {
      this.#options.onRefused(
        `a connection from ${from}: ${this.#options.maxConnections} connections are open, which is the limit`,
      );
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    const ofClient = (this.#perClient.get(client) ?? 0) + 1;
    const { maxConnectionsPerClient } = this.#options;
    // One that is refused has no share: it is gone soon, and must not keep others out until then.
    const counts = ofClient <= maxConnectionsPerClient;
    if (counts) this.#perClient.set(client, ofClient);
    socket.once('close', () => {
      this.#sockets.delete(socket);
      if (!counts) return;
      const left = (this.#perClient.get(client) ?? 1) - 1;
      if (left === 0) this.#perClient.delete(client);
      else this.#perClient.set(client, left);
    });
    const refusal: ConnectionRefusal | null = counts
      ? null
      : {
          code: status.RESOURCE_EXHAUSTED,
          reason: `${client} has ${maxConnectionsPerClient} connections open to this node, which is the limit. Close some, or share one.`,
        };
    const timer = setTimeout(() => socket.destroy(), OPENING_MS);
    socket.once('close', () => clearTimeout(timer));
    socket.once('data', (first: Buffer) => {
      clearTimeout(timer);
      socket.pause();
      socket.unshift(first);
      this.#route(socket, first, from, refusal);
    });
  }

  #route(socket: Socket, first: Buffer, from: string, refusal: ConnectionRefusal | null): void {
    const isTls = first[0] === TLS_HANDSHAKE_RECORD;
    const prefaceBytes = Math.min(first.length, HTTP2_PREFACE.length);
    const isHttp2 = HTTP2_PREFACE.subarray(0, prefaceBytes).equals(first.subarray(0, prefaceBytes));
    if (!isTls && !isHttp2) {
      this.#options.onRefused(`a connection from ${from}: it speaks neither gRPC nor TLS`);
      socket.destroy();
    } else if (this.#tlsServer !== null && !isTls) {
      const kind = 'needsTls';
      const reason = 'This port speaks TLS, and it was called in plaintext. Dial it as https://.';
      this.#refuse(socket, from, { code: status.UNAUTHENTICATED, reason, kind }, 'it speaks plaintext on a TLS port');
    } else if (this.#tlsServer !== null) {
      // The sentence has to wait for the handshake.
      if (refusal !== null) {
        this.#afterHandshake.set(from, refusal);
        socket.once('close', () => this.#afterHandshake.delete(from));
      }
      this.#tlsServer.emit('connection', socket);
    } else if (isTls) {
      // What a plaintext port says to TLS is understood by no caller, but is known to each as just that.
      const reason = 'This port speaks plaintext.';
      this.#refuse(socket, from, { code: status.UNAUTHENTICATED, reason }, 'it speaks TLS on a plaintext port');
    } else if (refusal !== null) this.#refuse(socket, from, refusal);
    else this.#options.onConnection(socket);
  }

  #makeTlsServer(certificates: CertificateFiles): tls.Server {
    const server = tls.createServer({
      ...contextOf(certificates.current),
      ALPNProtocols: ['h2'],
      handshakeTimeout: OPENING_MS,
      requestCert: certificates.current.ca !== undefined,
      // Checked below, so that the caller can be told why.
      rejectUnauthorized: false,
    });
    server.on('secureConnection', (socket) => this.#secured(socket));
    server.on('tlsClientError', (error: NodeJS.ErrnoException, socket) => {
      this.#options.onRefused(`a connection from ${addressOf(socket)}: ${handshakeWords(error)}`);
      socket.destroy();
    });
    return server;
  }

  #secured(socket: TLSSocket): void {
    const from = addressOf(socket);
    socket.on('error', () => undefined);
    if (this.#options.certificates?.current.ca !== undefined && !socket.authorized) {
      // Node gives the code of what is wrong here, and an Error by its types.
      const code = String(socket.authorizationError);
      const presented = socket.getPeerX509Certificate() !== undefined;
      const words = unauthorizedWords(code, presented);
      const reason = `This node refuses the connection: ${words}.`;
      this.#refuse(socket, from, { code: status.UNAUTHENTICATED, reason, kind: 'refused' }, words);
      return;
    }
    const refusal = this.#afterHandshake.get(from);
    if (refusal !== undefined) return this.#refuse(socket, from, refusal);
    if (socket.authorized) {
      this.#certified.add(socket);
      socket.once('close', () => this.#certified.delete(socket));
    }
    this.#options.onConnection(socket);
  }

  /** Whoever would not be let in any more does not stay either. */
  #recheck({ ca }: Certificates): void {
    if (ca === undefined) return;
    for (const socket of this.#certified) {
      if (isAccepted(chainOf(socket), ca)) continue;
      this.#options.onRefused(
        `an open connection from ${addressOf(socket)}: its certificate is no longer accepted since the CA changed`,
      );
      socket.destroy();
    }
  }

  #refuse(socket: Socket, from: string, refusal: ConnectionRefusal, words = refusal.reason): void {
    this.#options.onRefused(`a connection from ${from}: ${words}`);
    refuseConnection(socket, refusal);
  }
}

/** What the other side has shown, its own certificate first. */
function chainOf(socket: TLSSocket): X509Certificate[] {
  const chain: X509Certificate[] = [];
  let shown: tls.DetailedPeerCertificate | undefined = socket.getPeerCertificate(true);
  // The last one names itself as its issuer.
  while (shown?.raw !== undefined && chain.length < MAX_CHAIN) {
    chain.push(new X509Certificate(shown.raw));
    shown = shown.issuerCertificate === shown ? undefined : shown.issuerCertificate;
  }
  return chain;
}

function addressOf(socket: Socket): string {
  return `${socket.remoteAddress ?? 'unknown'}:${socket.remotePort ?? 0}`;
}

function contextOf({ cert, key, ca }: Certificates): tls.SecureContextOptions {
  // A resumed session would carry on what was once allowed, also after the authorities changed.
  const secureOptions = constants.SSL_OP_NO_TICKET;
  return { cert, key, ca, minVersion: 'TLSv1.2', secureOptions };
}

function handshakeWords(error: NodeJS.ErrnoException): string {
  const code = error.code ?? '';
  if (/ALERT_UNKNOWN_CA|ALERT_BAD_CERTIFICATE|ALERT_CERTIFICATE/.test(code)) {
    return 'the caller does not trust the certificate of this node';
  }
  if (code === 'ECONNRESET') return 'it went away during the TLS handshake';
  if (code === 'ERR_TLS_HANDSHAKE_TIMEOUT') return 'it did not end the TLS handshake in time';
  return `the TLS handshake failed (${code === '' ? error.message : code})`;
}
