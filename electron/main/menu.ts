import { Menu, type MenuItemConstructorOptions } from 'electron';
import { safeOpenExternal } from './external.ts';

const SOURCE_URL = 'https://github.com/prk-Jr/prkdb';

/** The application menu, by roles where there are any, so that each platform's own words and keys apply. */
export function menuTemplate(options: {
  readonly isMac: boolean;
  readonly devTools: boolean;
  /** Shows the window at this address of the interface. */
  readonly open: (path: string) => void;
  readonly onError: (error: unknown) => void;
}): MenuItemConstructorOptions[] {
  const developer: MenuItemConstructorOptions[] = options.devTools
    ? [{ type: 'separator' }, { role: 'reload' }, { role: 'toggleDevTools' }]
    : [];
  return [
    ...(options.isMac ? [{ role: 'appMenu' } satisfies MenuItemConstructorOptions] : []),
    {
      label: 'File',
      submenu: [
        { label: 'New Local Cluster…', accelerator: 'CmdOrCtrl+N', click: () => options.open('/?dialog=new') },
        { label: 'Import a Cluster…', click: () => options.open('/?dialog=import') },
        { label: 'Connect to a Remote Cluster…', click: () => options.open('/?dialog=connect') },
        { type: 'separator' },
        { label: 'All Clusters', click: () => options.open('/clusters') },
        { label: 'Drill Reports', click: () => options.open('/drills') },
        { label: 'Settings…', click: () => options.open('/?dialog=settings') },
        { type: 'separator' },
        options.isMac ? { role: 'close' } : { role: 'quit' },
      ],
    },
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

export function installMenu(options: Omit<Parameters<typeof menuTemplate>[0], 'isMac'>): void {
  const isMac = process.platform === 'darwin';
  Menu.setApplicationMenu(Menu.buildFromTemplate(menuTemplate({ isMac, ...options })));
}
