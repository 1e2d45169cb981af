import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { ProfileStore, type StoredProfile } from '../../../electron/backend/remote/profile-store.ts';
import { profileDraft } from '../../support/profile-draft.ts';
import { tempDir } from '../../support/temp.ts';

function stored(name: string): StoredProfile {
  const { secret: _secret, ...fields } = profileDraft({ name, endpoints: ['http://127.0.0.1:1'] });
  return { ...fields, id: name, kind: 'etcd', clusterId: null, memberUrls: [] };
}

it('keeps profiles by name, also two that are saved at once', async () => {
  const dir = tempDir();
  const file = path.join(dir.path, 'desktop', 'profiles.json');
  const store = await ProfileStore.open(file, () => undefined);
  await Promise.all([store.put(stored('b')), store.put(stored('a'))]);
  await store.put({ ...stored('a'), readOnly: true });
  const again = await ProfileStore.open(file, () => undefined);
  expect(again.list().map(({ name, readOnly }) => `${name} ${readOnly}`)).toEqual(['a true', 'b false']);
  dir.remove();
});

it('never writes over a damaged file, and the app goes on without', async () => {
  const dir = tempDir();
  const file = path.join(dir.path, 'profiles.json');
  mkdirSync(dir.path, { recursive: true });
  writeFileSync(file, '{"version": 1, "profiles": [');
  const errors: unknown[] = [];
  const store = await ProfileStore.open(file, (error) => errors.push(error));
  expect(errors).toHaveLength(1);
  expect(store.list()).toEqual([]);
  await expect(store.put(stored('a'))).rejects.toThrow(/not readable/);
  expect(readFileSync(file, 'utf8')).toBe('{"version": 1, "profiles": [');
  dir.remove();
});
