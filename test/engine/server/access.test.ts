import * as grpc from '@grpc/grpc-js';
import { afterEach, describe, expect, it } from 'vitest';
import { makeToken, nodeToken, tokenHash, tokenId, type Right } from '../../../engine/config/tokens.ts';
import { Access, isAccessRefusal, type AccessOptions, type Caller, type Grant } from '../../../engine/server/access.ts';
import { rightFor } from '../../../engine/server/rights.ts';

function grant(token: string, right: Right, expiresAtMs = 0): Grant {
  return { id: tokenId(token)!, name: `for ${right}`, right, sha256: tokenHash(token).toString('hex'), expiresAtMs };
}

function call(authorization: string | null, peer = '127.0.0.1:40000') {
  const metadata = new grpc.Metadata();
  if (authorization !== null) metadata.set('authorization', authorization);
  return { metadata, getPeer: () => peer, getAuthContext: () => ({}) };
}

let access: Access | undefined;
const refused: string[] = [];
let nowMs = 1_000_000;
const tokens = new Map<string, Grant>();

function open(options: Partial<AccessOptions> = {}): Access {
  access = new Access({
    anonymous: 'loopback',
    certified: false,
    own: [],
    tokens: () => tokens,
    mayBeMore: () => false,
    isNode: () => false,
    nowMs: () => nowMs,
    onRefused: (reason) => refused.push(reason),
    ...options,
  });
  return access;
}

function known(access: Access, authorization: string | null, peer?: string): Caller {
  const caller = access.identify(call(authorization, peer));
  if (isAccessRefusal(caller)) throw new Error(caller.message);
  return caller;
}

function give(right: Right, expiresAtMs = 0): string {
  const token = makeToken();
  tokens.set(tokenId(token)!, grant(token, right, expiresAtMs));
  return token;
}

afterEach(() => {
  access?.close();
  tokens.clear();
  refused.length = 0;
});

describe('callers without a token', () => {
  it('are served on the node’s own machine, as long as there is no token', () => {
    const access = open();
    for (const peer of ['127.0.0.1:9', '::1:9', '::ffff:127.0.0.1:9']) {
      expect(access.check(known(access, null, peer), 'admin')).toBeNull();
    }
    for (const peer of ['10.0.0.1:9', 'fe80::1:9', 'unknown', '128.127.0.0.1:9']) {
      const refusal = access.check(known(access, null, peer), 'read');
      expect(refusal).toMatchObject({ code: grpc.status.UNAUTHENTICATED });
      expect(refusal?.message).toContain('prkdb token create');
    }
    give('admin');
    expect(access.check(known(access, null), 'read')?.message).toContain('asks for a token');
  });

  it('are served everywhere, or nowhere, where the configuration says so', () => {
    const everywhere = open({ anonymous: 'everywhere' });
    expect(everywhere.check(known(everywhere, null, '10.0.0.1:9'), 'write')).toBeNull();
    const certified = open({ certified: true });
    expect(certified.check(known(certified, null, '10.0.0.1:9'), 'write')).toBeNull();
    const ofNodes = open({ anonymous: 'nobody', isNode: () => true });
    expect(ofNodes.check(known(ofNodes, null), 'read')).toBeNull();
    expect(ofNodes.check(known(ofNodes, null), 'write')).not.toBeNull();
    const unsure = open({ anonymous: 'everywhere', mayBeMore: () => true });
    expect(unsure.check(known(unsure, null), 'read')).toMatchObject({ code: grpc.status.UNAVAILABLE });
    // Nor by the token of the nodes, where this one was not founded with it.
    expect(ofNodes.check(known(ofNodes, `Bearer ${makeToken()}`), 'read')).toBeNull();
    expect(ofNodes.check(known(ofNodes, `Bearer ${makeToken()}`), 'admin')).not.toBeNull();
    const nobody = open({ anonymous: 'nobody' });
    expect(nobody.check(known(nobody, null), 'read')).toMatchObject({ code: grpc.status.UNAUTHENTICATED });
  });

  it('is told to try again when the node has not yet learned the tokens of the cluster that it joined', () => {
    const unsure = open({ mayBeMore: () => true });
    const refusal = unsure.identify(call(`Bearer ${makeToken()}`));
    expect(refusal).toMatchObject({ code: grpc.status.UNAVAILABLE, message: expect.stringMatching(/Try again/) });
    expect(open().identify(call(`Bearer ${makeToken()}`))).toMatchObject({ code: grpc.status.UNAUTHENTICATED });
  });

  it('are not served again when the only token has expired', () => {
    give('admin', nowMs - 1);
    const access = open();
    expect(access.check(known(access, null), 'read')).not.toBeNull();
  });
});

