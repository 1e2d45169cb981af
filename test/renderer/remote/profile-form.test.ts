import { describe, expect, it } from 'vitest';
import type { Profile } from '../../../electron/contract/remote.ts';
import { profileDraftSchema } from '../../../electron/contract/remote.ts';
import {
  emptyProfileForm,
  formOf,
  readProfile,
  usesTls,
  withEnvironment,
} from '../../../renderer/features/remote/profile-form.ts';

const filled = { ...emptyProfileForm, name: 'k8s', endpoints: ['10.0.0.1:2379', ' '] };

describe('the fields of a profile', () => {
  it('become a draft that the contract takes', () => {
    const read = readProfile(filled, false, true);
    expect(read).toMatchObject({ ok: true, draft: { endpoints: ['10.0.0.1:2379'], tls: null, kind: null } });
    expect(read.ok && profileDraftSchema.safeParse(read.draft).success).toBe(true);
  });

  it('are named where they are wrong', () => {
    const problems = (form: typeof filled) => {
      const read = readProfile(form, false, true);
      return read.ok ? [] : Object.keys(read.problems);
    };
    expect(problems({ ...filled, name: '' })).toEqual(['name']);
    expect(problems({ ...filled, name: 'a/b' })).toEqual(['name']);
    expect(problems({ ...filled, endpoints: ['host'] })).toEqual(['endpoints']);
    expect(problems({ ...filled, isTls: true, certFile: '/a.crt' } as typeof filled)).toEqual(['certFile']);
    expect(problems({ ...filled, auth: 'password' } as unknown as typeof filled)).toEqual(['user', 'secret']);
    expect(problems({ ...filled, metricsUrls: 'ftp://x' })).toEqual(['metricsUrls']);
  });

  it('need no name to try the connection, and no secret where one is saved', () => {
    expect(readProfile({ ...filled, name: '' }, false, false).ok).toBe(true);
    const form = { ...filled, auth: 'token' as const };
    expect(readProfile(form, true, true)).toMatchObject({ ok: true, draft: { secret: null } });
    expect(readProfile({ ...form, secret: '' }, true, true).ok).toBe(false);
  });

  it('use TLS when an endpoint says so', () => {
    expect(usesTls({ ...filled, endpoints: ['https://10.0.0.1:2379'] })).toBe(true);
    expect(usesTls(filled)).toBe(false);
  });

  it('begin read-only when the cluster becomes a production one', () => {
    const production = withEnvironment(filled, 'production');
    expect(production.readOnly).toBe(true);
    expect(withEnvironment({ ...production, readOnly: false }, 'production').readOnly).toBe(false);
  });

  it('come back from a saved profile without its secret', () => {
    const read = readProfile({ ...filled, auth: 'password', user: 'root', secret: 'hunter2' }, false, true);
    if (!read.ok) throw new Error('not read');
    const { secret: _secret, ...fields } = read.draft;
    const saved: Profile = { ...fields, id: 'x', kind: 'etcd', hasSecret: true };
    expect(formOf(saved)).toMatchObject({ user: 'root', secret: null });
  });
});
