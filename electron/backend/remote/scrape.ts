import http from 'node:http';
import https from 'node:https';
import tls from 'node:tls';
import type { TlsOptions } from '../../../engine/client/index.ts';

const TIMEOUT_MS = 2_000;
/** More than any exporter has; an endless answer is no exposition. */
const MAX_BYTES = 4 * 1024 * 1024;

/** The text at a metrics address. Rejects in a few words. */
export function scrape(
  url: string,
  options: { readonly tls?: TlsOptions | undefined; readonly token?: string | undefined } = {},
): Promise<string> {
  const { ca, cert, key, serverName, skipVerify } = options.tls ?? {};
  const isSecure = url.startsWith('https:');
  return new Promise((resolve, reject) => {
    const headers = options.token === undefined ? {} : { authorization: `Bearer ${options.token}` };
    const request = (isSecure ? https : http).get(
      url,
      {
        timeout: TIMEOUT_MS,
        headers,
        agent: false,
        ...(isSecure && {
          ca,
          cert,
          key,
          rejectUnauthorized: skipVerify !== true,
          ...(serverName === undefined
            ? {}
            : {
                checkServerIdentity: (_host: string, peer: tls.PeerCertificate) =>
                  tls.checkServerIdentity(serverName, peer),
              }),
        }),
      },
      (response) => {
        if (response.statusCode !== 200) {
          response.resume();
          reject(new Error(`the metrics address answers with status ${response.statusCode}`));
          return;
        }
        const chunks: Buffer[] = [];
        let sizeBytes = 0;
        response.on('data', (chunk: Buffer) => {
          sizeBytes += chunk.length;
          if (sizeBytes > MAX_BYTES) request.destroy(new Error('the metrics are too long'));
          else chunks.push(chunk);
        });
        response.on('end', () => resolve(Buffer.concat(chunks).toString('utf8')));
        response.on('error', reject);
      },
    );
    request.on('timeout', () => request.destroy(new Error('the metrics address does not answer')));
    request.on('error', reject);
  });
}
