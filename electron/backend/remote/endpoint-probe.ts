import type { X509Certificate } from 'node:crypto';
import { lookup } from 'node:dns/promises';
import net from 'node:net';
import tls from 'node:tls';
import { namesOf } from '../../../engine/net/certificates.ts';
import { tlsProblemOf } from '../../../engine/net/tls-problem.ts';
import type { TlsOptions } from '../../../engine/client/index.ts';
import type { Problem } from './problem.ts';

const TIMEOUT_MS = 3_000;
/** A chain of certificates is short; an endless one is none. */
const MAX_CHAIN = 8;

/** `host:port` apart; IPv6 without its brackets. */
export function splitAddress(address: string): { host: string; port: number } {
  const at = address.lastIndexOf(':');
  return { host: address.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(address.slice(at + 1)) };
}

/** Null when the name stands for an address. */
export async function probeName(host: string): Promise<Problem | null> {
  if (net.isIP(host) !== 0) return null;
  try {
    await lookup(host);
    return null;
  } catch {
    return {
      message: `The name ${host} is not known here.`,
      hint: 'Check its spelling, and whether a VPN or DNS of that network is needed.',
    };
  }
}

/** Null when something accepts connections there. */
export function probePort(address: string): Promise<Problem | null> {
  const { host, port } = splitAddress(address);
  return new Promise((resolve) => {
    const socket = net.connect({ host, port, timeout: TIMEOUT_MS });
    const finish = (problem: Problem | null): void => {
      socket.destroy();
      resolve(problem);
    };
    socket.once('connect', () => finish(null));
    socket.once('timeout', () =>
      finish({
        message: `${address} does not answer at all.`,
        hint: 'The host is down, or a firewall drops the connection.',
      }),
    );
    socket.once('error', (error: NodeJS.ErrnoException) => finish(portProblem(address, error)));
  });
}

function portProblem(address: string, { code, message }: NodeJS.ErrnoException): Problem {
  if (code === 'ECONNREFUSED') {
    return {
      message: `Nothing listens at ${address}: the connection was refused.`,
      hint: 'Check that the node runs, and the port.',
    };
  }
  if (code === 'EHOSTUNREACH' || code === 'ENETUNREACH') {
    return { message: `There is no way from here to ${address}.`, hint: 'Check the network, or connect to its VPN.' };
  }
  return { message: `${address} cannot be reached: ${message}.`, hint: 'Check the address.' };
}

/** Null when the TLS handshake succeeds and the certificate is what was asked for. */
export function probeTls(address: string, options: TlsOptions): Promise<Problem | null> {
  return shakeHands<Problem | null>(address, options, {
    secure: (socket, name) => (options.skipVerify === true ? null : certificateProblem(address, name, socket)),
    failed: (problem) => problem,
  });
}

/** When the certificates end that are shown there, whatever else is wrong with them; none where there is no handshake. */
export function certificateEnds(address: string, options: TlsOptions): Promise<number[]> {
  return shakeHands<number[]>(address, options, {
    secure: (socket) => {
      const ends: number[] = [];
      let shown = socket.getPeerX509Certificate();
      // A root is its own issuer.
      for (let depth = 0; shown !== undefined && depth < MAX_CHAIN; depth += 1) {
        ends.push(new Date(shown.validTo).getTime());
        shown = shown.issuerCertificate;
      }
      return ends.filter((endsAtMs) => !Number.isNaN(endsAtMs));
    },
    failed: () => [],
  });
}

function shakeHands<T>(
  address: string,
  { ca, cert, key, serverName }: TlsOptions,
  result: { secure(socket: tls.TLSSocket, name: string): T; failed(problem: Problem): T },
): Promise<T> {
  const { host, port } = splitAddress(address);
  const name = serverName ?? host;
  return new Promise((resolve) => {
    let socket: tls.TLSSocket;
    const finish = (value: T): void => {
      clearTimeout(timer);
      socket.destroy();
      resolve(value);
    };
    const timer = setTimeout(
      () =>
        finish(
          result.failed({
            message: `${address} accepts connections and never answers.`,
            hint: 'The node hangs, or what listens there does not speak TLS.',
          }),
        ),
      TIMEOUT_MS,
    );
    try {
      socket = tls.connect({
        host,
        port,
        ca,
        cert,
        key,
        servername: net.isIP(name) === 0 ? name : '',
        ALPNProtocols: ['h2'],
        // The certificate is looked at by the caller, so that the reason can be told.
        rejectUnauthorized: false,
      });
    } catch (error) {
      clearTimeout(timer);
      resolve(
        result.failed({
          message: `The certificates cannot be used: ${(error as Error).message}.`,
          hint: 'Check the PEM files.',
        }),
      );
      return;
    }
    socket.once('secureConnect', () => finish(result.secure(socket, name)));
    socket.once('error', (error) => finish(result.failed(handshakeProblem(address, error))));
  });
}

/** Whether the port speaks TLS, to tell why plaintext fails there. */
export async function speaksTls(address: string): Promise<boolean> {
  return (await probeTls(address, { skipVerify: true })) === null;
}

function certificateProblem(address: string, name: string, socket: tls.TLSSocket): Problem | null {
  const shown = socket.getPeerX509Certificate();
  if (shown === undefined) return { message: `${address} shows no certificate.`, hint: null };
  const code = String(socket.authorizationError ?? '');
  const until = new Date(shown.validTo);
  if (/EXPIRED/.test(code) || until.getTime() < Date.now()) {
    return {
      message: `The certificate of ${address} expired on ${until.toISOString().slice(0, 10)}.`,
      hint: 'Have it renewed there.',
    };
  }
  if (/NOT_YET_VALID/.test(code)) {
    return {
      message: `The certificate of ${address} is valid only from ${new Date(shown.validFrom).toISOString()}.`,
      hint: 'Compare the clocks of both computers.',
    };
  }
  if (!socket.authorized && code !== '' && !/ALTNAME/.test(code)) {
    return {
      message: `The certificate of ${address} is of an authority that is not trusted here (${issuerOf(shown)}).`,
      hint: 'Choose the CA certificate of that cluster.',
    };
  }
  if ((net.isIP(name) === 0 ? shown.checkHost(name) : shown.checkIP(name)) === undefined) {
    return {
      message: `${address} shows a certificate for another name: it covers ${namesOf(shown)}, not ${name}.`,
      hint: 'Use a name on the certificate as the address, give it as the server name, or have it reissued.',
    };
  }
  return null;
}

function issuerOf(certificate: X509Certificate): string {
  return certificate.issuer.split('\n').join(', ').slice(0, 120);
}

function handshakeProblem(address: string, error: Error): Problem {
  const problem = tlsProblemOf(`${error.message} ${(error as NodeJS.ErrnoException).code ?? ''}`);
  if (problem?.kind === 'speaksPlaintext') {
    return { message: `${address} does not speak TLS.`, hint: 'Write the endpoint as http://.' };
  }
  if (problem?.kind === 'refused') {
    return {
      message: `${address} refused the TLS handshake.`,
      hint: 'Choose a client certificate of that cluster, and its key.',
    };
  }
  return { message: `The TLS handshake with ${address} failed: ${error.message}.`, hint: 'Check the port.' };
}
