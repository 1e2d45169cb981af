import http from 'node:http';
import type { Registry } from 'prom-client';

export interface HealthProbes {
  /** Null while the process can do its work, else why not. */
  readonly liveProblem: () => string | null;
  /** Null when requests can be served, else why not yet. */
  readonly readyProblem: () => string | null;
}

/** Serves /metrics, /livez and /readyz. Rejects when the port cannot be bound. */
export async function serveHttp(
  host: string,
  port: number,
  registry: Registry,
  probes: HealthProbes,
): Promise<http.Server> {
  const server = http.createServer((request, response) => {
    const send = (code: number, type: string, body: string): void => {
      response.writeHead(code, { 'content-type': type, 'cache-control': 'no-store' });
      response.end(request.method === 'HEAD' ? undefined : body);
    };
    const probe = (problem: string | null): void =>
      problem === null ? send(200, 'text/plain', 'ok\n') : send(503, 'text/plain', `${problem}\n`);
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return send(405, 'text/plain', 'Only GET is answered here.\n');
    const path = (request.url ?? '/').split('?')[0];
    if (path === '/livez') return probe(probes.liveProblem());
    if (path === '/readyz') return probe(probes.readyProblem());
    if (path === '/metrics') {
      registry.metrics().then(
        (text) => send(200, registry.contentType, text),
        (error: unknown) => send(500, 'text/plain', `${error instanceof Error ? error.message : String(error)}\n`),
      );
      return;
    }
    send(404, 'text/plain', 'Not found. There is /metrics, /livez and /readyz.\n');
  });
  server.headersTimeout = 10_000;
  server.requestTimeout = 30_000;
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
  return server;
}
