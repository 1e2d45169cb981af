/** The application's own scheme; registered as privileged before Electron is ready. */
export const APP_SCHEME = 'app';
export const APP_HOST = 'prkdb';
export const APP_ORIGIN = `${APP_SCHEME}://${APP_HOST}`;

/** Whether an address is one of the application's own pages. Parsed, never compared as text. */
export function isAppUrl(address: string): boolean {
  if (!URL.canParse(address)) return false;
  const { protocol, host, username, password } = new URL(address);
  return protocol === `${APP_SCHEME}:` && host === APP_HOST && username === '' && password === '';
}
