import { describe, expect, it } from 'vitest';
import { makeToken, tokenHash, tokenId } from '../../../engine/config/tokens.ts';
import { TokenRequestError, Tokens } from '../../../engine/server/tokens.ts';
import { TokenSource, type Mutation, type WriteAnswer } from '../../../engine/store/index.ts';
import type { Grant } from '../../../engine/server/access.ts';
import type { StateMachine } from '../../../engine/storage/types.ts';

/** The system group of one node that leads it, without Raft. */
function systemGroup(own: readonly Grant[] = [], failure: WriteAnswer | null = null) {
  const rows = new Map<string, Uint8Array>();
  const state = {
    scan: () => ({
      rows: [...rows].map(([key, value]) => ({ key: Buffer.from(key), value })),
      more: false,
    }),
  } as unknown as StateMachine;
  const source = new TokenSource(state);
  const store = {
    nodeId: 1,
    writeSystem: (mutation: Mutation, _deadlineMs: number, respond: (answer: WriteAnswer) => void) => {
      if (failure !== null) return respond(failure);
      const key = Buffer.from(mutation.key).toString();
      if (mutation.kind === 'put') rows.set(key, mutation.value);
      else rows.delete(key);
      source.learn();
      respond({ ok: true, index: 1, result: { kind: 'deleted', found: true, revision: 1 } });
    },
  };
  const tokens = new Tokens({ store, tokens: () => source.all, own, wallMs: () => 1000, monotonicMs: () => 0 });
  return { rows, source, tokens };
}

const request = (right: string, token = makeToken()) => ({
  id: tokenId(token)!,
  sha256: tokenHash(token),
  name: 'somebody',
  right,
  ttlMs: 0,
});

function refusal(promise: Promise<unknown>): Promise<unknown> {
  return promise.then(
    () => 'done',
    (error: unknown) => error,
  );
}

describe('the tokens of a cluster', () => {
  it('are kept as hashes, under keys of the system group', async () => {
    const { rows, source, tokens } = systemGroup();
    const token = makeToken();
    await tokens.create({ ...request('admin', token), ttlMs: 500 });
    expect([...rows.keys()]).toEqual([`token/${tokenId(token)}`]);
    expect(Buffer.concat([...rows.values()]).toString()).not.toContain(token.slice(-20));
    expect(source.all.get(tokenId(token)!)).toMatchObject({ right: 'admin', name: 'somebody', expiresAtMs: 1500 });
    expect(tokens.list()).toMatchObject([{ id: tokenId(token), right: 'admin' }]);
    await tokens.revoke({ id: tokenId(token)! });
    expect(source.all.size).toBe(0);
  });

  it('are made once, however often that is asked', async () => {
    const { tokens } = systemGroup();
    const token = makeToken();
    await tokens.create(request('admin', token));
    await expect(tokens.create(request('admin', token))).resolves.toMatchObject({ id: tokenId(token) });
    expect(await refusal(tokens.create(request('read', token)))).toMatchObject({ kind: 'refused' });
    expect(tokens.list()).toHaveLength(1);
  });

  it('never leave a cluster that nobody can administrate', async () => {
    const { tokens } = systemGroup();
    expect(await refusal(tokens.create(request('read')))).toMatchObject({ kind: 'refused' });
    const admin = request('admin');
    await tokens.create(admin);
    await tokens.create(request('read'));
    expect(await refusal(tokens.revoke({ id: admin.id }))).toMatchObject({ kind: 'refused' });
    await tokens.create(request('admin'));
    expect(await refusal(tokens.revoke({ id: admin.id }))).toBe('done');
  });

  it('may be for reading alone where the configuration has one for administration', async () => {
    const founding = makeToken();
    const own = { id: tokenId(founding)!, name: '', right: 'admin' as const, sha256: '', expiresAtMs: 0 };
    const { tokens } = systemGroup([own]);
    expect(await refusal(tokens.create(request('read')))).toBe('done');
    expect(await refusal(tokens.revoke({ id: own.id }))).toMatchObject({ kind: 'refused' });
    expect(await refusal(tokens.create(request('read', founding)))).toMatchObject({ kind: 'refused' });
  });

  it('refuse what is none', async () => {
    const { tokens } = systemGroup();
    const bad = [
      { id: '../routing' },
      { right: 'root' },
      { sha256: new Uint8Array(31) },
      { name: 'x'.repeat(65) },
      { name: 'a\nb' },
      { ttlMs: 2 ** 63 },
    ];
    for (const part of bad) {
      const error = await refusal(tokens.create({ ...request('admin'), ...part }));
      expect(error).toBeInstanceOf(TokenRequestError);
      expect(error).toMatchObject({ kind: 'invalid' });
    }
    expect(await refusal(tokens.revoke({ id: 'routing' }))).toMatchObject({ kind: 'invalid' });
  });

  it('say who can change them, when that is another node', async () => {
    const { tokens } = systemGroup([], { ok: false, reason: 'notLeader', leader: 3 });
    expect(await refusal(tokens.create(request('admin')))).toMatchObject({ kind: 'notHere', leader: 3 });
  });

  it('are read without what is none of ours', async () => {
    const { rows, source, tokens } = systemGroup();
    rows.set('token/zz', Buffer.from('not JSON'));
    rows.set('token/yy', Buffer.from('{"id":"../x"}'));
    await tokens.create(request('admin'));
    expect(source.all.size).toBe(1);
  });
});
