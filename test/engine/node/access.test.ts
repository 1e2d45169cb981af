import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as grpc from '@grpc/grpc-js';
import { afterAll, describe, expect, it } from 'vitest';
import { makeToken, tokenId } from '../../../engine/config/tokens.ts';
import type { CertificateFiles } from '../../../engine/net/certificate-files.ts';
import { isMemberCall, readConfiguredAccess } from '../../../engine/node/access.ts';
import { TestAuthority } from '../../support/certificates.ts';

const directory = mkdtempSync(path.join(os.tmpdir(), 'prkdb-test-'));
afterAll(() => rmSync(directory, { recursive: true, force: true }));

describe('a call of a member', () => {
  it('comes with a certificate of the cluster’s own authority, in the name of that member', async () => {
    const authority = await TestAuthority.create(directory);
    const stranger = await TestAuthority.create(directory, 'stranger');
    const raft = { current: { ca: Buffer.from(authority.pair.cert) } } as CertificateFiles;
    const ports = { host: '127.0.0.1', clientPort: 1, raftPort: 2, metricsPort: 3 };
    const config = { clusterId: 'c', members: [{ id: 1, ...ports }] };
    const isMember = (pem: string | Buffer | null, files: CertificateFiles | null = raft): boolean => {
      const sslPeerCertificate = pem === null ? undefined : { raw: new X509Certificate(pem).raw };
      const call = {
        metadata: new grpc.Metadata(),
        getPeer: () => '127.0.0.1:1',
        getAuthContext: () => ({ sslPeerCertificate: sslPeerCertificate as never }),
      };
      return isMemberCall(call, config, files);
    };
    const own = await authority.node('c', 1);
    expect(isMember(own.cert)).toBe(true);
    expect(isMember(own.cert, null)).toBe(false);
    expect(isMember(null)).toBe(false);
    expect(isMember((await authority.node('c', 2)).cert)).toBe(false);
    expect(isMember((await authority.node('other', 1)).cert)).toBe(false);
    expect(isMember((await stranger.node('c', 1)).cert)).toBe(false);
    expect(isMember((await authority.expiredNode('c', 1)).cert)).toBe(false);
    expect(isMember((await authority.client()).cert)).toBe(false);
  });
});

describe('the admin token of the configuration', () => {
  it('is read from its file, which must hold one', () => {
    const adminTokenFile = path.join(directory, 'token');
    const read = () => readConfiguredAccess({ access: { anonymous: 'loopback', adminTokenFile } });
    expect(read).toThrow(/cannot be read/);
    writeFileSync(adminTokenFile, 'secret\n');
    expect(read).toThrow(/holds no token.*prkdb token generate/);
    const token = makeToken();
    writeFileSync(adminTokenFile, `${token}\n`);
    const { own, toNodes } = read();
    expect(own.map(({ id, right }) => [id, right])).toEqual([
      [tokenId(token), 'admin'],
      [tokenId(toNodes!), 'read'],
    ]);
    expect(JSON.stringify(own)).not.toContain(token);
    expect(readConfiguredAccess({ access: undefined })).toEqual({ own: [], toNodes: undefined });
  });
});
