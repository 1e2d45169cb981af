import { readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { FileSecretStore } from '../../../electron/backend/remote/secret-store.ts';
import { tempDir } from '../../support/temp.ts';
import { safeStorage } from '../stand-in.ts';

vi.mock('electron', () => import('../stand-in.ts'));
const { safeSeal } = await import('../../../electron/main/safe-secrets.ts');

describe('secrets in the desktop app', () => {
  beforeEach(() => {
    safeStorage.isAvailable = true;
    safeStorage.backend = 'gnome_libsecret';
  });

  async function withStore(work: (store: FileSecretStore, file: string) => Promise<void>): Promise<void> {
    const dir = tempDir();
    const file = path.join(dir.path, 'secrets.json');
    await work(new FileSecretStore(file, safeSeal('linux')), file);
    dir.remove();
  }

  it('are encrypted by the system, in a file of the user', () =>
    withStore(async (store, file) => {
      await store.set('a', 'hunter2');
      expect(readFileSync(file, 'utf8')).not.toContain('hunter2');
      expect(statSync(file).mode & 0o777).toBe(0o600);
      expect(await store.get('a')).toBe('hunter2');
      expect(await store.describe()).toMatchObject({ isEncrypted: true });
      await store.remove('a');
      expect(await store.get('a')).toBeNull();
    }));

  it('are said to be unprotected where Linux has only a fixed key, and kept all the same', () =>
    withStore(async (store) => {
      await store.set('a', 'before');
      safeStorage.backend = 'basic_text';
      expect(await store.describe()).toEqual({
        words: expect.stringMatching(/only your user can read, not encrypted .*offers no secret store/) as string,
        isEncrypted: false,
      });
      await store.set('b', 'hunter2');
      expect(await store.get('b')).toBe('hunter2');
      expect(await store.get('a')).toBe('before');
    }));
});
