import { modKeyLabel } from '../../ui/mod-key.ts';
import { FLEET_PATH } from '../../app/paths.ts';
import type { PaletteAction, Scene } from './action.ts';

const themes = [
  { choice: 'system', label: 'Theme: as the system', icon: 'system', words: 'auto' },
  { choice: 'dark', label: 'Theme: dark', icon: 'moon', words: 'night black' },
  { choice: 'light', label: 'Theme: light', icon: 'sun', words: 'day white' },
] as const;

/** What belongs to no cluster. */
export function appEntries(scene: Scene): PaletteAction[] {
  const density = scene.density === 'compact' ? 'comfortable' : 'compact';
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
      id: 'app/import',
      group: 'Application',
      icon: 'folder',
      label: 'Import a local cluster…',
      hint: 'of another home',
      keywords: 'open add folder directory adopt move disk command',
      onlySearched: true,
      preview: () => ({
        title: 'Import a local cluster',
        text: 'Takes in a cluster that was made under another home directory, or whose folder was moved. Its data stays where it is, and nothing is started.',
      }),
      run: (desk) => desk.openDialog('import'),
    },
    {
      id: 'app/connect',
      group: 'Application',
      icon: 'cluster',
      label: 'Connect to a remote cluster…',
      hint: 'PrkDB or etcd',
      keywords: 'profile endpoint server tls',
      preview: () => ({
        title: 'Connect to a remote cluster',
        text: 'Opens the sheet where you name endpoints, certificates and who you are there, and try each step of the connection.',
      }),
      run: (desk) => desk.openDialog('connect'),
    },
    {
      id: 'app/clusters',
      group: 'Go to',
      icon: 'wave',
      label: 'All clusters',
      hint: 'side by side',
      keywords: 'fleet overview monitor rules alerts notifications quiet hours fired home list',
      keys: ['G', 'A'],
      preview: () => ({
        title: 'All clusters',
        text: 'Every cluster side by side: health, leaders, elections, lag, latency and disk; what fired, and the rules for it.',
      }),
      run: (desk) => desk.navigate(FLEET_PATH),
    },
    {
      id: 'app/copy',
      group: 'Application',
      icon: 'swap',
      label: 'Copy keys to another cluster…',
      hint: 'PrkDB or etcd',
      keywords: 'move migrate transfer sync follow import export',
      preview: () => ({
        title: 'Copy keys to another cluster',
        text: 'Opens the assistant: choose two clusters, see what would be done, copy, and follow later changes until clients have moved. Nothing is written before you say so.',
      }),
      run: (desk) => desk.openDialog('copy', scene.view === null ? {} : { from: scene.view.summary.name }),
    },
    {
      id: 'app/settings',
      group: 'Application',
      icon: 'sliders',
      label: 'Settings',
      hint: '',
      keywords: 'preferences options density telemetry separator safety confirm',
      keys: [modKeyLabel(',')],
      preview: () => ({
        title: 'Settings',
        text: 'Theme, density, when to be asked, keyboard, key browser, and where your data is.',
      }),
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
    {
      id: 'app/density',
      group: 'Application',
      icon: 'sliders',
      label: `Density: ${density}`,
      hint: density === 'compact' ? 'more rows in sight' : 'more room between rows',
      keywords: 'rows size spacing dense',
      onlySearched: true,
      preview: () => ({
        title: `Density: ${density}`,
        text: 'Changes the height of rows and bars at once, and is kept for you on this computer.',
      }),
      run: (desk) => desk.setDensity(density),
    },
    {
      id: 'app/sidebar',
      group: 'Application',
      icon: 'sidebar',
      label: 'Show or hide the sidebar',
      hint: '',
      keywords: 'toggle list clusters left pane',
      onlySearched: true,
      preview: () => ({
        title: 'Show or hide the sidebar',
        text: 'The list of clusters on the left, or more room without it.',
      }),
      run: (desk) => desk.toggleSidebar(),
    },
  ];
}
