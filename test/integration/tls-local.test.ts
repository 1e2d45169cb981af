import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openBackend } from '../../electron/backend/backend.ts';
import { childProcessLauncher, createSupervisor } from '../../engine/supervisor/index.ts';
import { runCommand, startCommand, type CommandResult } from '../support/command.ts';
import { eventually } from '../support/node-cluster.ts';
import { freeBasePort, tempDir } from '../support/temp.ts';

const NAME = 'secure';

describe('a local cluster with TLS', () => {
  let temp: ReturnType<typeof tempDir>;
  let base: number;
  const prkdb = (...args: string[]): Promise<CommandResult> => runCommand(temp.path, args);
  const ok = async (...args: string[]): Promise<string> => {
    const { code, text, stderr } = await prkdb(...args);
    if (code !== 0) throw new Error(`prkdb ${args.join(' ')}: ${stderr}`);
    return text;
  };
  const certs = (): string => path.join(temp.path, 'clusters', NAME, 'certs');

  beforeAll(async () => {
    temp = tempDir();
    base = await freeBasePort(3);
    await ok('up', NAME, '--tls', '--partitions', '4', '--base-port', String(base), '--detach');
  });

  afterAll(async () => {
    await prkdb('down', NAME);
    await prkdb('rm', NAME, '--yes');
    temp.remove();
  });

  it('is used by the command like any other', async () => {
    await ok('put', 'k', 'v');
    expect(await ok('get', 'k')).toBe('v');
    expect(await ok('scan', '--keys-only')).toBe('k\n');
    const status = JSON.parse(await ok('status', NAME, '--json')) as { nodes: { address: string; state: string }[] };
    expect(status.nodes.map((n) => n.state)).toEqual(['live', 'live', 'live']);
    expect(status.nodes[0]!.address).toBe(`https://127.0.0.1:${base + 1}`);
    expect(JSON.parse(await ok('load', NAME, '--seconds', '1', '--json'))).toMatchObject({ failed: 0 });
    await ok('transfer', NAME, '0', 'n3');
    await ok('transfer', NAME, '0', 'n2');
    const config = readFileSync(path.join(temp.path, 'clusters', NAME, 'n1', 'node.json'), 'utf8');
    expect(JSON.parse(config)).toMatchObject({ tls: { client: { clientCa: expect.any(String) as string } } });
  });

  it('is reached as a remote one with its certificates, and with none it says what is missing', async () => {
    const [ca, cert, key] = ['ca.crt', 'client.crt', 'client.key'].map((file) => path.join(certs(), file));
    const endpoints = `https://127.0.0.1:${base + 1},https://127.0.0.1:${base + 2}`;
    const remote = ['--endpoints', endpoints, '--ca', ca!, '--cert', cert!, '--key', key!];
    await ok('put', 'far', 'away', ...remote);
    expect(await ok('get', 'far', ...remote)).toBe('away');
    await ok('delete', 'far', ...remote);
    for (const [args, words] of [
      [['--endpoints', endpoints], /give the CA certificate/],
      [['--endpoints', endpoints, '--ca', ca!], /it presented no certificate/],
      [['--endpoints', `127.0.0.1:${base + 1}`], /This port speaks TLS/],
      [['--endpoints', endpoints, '--ca', path.join(certs(), 'none')], /none cannot be read/],
      [['--cert', cert!], /--cert goes with --endpoints/],
      [['--endpoints', endpoints, '--cert', cert!], /go together/],
    ] as const) {
      const result = await prkdb('get', 'k', ...args);
      expect(result.code).toBeGreaterThan(0);
      expect(result.stderr).toMatch(words);
    }
  });

  it('is joined from elsewhere with an address, a token and a certificate, and left again', async () => {
    const { clusterId } = JSON.parse(readFileSync(path.join(temp.path, 'clusters', NAME, 'cluster.json'), 'utf8')) as {
      clusterId: string;
    };
    await ok('certs', certs(), '--cluster-id', clusterId, '--node', '4=127.0.0.1');
    const away = path.join(temp.path, 'away');
    mkdirSync(away);
    for (const file of ['ca.crt', 'n4.crt', 'n4.key']) cpSync(path.join(certs(), file), path.join(away, file));
    const { id, token } = JSON.parse(await ok('token', 'create', '--cluster', NAME, '--rights', 'admin', '--json')) as {
      id: string;
      token: string;
    };
    const tokenFile = path.join(away, 'token');
    writeFileSync(tokenFile, token);
    const endpoints = `https://127.0.0.1:${base + 1},https://127.0.0.1:${base + 2}`;
    const where = ['--endpoints', endpoints, '--data-dir', path.join(away, 'data'), '--base-port', String(base)];
    for (const [args, words] of [
      [[], /needs a certificate of its own: give the directory where it is, --certs/],
      [['--certs', away], /asks for a token/],
      [['--certs', away, '--id', '5'], /There is no .*n5\.crt/],
      [['--certs', away, '--ca', path.join(away, 'ca.crt')], /either --certs or --ca/],
      [['--ca', path.join(away, 'ca.crt')], /needs all three/],
    ] as const) {
      const refused = await prkdb('node', 'join', ...where, ...args);
      expect(refused.code).toBeGreaterThan(0);
      expect(refused.stderr).toMatch(words);
    }
    const child = startCommand(temp.path, ['node', 'join', ...where, '--certs', away, '--token-file', tokenFile]);
    let said = '';
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (text: Buffer) => (said += text.toString()));
    const ended = new Promise<number | null>((resolve) => child.once('close', resolve));
    try {
      await eventually('it serves', () => Promise.resolve(said.includes('"ready":true') || child.exitCode !== null));
      expect(said).toContain('"ready":true');
      const config = JSON.parse(readFileSync(path.join(away, 'data', 'node.json'), 'utf8')) as object;
      expect(config).toMatchObject({ nodeId: 4, tls: { raft: { ca: path.join(away, 'ca.crt') } } });
      const [ca, cert, key] = ['ca.crt', 'n4.crt', 'n4.key'].map((file) => path.join(away, file));
      const remote = ['--ca', ca!, '--cert', cert!, '--key', key!, '--token-file', tokenFile];
      // Through its own port, whose certificate is for this address.
      const own = [`https://127.0.0.1:${base + 4}`, ...remote];
      // Not before it has learned the tokens of the cluster.
      await eventually('a value', async () => (await prkdb('get', 'k', '--endpoints', ...own)).text === 'v');
      // Refused as long as the leader has not heard of it.
      await eventually('it is let go', async () => {
        const { code, stderr } = await prkdb('node', 'remove', 'n4', '--endpoints', endpoints, ...remote);
        if (code !== 0) throw new Error(stderr);
        return true;
      });
      expect(await ended).not.toBe(0);
      expect(said).toContain('Node 4 was removed from the cluster');
    } finally {
      child.kill('SIGKILL');
      await ended;
      await ok('token', 'revoke', id, '--cluster', NAME);
    }
  }, 90_000);

  it('is watched and used by the app', async () => {
    const errors: unknown[] = [];
    const backend = await openBackend({
      supervisor: await createSupervisor({ home: temp.path, launcher: childProcessLauncher(), actor: 'app' }),
      home: temp.path,
      host: 'browser',
      version: '0.0.0',
      checkOutputs: true,
      onError: (error) => errors.push(error),
    });
    try {
      let led = 0;
      backend.router.subscribe(
        'cluster.live',
        { cluster: NAME },
        {
          message: (message) => {
            const { view } = message as { view?: { partitions: { leader: number }[] } };
            if (view !== undefined) led = view.partitions.filter((p) => p.leader !== 0).length;
          },
          error: (error) => errors.push(error),
        },
      );
      await eventually('the leaders', () => Promise.resolve(led === 4));
      const key = Buffer.from('from-the-app').toString('base64');
      const saved = await backend.router.handle('command', 'keys.put', {
        cluster: NAME,
        key,
        value: key,
        expectedRevision: 0,
      });
      expect(saved).toMatchObject({ ok: true, output: { outcome: 'saved' } });
      expect(errors).toEqual([]);
    } finally {
      await backend.close();
    }
  });

  it('renews what is missing at a start, and stops in order', async () => {
    await ok('down', NAME);
    rmSync(path.join(certs(), 'n2.crt'));
    rmSync(path.join(certs(), 'n2.key'));
    await ok('up', NAME, '--detach');
    expect(await ok('get', 'k')).toBe('v');
    await eventually('all three', async () => {
      const { nodes } = JSON.parse(await ok('status', NAME, '--json')) as { nodes: { state: string }[] };
      return nodes.every((node) => node.state === 'live');
    });
    expect((await prkdb('up', NAME, '--tls', '--detach')).code).toBe(0);
    const log = readFileSync(path.join(temp.path, 'clusters', NAME, 'n1', 'node.log'), 'utf8');
    expect(log).toContain('asked to, with its token');
  });

  it('does not become one by an option', async () => {
    const other = String(await freeBasePort(1));
    await ok('up', 'plain', '--nodes', '1', '--base-port', other, '--detach');
    const result = await prkdb('up', 'plain', '--tls', '--detach');
    await ok('down', 'plain');
    await ok('rm', 'plain', '--yes');
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(/already exists without TLS/);
  });
});
