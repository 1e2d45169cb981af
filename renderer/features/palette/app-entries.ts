import { modKeyLabel } from '../../ui/mod-key.ts';
import type { PaletteAction, Scene } from './action.ts';

const themes = [
  { choice: 'system', label: 'Theme: as the system', icon: 'system', words: 'auto' },
  { choice: 'dark', label: 'Theme: dark', icon: 'moon', words: 'night black' },
  { choice: 'light', label: 'Theme: light', icon: 'sun', words: 'day white' },
] as const;

/** What belongs to no cluster. */
export function appEntries(scene: Scene): PaletteAction[] {
  return [
    {
      id: 'app/new',
      group: 'Application',
      icon: 'plus',
      label: 'New local cluster…',
      hint: 'on this computer',
      keywords: 'create add start',
      preview: () => ({
        title: 'New local cluster',
        text: 'Opens the sheet where you choose nodes, partitions and copies, and see what will start before anything does.',
      }),
      run: (desk) => desk.openDialog('new'),
    },
    {
      id: 'app/settings',
      group: 'Application',
      icon: 'sliders',
      label: 'Settings',
      hint: '',
      keywords: 'preferences options density telemetry separator',
      keys: [modKeyLabel(',')],
      preview: () => ({ title: 'Settings', text: 'Theme, density, keyboard, key browser, and where your data is.' }),
      run: (desk) => desk.openDialog('settings'),
    },
    {
      id: 'app/shortcuts',
      group: 'Application',
      icon: 'keyboard',
      label: 'Keyboard shortcuts',
      hint: '',
      keywords: 'keys help',
      keys: ['?'],
      preview: () => ({ title: 'Keyboard shortcuts', text: 'Every key and what it does.' }),
      run: (desk) => desk.openDialog('shortcuts'),
    },
    ...themes
      .filter(({ choice }) => choice !== scene.theme)
      .map(({ choice, label, icon, words }): PaletteAction => ({
        id: `app/theme/${choice}`,
        group: 'Application',
        icon,
        label,
        hint: '',
        keywords: `colour color appearance mode ${words}`,
        onlySearched: true,
        preview: () => ({ title: label, text: 'Changes the colours at once, and is kept for you on this computer.' }),
        run: (desk) => desk.setTheme(choice),
      })),
  ];
}
