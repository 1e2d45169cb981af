import { Notification, type BrowserWindow } from 'electron';
import type { ShowNotice } from '../backend/monitor/notice-board.ts';
import { APP_ORIGIN, isAppUrl } from './app-origin.ts';

/** Older ones are let go of: a click on them then does nothing. */
const MAX_HELD = 20;

/** Shows notices as the system does; a click opens the screen that the notice is about. */
export function nativeNotices(options: {
  /** Null while there is none; `open` makes one. */
  readonly window: () => BrowserWindow | null;
  readonly open: () => Promise<void>;
  readonly onError: (error: unknown) => void;
}): ShowNotice {
  /** One that nobody holds is collected, and its click with it. */
  const held = new Set<Notification>();
  const goTo = async (path: string): Promise<void> => {
    const url = `${APP_ORIGIN}${path}`;
    if (!isAppUrl(url)) return;
    let window = options.window();
    if (window === null || window.isDestroyed()) {
      await options.open();
      window = options.window();
    }
    if (window === null) return;
    if (window.isMinimized()) window.restore();
    window.show();
    window.focus();
    await window.loadURL(url);
  };
  return ({ title, text, tone, path }) => {
    if (!Notification.isSupported()) return false;
    const shown = new Notification({ title, body: text, silent: tone === 'ok' });
    held.add(shown);
    for (const old of [...held].slice(0, Math.max(0, held.size - MAX_HELD))) held.delete(old);
    shown.on('close', () => held.delete(shown));
    shown.on('click', () => {
      held.delete(shown);
      goTo(path).catch(options.onError);
    });
    shown.show();
    return true;
  };
}
