import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import http from 'node:http';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { createRouter, type Handlers } from '../../../electron/backend/router.ts';
import { openWebServer, type WebServer } from '../../../electron/web/server.ts';

let dir: string;
let server: WebServer;
let port: number;
const newUrls: string[] = [];

interface Answer {
  readonly status: number;
  readonly headers: http.IncomingHttpHeaders;
  readonly body: string;
}

/** A raw request: fetch would set Host and resolve paths by itself. */
function get(target: string, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const request = http.request(
      { host: '127.0.0.1', port, path: target, method, headers: { host: `127.0.0.1:${port}`, ...headers } },
      (response) => {
        let body = '';
        response.setEncoding('utf8');
        response.on('data', (chunk: string) => (body += chunk));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }));
      },
    );
    request.on('error', reject);
    request.end();
  });
}

async function signIn(): Promise<string> {
  const answer = await get(new URL(server.url).pathname + new URL(server.url).search);
  expect(answer.status).toBe(303);
  return answer.headers['set-cookie']![0]!.split(';')[0]!;
}

/** The status of a refused upgrade, or the open socket. */
function connect(headers: Record<string, string>, target = '/api'): Promise<WebSocket | number> {
  return new Promise((resolve) => {
    const socket = new WebSocket(`ws://127.0.0.1:${port}${target}`, { headers });
    socket.on('open', () => resolve(socket));
    socket.on('unexpected-response', (_request, response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    socket.on('error', () => undefined);
  });
}

beforeAll(async () => {
  dir = await mkdtemp(path.join(os.tmpdir(), 'prkdb-web-'));
  const root = path.join(dir, 'renderer');
  await mkdir(path.join(root, 'assets'), { recursive: true });
  await writeFile(path.join(dir, 'secret.txt'), 'secret');
  await writeFile(path.join(root, 'index.html'), '<meta property="csp-nonce" nonce="__CSP_NONCE__"><div id="root">');
  await writeFile(path.join(root, 'assets', 'app-1234.js'), 'console.log(1)');
  await writeFile(path.join(root, 'assets', 'app-1234.js.map'), '{}');
  await symlink(path.join(dir, 'secret.txt'), path.join(root, 'assets', 'link.txt'));
  const handlers = { queries: { 'clusters.list': () => [] }, commands: {}, subscriptions: {} };
  server = await openWebServer({
    router: createRouter(handlers as unknown as Handlers, { checkOutputs: true }),
    root,
    port: 0,
    host: '127.0.0.1',
    onError: (error) => console.error(error),
    onNewUrl: (url) => newUrls.push(url),
  });
  port = Number(new URL(server.url).port);
});
afterAll(async () => {
  await server.close();
  await rm(dir, { recursive: true, force: true });
});

describe('the token', () => {
  it('is traded once for a cookie that scripts and other sites cannot use, and leaves the address', async () => {
    const url = new URL(server.url);
    const first = await get(`/c/demo?range=10s&token=${url.searchParams.get('token')}`);
    expect(first.status).toBe(303);
    expect(first.headers.location).toBe('/c/demo?range=10s');
    expect(first.headers['set-cookie']![0]).toMatch(/^prkdb-session-\d+=[\w-]{43}; Path=\/; HttpOnly; SameSite=Strict/);
    expect(newUrls.at(-1)).toBe(server.url);
    expect(server.url).not.toBe(url.href);

    const again = await get(`/?token=${url.searchParams.get('token')}`);
    expect(again.status).toBe(403);
    expect(again.headers['content-type']).toContain('text/html');
    expect(again.body).toContain('has been used');
  });

  it('is needed: without a session there is a readable page and nothing else', async () => {
    for (const target of ['/', '/assets/app-1234.js', '/c/demo']) {
      const answer = await get(target);
      expect(answer.status).toBe(401);
      expect(answer.body).toContain('printed in the terminal');
    }
    const forged = await get('/', { cookie: `prkdb-session-${port}=${'A'.repeat(43)}` });
    expect(forged.status).toBe(401);
  });

  it('is not used up by a HEAD request', async () => {
    const before = server.url;
    await get(new URL(before).pathname + new URL(before).search, {}, 'HEAD');
    expect(server.url).toBe(before);
  });
});

describe('the interface', () => {
  it('comes with its policy and a nonce of its own each time', async () => {
    const cookie = await signIn();
    const [one, two] = [await get('/', { cookie }), await get('/c/demo/keys?key=v1.2', { cookie })];
    const nonceOf = (answer: Answer) => /nonce="([^"]+)"/.exec(answer.body)![1]!;
    expect(nonceOf(one)).not.toBe(nonceOf(two));
    expect(one.headers['content-security-policy']).toBe(
      `default-src 'none'; script-src 'self'; style-src 'self' 'nonce-${nonceOf(one)}'; img-src 'self' data:; ` +
        "font-src 'self'; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    );
    expect(one.headers['cache-control']).toBe('no-store');
    expect(one.headers['x-content-type-options']).toBe('nosniff');
  });

  it('keeps hashed files for ever and gives them their type', async () => {
    const answer = await get('/assets/app-1234.js', { cookie: await signIn() });
    expect(answer).toMatchObject({ status: 200, body: 'console.log(1)' });
    expect(answer.headers['content-type']).toBe('text/javascript; charset=utf-8');
    expect(answer.headers['cache-control']).toContain('immutable');
  });

  it.each([
    '/../secret.txt',
    '/assets/../../secret.txt',
    '/%2e%2e/secret.txt',
    '/assets/..%2f..%2fsecret.txt',
    '/assets/..%5c..%5csecret.txt',
    '/assets/link.txt',
    '/assets/app-1234.js.map',
    '/assets/none.js',
    '/%00.js',
    '/%E0%A4%A.js',
    '//evil.test/x.js',
  ])('does not give %s', async (target) => {
    const answer = await get(target, { cookie: await signIn() });
    expect([400, 404]).toContain(answer.status);
    expect(answer.body).not.toContain('secret');
  });

  it('refuses other methods, other hosts and other origins', async () => {
    const cookie = await signIn();
    expect((await get('/', { cookie }, 'POST')).status).toBe(405);
    for (const host of [
      'evil.test',
      `evil.test:${port}`,
      `127.0.0.1.evil.test:${port}`,
      '127.0.0.1:1',
      `x@127.0.0.1:${port}`,
    ]) {
      expect((await get('/', { cookie, host })).status).toBe(421);
    }
    expect((await get('/', { cookie, host: `localhost:${port}` })).status).toBe(200);
    for (const origin of [
      'http://evil.test',
      'null',
      `http://127.0.0.1:${port}.evil.test`,
      `https://127.0.0.1:${port}`,
    ]) {
      expect((await get('/', { cookie, origin })).status).toBe(403);
    }
  });
});

describe('the WebSocket', () => {
  it('opens for our own page only', async () => {
    const cookie = await signIn();
    const origin = `http://127.0.0.1:${port}`;
    expect(await connect({ cookie })).toBe(403);
    expect(await connect({ cookie, origin: 'http://evil.test' })).toBe(403);
    expect(await connect({ cookie, origin: `http://localhost:${port}` })).toBe(403);
    expect(await connect({ cookie, origin, host: 'evil.test' })).toBe(403);
    expect(await connect({ origin })).toBe(401);
    expect(await connect({ cookie, origin }, '/other')).toBe(404);

    const socket = (await connect({ cookie, origin })) as WebSocket;
    const answer = new Promise<string>((resolve) => {
      socket.on('message', (data) => resolve((data as Buffer).toString()));
    });
    socket.send(JSON.stringify({ type: 'call', id: 1, kind: 'query', name: 'clusters.list', input: {} }));
    expect(JSON.parse(await answer)).toEqual({ type: 'result', id: 1, output: [] });
    socket.close();
  });

  it.each([
    ['no JSON', 'hello', 1008],
    ['no frame', '{"type":"call"}', 1008],
    ['bytes', Buffer.from('{}'), 1008],
    ['too much', JSON.stringify({ type: 'ping', id: 1, pad: 'x'.repeat(5 * 1024 * 1024) }), 1009],
  ])('is closed for %s', async (_what, data, code) => {
    const socket = (await connect({ cookie: await signIn(), origin: `http://127.0.0.1:${port}` })) as WebSocket;
    const closed = new Promise<number>((resolve) => {
      socket.on('close', resolve);
    });
    socket.send(data);
    expect(await closed).toBe(code);
  });

  it('says in words when the port is taken', async () => {
    const again = openWebServer({
      router: createRouter({} as Handlers, { checkOutputs: true }),
      root: dir,
      port,
      host: '127.0.0.1',
      onError: () => undefined,
    });
    await expect(again).rejects.toMatchObject({ code: 'portInUse', message: `Port ${port} is in use.` });
  });
});
