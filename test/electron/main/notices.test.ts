import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { BrowserWindow as ElectronWindow } from 'electron';
import { nativeNotices } from '../../../electron/main/notices.ts';
import { BrowserWindow, Notification } from '../stand-in.ts';

vi.mock('electron', () => import('../stand-in.ts'));

const notice = { id: '1', timeMs: 0, tone: 'bad' as const, title: 'orders: no leader', text: 'p0.', path: '/c/orders' };

describe('native notices', () => {
  let window: BrowserWindow | null;
  const onError = vi.fn<(error: unknown) => void>();
  const open = vi.fn<() => Promise<void>>(async () => {
    window = new BrowserWindow({});
  });
  const show = () => nativeNotices({ window: () => window as unknown as ElectronWindow | null, open, onError });

  beforeEach(() => {
    vi.clearAllMocks();
    Notification.isThere = true;
    Notification.shown = [];
    window = null;
  });

  it('are shown by the system, and a click opens what they are about in the window there is', async () => {
    window = new BrowserWindow({});
    window.minimized = true;
    expect(show()(notice)).toBe(true);
    expect(Notification.shown[0]!.options).toEqual({ title: 'orders: no leader', body: 'p0.', silent: false });
    Notification.shown[0]!.emit('click');
    await vi.waitFor(() => expect(window!.loaded).toBe('app://prkdb/c/orders'));
    expect(window.calls).toEqual(['restore', 'show', 'focus']);
    expect(open).not.toHaveBeenCalled();
  });

  it('open a window when there is none, and no page that is not the app’s', async () => {
    const showOne = show();
    showOne({ ...notice, path: '@evil.example/' });
    Notification.shown[0]!.emit('click');
    showOne(notice);
    Notification.shown[1]!.emit('click');
    await vi.waitFor(() => expect(window?.loaded).toBe('app://prkdb/c/orders'));
    expect(open).toHaveBeenCalledOnce();
    expect(onError).not.toHaveBeenCalled();
  });

  it('are left to the page where the system shows none', () => {
    Notification.isThere = false;
    expect(show()(notice)).toBe(false);
    expect(Notification.shown).toEqual([]);
  });
});
