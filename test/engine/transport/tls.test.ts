import { writeFileSync } from 'node:fs';
import { Client, status, type StatusObject } from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { CertificateFiles } from '../../../engine/net/certificate-files.ts';
import { tlsCredentials } from '../../../engine/net/credentials.ts';
import { helloFrame } from '../../../engine/transport/handshake.ts';
import { snapshotMethod } from '../../../engine/transport/snapshot-service.ts';
import { TestAuthority } from '../../support/certificates.ts';
import { tempDir } from '../../support/temp.ts';
import { envelope } from './frames.ts';
import { Cleanup, connected, freePorts, startNode, until, type TestNode } from './harness.ts';

const CLUSTER = 'test-cluster';
const cleanup = new Cleanup();
afterEach(() => cleanup.run());

async function authority(): Promise<TestAuthority> {
  const directory = tempDir();
  cleanup.add(() => directory.remove());
  return TestAuthority.create(directory.path);
}

/** A node under the certificate of `certifiedAs`. */
async function tlsNode(
  ca: TestAuthority,
  self: number,
  certifiedAs: number,
  ports: readonly number[],
): Promise<TestNode> {
  const files = ca.write(`${self}`, await ca.node(CLUSTER, certifiedAs));
  const paths = { ...files, ca: [ca.caFile] };
  const certificates = new CertificateFiles({ paths, rules: { ownCa: true }, onReload: () => undefined });
  cleanup.add(() => certificates.close());
  return startNode(cleanup, self, ports, { certificates });
}

describe('peers over mutual TLS', () => {
  it('exchange messages', async () => {
    const ca = await authority();
    const ports = await freePorts(2);
    const one = await tlsNode(ca, 1, 1, ports);
    const two = await tlsNode(ca, 2, 2, ports);
    await until('a link', () => connected(one, 2) && connected(two, 1));
    one.transport.send(2, [envelope()]);
    await until('the message', () => two.received.length > 0);
    expect(one.refusals).toEqual([]);
    expect(two.refusals).toEqual([]);
  });

  it('are refused when they dial under the certificate of another node', async () => {
    const ca = await authority();
    const ports = await freePorts(3);
    const one = await tlsNode(ca, 1, 3, ports);
    const two = await tlsNode(ca, 2, 2, ports);
    await until('both reports', () => one.refusals.length > 0 && two.refusals.length > 0);
    expect(two.refusals[0]).toMatch(
      /it says that it is node 1, and its certificate is for n3\.test-cluster\.prkdb, .*, not for n1\.test-cluster\.prkdb$/,
    );
    expect(one.refusals.join()).toContain('refused this node: it says that it is node 1');
    expect([...one.events, ...two.events]).toEqual([]);
  });

  it('are refused when they offer a snapshot under the certificate of another node', async () => {
    const ca = await authority();
    const ports = await freePorts(3);
    const two = await tlsNode(ca, 2, 2, ports);
    const offer = async (certifiedAs: number): Promise<StatusObject> => {
      const { cert, key } = await ca.node(CLUSTER, certifiedAs);
      const credentials = tlsCredentials({ ca: ca.pair.cert, cert, key }).dial(`127.0.0.1:${ports[1]}`);
      const client = new Client(`127.0.0.1:${ports[1]}`, credentials.credentials, credentials.options);
      cleanup.add(() => client.close());
      const { path, requestSerialize, responseDeserialize } = snapshotMethod();
      const call = client.makeBidiStreamRequest(path, requestSerialize, responseDeserialize);
      call.on('error', () => undefined);
      call.resume();
      call.write({ hello: helloFrame({ self: 1, clusterId: CLUSTER, incarnation: '' }, 2).hello });
      return new Promise((resolve) => call.on('status', resolve));
    };
    const stolen = await offer(3);
    expect(stolen).toMatchObject({ code: status.PERMISSION_DENIED });
    expect(stolen.details).toContain('it says that it is node 1, and its certificate is for n3.');
    expect(two.refusals.join()).toContain(stolen.details);
    // Under its own name it is heard, and offers nothing.
    expect((await offer(1)).details).toContain('offers no snapshot');
  });

  it('are refused when they answer under the certificate of another node', async () => {
    const ca = await authority();
    const ports = await freePorts(3);
    const one = await tlsNode(ca, 1, 1, ports);
    const two = await tlsNode(ca, 2, 3, ports);
    await until('a report', () => one.refusals.length > 0);
    expect(one.refusals[0]).toMatch(
      /the certificate there is for n3\.test-cluster\.prkdb, .*, not for n2\.test-cluster\.prkdb$/,
    );
    expect([...one.events, ...two.events]).toEqual([]);
  });

  it.each([
    // The one that dials, and the one that is dialed.
    [1, /not of an authority that is trusted here/],
    [2, /no longer accepted since the CA changed/],
  ])('part when node %i no longer trusts the authority of the other', async (changed, words) => {
    const ca = await authority();
    const stranger = await TestAuthority.create(ca.directory, 'stranger');
    const ports = await freePorts(2);
    const write = async (by: TestAuthority, self: number) => {
      writeFileSync(`${ca.directory}/trusted-${self}.crt`, by.pair.cert);
      return by.write(`own-${self}`, await by.node(CLUSTER, self));
    };
    const start = async (self: number) => {
      const paths = { ...(await write(ca, self)), ca: [`${ca.directory}/trusted-${self}.crt`] };
      const certificates = new CertificateFiles({ paths, rules: { ownCa: true }, onReload: () => undefined });
      cleanup.add(() => certificates.close());
      return startNode(cleanup, self, ports, { certificates });
    };
    const one = await start(1);
    const two = await start(2);
    await until('a link', () => connected(one, 2) && connected(two, 1));
    await write(stranger, changed);
    await until('the end of the link', () => !connected(one, 2) && !connected(two, 1));
    await until('both reports', () => one.refusals.length > 0 && two.refusals.length > 0);
    expect([connected(one, 2), connected(two, 1)]).toEqual([false, false]);
    expect((changed === 1 ? one : two).refusals.join()).toMatch(words);
    // What both trust brings them together again.
    await write(ca, changed);
    await until('the link again', () => connected(one, 2) && connected(two, 1));
  });

  it('and a plaintext one do not meet, and both say why', async () => {
    const ca = await authority();
    const ports = await freePorts(3);
    // 1 speaks plaintext, and dials 2; 2 speaks TLS, and dials 3, which speaks plaintext.
    const one = await startNode(cleanup, 1, ports);
    const two = await tlsNode(ca, 2, 2, ports);
    const three = await startNode(cleanup, 3, ports);
    const said = (node: TestNode, words: RegExp): boolean => node.refusals.some((reason) => words.test(reason));
    await until('1 hears of TLS', () => said(one, /refused this node: This port speaks TLS/));
    await until('2 saw plaintext', () => said(two, /it speaks plaintext on a TLS port/));
    await until('2 hears plaintext', () => said(two, /it does not speak TLS on that port/));
    await until('3 saw TLS', () => said(three, /it speaks TLS on a plaintext port/));
    expect([...one.events, ...two.events].filter((event) => event !== 'connected 3')).toEqual([]);
  });
});
