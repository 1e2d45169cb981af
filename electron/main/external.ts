import { shell } from 'electron';

/** The only way out of the application: web addresses, in the user's own browser. Anything else is dropped. */
export async function safeOpenExternal(address: string): Promise<boolean> {
  if (!URL.canParse(address)) return false;
  const { protocol } = new URL(address);
  if (protocol !== 'https:' && protocol !== 'http:') return false;
  await shell.openExternal(address);
  return true;
}
