import { useEffect } from 'react';
import { useLocation } from 'wouter';
import type { Notice } from '../../electron/contract/monitor.ts';
import { useApi } from '../api/context.tsx';
import { showToast } from '../ui/toast.tsx';

/** Shows what a person should hear of, unless the system has shown it: natively where the browser may, else as a note. */
export function Notices() {
  const api = useApi();
  const [, navigate] = useLocation();
  useEffect(
    () =>
      api.subscribe(
        'notices',
        {},
        {
          message: (notices) => {
            for (const notice of notices.filter((one) => !one.isShown)) {
              if (!showNatively(notice, navigate)) showAsNote(notice, navigate);
            }
          },
          // Nothing to do: the log of what fired has it all the same.
          error: () => undefined,
        },
      ),
    [api, navigate],
  );
  return null;
}

type Navigate = (path: string) => void;

/** Who looks at the page sees the note at once; the system is for who does not. */
function showNatively({ id, title, text, tone, path }: Notice, navigate: Navigate): boolean {
  if (document.hasFocus() || !('Notification' in globalThis) || Notification.permission !== 'granted') return false;
  try {
    // Several tabs show it once: the tag is one for all.
    const shown = new Notification(title, { body: text, tag: id, silent: tone === 'ok' });
    shown.addEventListener('click', () => {
      window.focus();
      navigate(path);
      shown.close();
    });
    return true;
  } catch {
    // Some browsers have the name and refuse the thing.
    return false;
  }
}

function showAsNote({ tone, title, text, path }: Notice, navigate: Navigate): void {
  showToast({
    tone: tone === 'bad' ? 'error' : 'done',
    title,
    text,
    action: { label: 'Show', run: () => navigate(path) },
  });
}
