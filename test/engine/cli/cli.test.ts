import { readdirSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { errorLines } from '../../../engine/cli/errors.ts';
import { jsonBytes, printable, table } from '../../../engine/cli/output.ts';
import { runCommand } from '../../support/command.ts';
import { FakeCluster } from '../../support/fake-cluster.ts';
import { tempDir } from '../../support/temp.ts';

let temp: ReturnType<typeof tempDir>;

beforeEach(() => {
  temp = tempDir();
});

afterEach(() => temp.remove());

const prkdb = (...args: string[]) => runCommand(temp.path, args);

describe('a command line that is not understood', () => {
  it.each([
    [/unknown command/, ['frobnicate']],
    [/unknown option/, ['up', '--bogus']],
    [/whole number from 1 to 9/, ['up', '--nodes', '10']],
    [/whole number from 1 to 9/, ['up', '--nodes', 'three']],
    [/whole number from 1 to 256/, ['up', '--partitions', '-1']],
    [/whole number from 1024 to 65000/, ['up', '--base-port', '80']],
    [/Allowed choices are linearizable, follower, stale/, ['get', 'k', '--read', 'sometimes']],
    [/missing required argument/, ['kill', 'demo']],
    [/too many arguments/, ['down', 'demo', 'other']],
    [/is not a node/, ['kill', 'demo', 'node-one']],
    [/is not a node/, ['kill', 'demo', '0']],
    [/not both/, ['get', 'k', '--endpoints', 'localhost:1', '--cluster', 'demo']],
    [/Say what to do: run, join, add, remove or replace/, ['node']],
  ])('says %s with code 2', async (message, args) => {
    const result = await prkdb(...args);
    expect(result.code).toBe(2);
    expect(result.stderr).toMatch(message);
    expect(result.stderr).toMatch(/^prkdb: /);
    expect(result.text).toBe('');
  });

  it('shows help with code 0', async () => {
    const help = await prkdb('--help');
    expect(help.code).toBe(0);
    for (const name of 'up ls down rm rename import status kill pause resume restart start logs put get delete scan node serve'.split(
      ' ',
    )) {
      expect(help.text).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
    }
  });
});

describe('a token on the command line', () => {
  it('is warned of where everybody on the way could read it', async () => {
    const get = (endpoint: string) =>
      prkdb('get', 'k', '--endpoints', endpoint, '--token', 'prkdb_x', '--timeout', '50').then(({ stderr }) => stderr);
    expect(await get('http://db.invalid:1')).toMatch(/The token goes to http:\/\/db\.invalid:1 in plaintext/);
    for (const endpoint of ['https://db.invalid:1', 'http://127.0.0.1:1', 'localhost:1', '[::1]:1']) {
      expect(await get(endpoint)).not.toContain('in plaintext');
    }
  });
});

describe('what cannot be done', () => {
  it.each([
    [/There is no cluster yet/, ['status']],
    [/There is no cluster called nowhere/, ['status', 'nowhere']],
    [/There is no cluster called nowhere/, ['down', 'nowhere']],
    [/There is no cluster called nowhere/, ['logs', 'nowhere', '1']],
    [/is not a cluster name/, ['up', 'Not_A_Name', '--detach']],
    [/is not a cluster name/, ['rm', '../..', '--yes']],
    [/replication factor is at most/, ['up', 'x', '--detach', '--nodes', '2', '--replication-factor', '3']],
    [/No local cluster is running/, ['get', 'k']],
    [/has no port/, ['get', 'k', '--endpoints', 'localhost']],
    [/at least one endpoint/, ['get', 'k', '--endpoints', ',']],
    [/cannot be read/, ['node', '--config', '/no/such/file']],
  ])('is said, %s, in two lines at most, with code 1', async (message, args) => {
    const result = await prkdb(...args);
    expect(result.code).toBe(1);
    expect(result.stderr).toMatch(message);
    expect(result.stderr.trimEnd().split('\n').length).toBeLessThanOrEqual(2);
    expect(result.stderr).not.toMatch(/^\s+at /m);
    expect(readdirSync(path.join(temp.path))).not.toContain('nowhere');
  });

  it('shows where an error comes from only when asked to', async () => {
    const error = new Error('first line\nsecond line');
    expect(errorLines(error)).toEqual(['prkdb: first line second line', expect.stringContaining('PRKDB_DEBUG=1')]);
  });
});

describe('data commands', () => {
  let cluster: FakeCluster;

  beforeEach(async () => {
    cluster = await FakeCluster.start(1, 4);
  });

  afterEach(() => cluster.stop());

  const data = (...args: string[]) => prkdb(...args, '--endpoints', cluster.endpoints.join(','));

  it('write, read, list and delete', async () => {
    expect(await data('put', 'a', 'one')).toMatchObject({ code: 0, stderr: '' });
    expect((await data('get', 'a')).text).toBe('one');
    expect(JSON.parse((await data('get', 'a', '--json')).text)).toMatchObject({ key: 'a', value: 'one', revision: 1 });
    await data('put', 'b', 'two');
    const page = await data('scan', '--limit', '1');
    expect(page.text).toBe('a\tone\n');
    expect(page.stderr).toContain('--cursor YQ');
    expect((await data('scan', '--cursor', 'YQ')).text).toBe('b\ttwo\n');
    expect((await data('scan', 'b', '--keys-only')).text).toBe('b\n');
    expect(await data('delete', 'a')).toMatchObject({ code: 0, text: 'deleted\n' });
    expect(await data('get', 'a')).toMatchObject({ code: 1, text: '', stderr: 'prkdb: There is no key "a".\n' });
  });

  it('carry any bytes', async () => {
    const bytes = Buffer.from([0, 255, 27, 10, 13]);
    await runCommand(temp.path, ['put', 'k', '-', '--endpoints', cluster.endpoints.join(',')], bytes);
    expect((await data('get', 'k')).stdout.equals(bytes)).toBe(true);
    expect((await data('scan')).text).toBe('k\t\\x00\\xff\\x1b\\x0a\\x0d\n');
    expect(JSON.parse((await data('get', 'k', '--json')).text)).toMatchObject({ value: null, valueBase64: 'AP8bCg0=' });
  });

  it('refuse what no node would accept', async () => {
    expect(await data('get', '')).toMatchObject({ code: 1 });
    expect((await data('put', 'k'.repeat(4097), 'v')).stderr).toContain('at most 4096');
    const big = Buffer.alloc(1024 * 1024 + 1);
    const put = await runCommand(temp.path, ['put', 'k', '-', '--endpoints', cluster.endpoints.join(',')], big);
    expect(put.stderr).toContain('1 MiB');
    expect((await data('scan', '--cursor', '!')).stderr).toContain('cursor');
  });

  it('say within their time that there is no leader', async () => {
    cluster.leaders.fill(0);
    const result = await data('put', 'k', 'v', '--timeout', '300');
    expect(result.code).toBe(1);
    expect(result.stderr).toContain('had no leader within 300 ms');
  });
});

describe('output', () => {
  it('cannot steer a terminal', () => {
    expect(printable(Buffer.from('plain grüße'))).toBe('plain grüße');
    expect(printable(Buffer.from('\u001b[31mred\\\n'))).toBe('\\x1b[31mred\\\\\\x0a');
    expect(printable(Buffer.from([0x61, 0xff]))).toBe('a\\xff');
  });

  it('aligns columns and keeps bytes', () => {
    expect(table(['A', 'B'], [['long', '1']])).toBe('A     B\nlong  1');
    expect(jsonBytes('key', Buffer.from([0xff]))).toEqual({ key: null, keyBase64: '/w==' });
  });
});
