import { Menu, type MenuItemConstructorOptions } from 'electron';
import { safeOpenExternal } from './external.ts';

const SOURCE_URL = 'https://github.com/prk-Jr/prkdb';

/** The application menu by roles, so that each platform's own words and keys apply. */
export function menuTemplate(options: {
  readonly isMac: boolean;
  readonly devTools: boolean;
  readonly onError: (error: unknown) => void;
}): MenuItemConstructorOptions[] {
  const developer: MenuItemConstructorOptions[] = options.devTools
    ? [{ type: 'separator' }, { role: 'reload' }, { role: 'toggleDevTools' }]
    : [];
  return [
    ...(options.isMac ? [{ role: 'appMenu' } satisfies MenuItemConstructorOptions] : []),
    { role: 'fileMenu' },
    { role: 'editMenu' },
    {
      label: 'View',
      submenu: [
        { role: 'resetZoom' },
        { role: 'zoomIn' },
        { role: 'zoomOut' },
        { type: 'separator' },
        { role: 'togglefullscreen' },
        ...developer,
      ],
    },
    { role: 'windowMenu' },
    {
      role: 'help',
      submenu: [
        {
          label: 'About PrkDB',
          click: () => {
            safeOpenExternal(SOURCE_URL).catch(options.onError);
          },
        },
      ],
    },
  ];
}

export function installMenu(devTools: boolean, onError: (error: unknown) => void): void {
  const isMac = process.platform === 'darwin';
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate({ isMac, devTools, onError })));
}