describe('a token', () => {
  it('allows its right and those below it', () => {
    const access = open();
    const allowed = (right: Right) => {
      const caller = known(access, `Bearer ${give(right)}`, '10.0.0.1:9');
      return (['read', 'write', 'admin'] as const).map((asked) => access.check(caller, asked) === null);
    };
    expect(allowed('read')).toEqual([true, false, false]);
    expect(allowed('write')).toEqual([true, true, false]);
    expect(allowed('admin')).toEqual([true, true, true]);
    const refusal = access.check(known(access, `Bearer ${give('read')}`), 'write');
    expect(refusal).toMatchObject({
      code: grpc.status.PERMISSION_DENIED,
      message: 'The token "for read" is for reading, and this needs one for writing.',
    });
  });

  it('that is wrong lets nobody in, even where no token is needed', () => {
    const access = open();
    const good = makeToken();
    const forged = `${good.slice(0, -1)}${good.endsWith('A') ? 'B' : 'A'}`;
    for (const text of [`Bearer ${good}`, 'Bearer x', 'Basic eA==', '', 'Bearer ']) {
      expect(access.identify(call(text))).toMatchObject({ code: grpc.status.UNAUTHENTICATED });
    }
    tokens.set(tokenId(good)!, grant(good, 'read'));
    expect(access.identify(call(`bearer ${good}`))).toMatchObject({ grantId: tokenId(good) });
    expect(access.identify(call(`Bearer ${forged}`))).toMatchObject({ code: grpc.status.UNAUTHENTICATED });
  });

  it('of the configuration works beside the cluster’s, and those of nodes follow from it', () => {
    const admin = makeToken();
    const ofNodes = nodeToken(admin);
    const access = open({ anonymous: 'nobody', own: [grant(admin, 'admin'), grant(ofNodes, 'read')] });
    expect(access.check(known(access, `Bearer ${admin}`), 'admin')).toBeNull();
    expect(nodeToken(admin)).toBe(ofNodes);
    expect(access.check(known(access, `Bearer ${ofNodes}`), 'write')).not.toBeNull();
    expect(ofNodes).not.toContain(tokenId(admin));
  });
});

describe('an open call', () => {
  it('ends when its token is revoked or expires, and others go on', () => {
    const access = open();
    const ended: string[] = [];
    const watch = (name: string, token: string) =>
      access.watch(known(access, `Bearer ${token}`), 'read', ({ message }) => ended.push(`${name}: ${message}`));
    const revoked = give('read');
    watch('a', revoked);
    watch('b', give('read', nowMs + 10));
    watch('c', give('read'));
    access.recheck();
    expect(ended).toEqual([]);
    tokens.delete(tokenId(revoked)!);
    nowMs += 11;
    access.recheck();
    access.recheck();
    expect(ended).toEqual([
      'a: The token has been revoked.',
      'b: The token "for read" has expired. Ask for a new one.',
    ]);
    expect(refused).toEqual([
      'an open call from 127.0.0.1: its token has been revoked',
      'an open call from 127.0.0.1: the token "for read" has expired',
    ]);
  });

  it('of nobody in particular ends with the first token', () => {
    const access = open();
    let ended = 0;
    access.watch(known(access, null), 'read', () => ended++);
    access.recheck();
    expect(ended).toBe(0);
    give('admin');
    access.recheck();
    expect(ended).toBe(1);
  });
});

describe('the right for a call', () => {
  it('is the highest of its service for what nobody thought of', () => {
    expect(rightFor('/prkdb.cluster.ClusterService/Status')).toBe('read');
    expect(rightFor('/raft.PrkDbService/Put')).toBe('write');
    expect(rightFor('/prkdb.cluster.ClusterService/SetFaults')).toBe('admin');
    expect(rightFor('/raft.PrkDbService/SomethingNew')).toBe('write');
    expect(rightFor('/prkdb.cluster.ClusterService/SomethingNew')).toBe('admin');
    expect(rightFor('/another.Service/Method')).toBe('admin');
    expect(rightFor('/grpc.health.v1.Health/Check')).toBeNull();
  });
});
