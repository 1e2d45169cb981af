import { X509Certificate } from 'node:crypto';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { CertificateDirectory } from '../../../engine/net/certificate-directory.ts';
import { readCertificates } from '../../../engine/net/certificates.ts';
import { CertificateError } from '../../../engine/net/errors.ts';
import { runCommand } from '../../support/command.ts';
import { tempDir } from '../../support/temp.ts';

let temp: ReturnType<typeof tempDir>;
let dir: string;

beforeEach(() => {
  temp = tempDir();
  dir = path.join(temp.path, 'certs');
});

afterEach(() => temp.remove());

const prkdb = (...args: string[]) => runCommand(temp.path, ['certs', dir, ...args]);
const certificate = (name: string) => new X509Certificate(readFileSync(path.join(dir, `${name}.crt`)));

describe('prkdb certs', () => {
  it('makes an authority, nodes and clients that a node accepts', async () => {
    const made = await prkdb(
      '--cluster-id',
      'c-1',
      '--nodes',
      '2',
      '--node',
      '3=db3.example.com,10.0.0.3',
      '--client',
      'me',
    );
    expect(made).toMatchObject({ code: 0, stderr: '' });
    expect(readdirSync(dir).sort()).toEqual(
      ['ca', 'me', 'n1', 'n2', 'n3'].flatMap((name) => [`${name}.crt`, `${name}.key`]),
    );
    for (const file of readdirSync(dir)) {
      expect(statSync(path.join(dir, file)).mode & 0o777).toBe(file.endsWith('.key') ? 0o600 : 0o644);
    }
    const ca = certificate('ca');
    expect(ca.ca).toBe(true);
    for (const id of [1, 2, 3]) {
      const { cert, key } = new CertificateDirectory(dir).nodeFiles(id);
      const rules = { ownCa: true, name: `n${id}.c-1.prkdb` };
      const { leaf } = readCertificates({ cert, key, ca: [path.join(dir, 'ca.crt')] }, rules);
      expect(leaf.verify(ca.publicKey)).toBe(true);
    }
    expect(certificate('n3').checkHost('db3.example.com')).toBeDefined();
    expect(certificate('n3').checkIP('10.0.0.3')).toBeDefined();
    expect(certificate('n1').checkIP('127.0.0.1')).toBeDefined();
    expect(certificate('me').checkHost('n1.c-1.prkdb')).toBeUndefined();
    expect(certificate('n1').publicKey.asymmetricKeyDetails).toMatchObject({ namedCurve: 'prime256v1' });
  });

  it('overwrites nothing, and issues more from the authority that is there', async () => {
    await prkdb('--cluster-id', 'c', '--nodes', '1');
    const before = readFileSync(path.join(dir, 'n1.crt'), 'utf8');
    const again = await prkdb('--cluster-id', 'c', '--nodes', '2');
    expect(again.code).toBe(1);
    expect(again.stderr).toMatch(/^prkdb: .*n1\.crt is already there, and is not overwritten/);
    expect(readFileSync(path.join(dir, 'n1.crt'), 'utf8')).toBe(before);
    expect(readdirSync(dir)).toHaveLength(4);
    expect((await prkdb('--client', 'later', '--days', '7')).code).toBe(0);
    const later = certificate('later');
    expect(later.verify(certificate('ca').publicKey)).toBe(true);
    expect(Date.parse(later.validTo) - Date.now()).toBeLessThan(7 * 86_400_000);
  });

  it.each([
    [/for whom/, []],
    [/--cluster-id/, ['--nodes', '1']],
    [/letters, digits, dots and hyphens/, ['--nodes', '1', '--cluster-id', 'a b']],
    [/is not a node/, ['--node', 'one', '--cluster-id', 'c']],
    [/no name for a client/, ['--client', 'n1']],
    [/no name for a client/, ['--client', '../x']],
  ])('says %s', async (words, args) => {
    const result = await prkdb(...args);
    expect(result.code).toBe(2);
    expect(result.stderr).toMatch(words);
  });
});

describe('certificates that cannot be used', () => {
  const read = (cert: string, key: string, name?: string, ca = 'ca') => {
    const file = (base: string, end: string) => path.join(dir, `${base}.${end}`);
    const paths = { cert: file(cert, 'crt'), key: file(key, 'key'), ca: [file(ca, 'crt')] };
    return () => readCertificates(paths, { ownCa: true, name });
  };

  it('are named, with what to do', async () => {
    await prkdb('--cluster-id', 'c', '--nodes', '2');
    expect(read('n1', 'n1', 'n1.c.prkdb')).not.toThrow();
    expect(read('n1', 'n2')).toThrow(/key in .*n2\.key does not belong to .*n1\.crt/);
    expect(read('n1', 'n1', 'n2.c.prkdb')).toThrow(/is for n1\.c\.prkdb, .*must be for n2\.c\.prkdb/);
    expect(read('n9', 'n1')).toThrow(/n9\.crt cannot be read/);
    writeFileSync(path.join(dir, 'n8.crt'), 'nothing');
    expect(read('n8', 'n1')).toThrow(/holds no certificate in PEM form/);
    writeFileSync(path.join(dir, 'n7.key'), 'nothing');
    expect(read('n1', 'n7')).toThrow(/holds no private key in PEM form/);
    const other = new CertificateDirectory(path.join(temp.path, 'other'));
    const authority = await other.authority('other');
    writeFileSync(path.join(dir, 'other.crt'), authority.cert);
    expect(read('n1', 'n1', undefined, 'other')).toThrow(/is not of the authority in .*other\.crt/);
    expect(read('n1', 'n1', undefined, 'other')).toThrow(CertificateError);
  });
});
