import type { App, WebContents } from 'electron';
import { isAppUrl } from './app-origin.ts';
import { safeOpenExternal } from './external.ts';

/** Keeps every web contents on our own pages: no navigation, redirect, new window or webview leads away. */
export function restrictNavigation(app: App, onError: (error: unknown) => void): void {
  app.on('web-contents-created', (_event, contents) => restrict(contents, onError));
}

function restrict(contents: WebContents, onError: (error: unknown) => void): void {
  const keepHome = (event: { preventDefault(): void; url: string }): void => {
    if (!isAppUrl(event.url)) event.preventDefault();
  };
  contents.on('will-navigate', keepHome);
  contents.on('will-frame-navigate', keepHome);
  contents.on('will-redirect', keepHome);
  contents.on('will-attach-webview', (event) => event.preventDefault());
  contents.setWindowOpenHandler(({ url }) => {
    safeOpenExternal(url).catch(onError);
    return { action: 'deny' };
  });
}
