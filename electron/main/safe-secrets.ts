import { safeStorage } from 'electron';
import type { Seal } from '../backend/remote/secret-store.ts';

/**
 * The system's own encryption for secrets: Keychain, DPAPI, Secret Service or KWallet. On a
 * Linux without any of them Electron would use a fixed key, which protects nothing: then
 * `describe` says so and secrets are kept as the file itself protects them.
 */
export function safeSeal(platform: NodeJS.Platform = process.platform): Seal {
  const isEncrypted = async (): Promise<boolean> =>
    (await safeStorage.isAsyncEncryptionAvailable()) &&
    (platform !== 'linux' || safeStorage.getSelectedStorageBackend() !== 'basic_text');
  return {
    describe: async () =>
      (await isEncrypted())
        ? { words: `encrypted by ${storeName(platform)}`, isEncrypted: true }
        : { words: 'this system offers no secret store', isEncrypted: false },
    seal: async (secret) => {
      if (!(await isEncrypted())) return `${PLAIN}${secret}`;
      return SEALED + (await safeStorage.encryptStringAsync(secret)).toString('base64');
    },
    open: async (sealed) => {
      if (!sealed.startsWith(SEALED)) return sealed.slice(PLAIN.length);
      return (await safeStorage.decryptStringAsync(Buffer.from(sealed.slice(SEALED.length), 'base64'))).result;
    },
  };
}

const SEALED = 'sealed:';
const PLAIN = 'plain:';

function storeName(platform: NodeJS.Platform): string {
  if (platform === 'darwin') return 'the system keychain';
  return platform === 'win32' ? 'Windows for your user' : 'the system’s secret store';
}
