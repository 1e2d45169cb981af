import type { ClusterView } from '../../../electron/contract/model.ts';
import type { Desk, PaletteAction, Scene } from '../../../renderer/features/palette/action.ts';
import { NOW_MS, viewOf } from '../../support/view.ts';

export const screens = [
  { path: '', label: 'Overview', key: 'o' },
  { path: 'keys', label: 'Keys', key: 'k' },
  { path: 'events', label: 'Events', key: 'e' },
];

export function sceneOf(view: ClusterView | null = viewOf(['live', 'live', 'live']), over: Partial<Scene> = {}): Scene {
  return {
    clusters: view === null ? [] : [view.summary],
    view,
    screens,
    theme: 'dark',
    density: 'comfortable',
    nowMs: NOW_MS,
    elections: null,
    ...over,
  };
}

/** Notes what an action does, a line each. */
export function desk(): Desk & { readonly done: string[] } {
  const done: string[] = [];
  return {
    done,
    navigate: (path) => done.push(`go ${path}`),
    openDialog: (dialog, preset = {}) => done.push(['dialog', dialog, ...Object.values(preset)].join(' ')),
    ask: (question, cluster) => done.push(`ask ${question} ${cluster.name}`),
    node: (action, node) => done.push(`${action} ${node.name}`),
    faultLab: ({ fault }) => done.push(`lab ${fault}`),
    addNode: (cluster) => done.push(`add node to ${cluster}`),
    wipeNode: (node) => done.push(`wipe ${node.name}`),
    removeNode: (node) => done.push(`remove ${node.name}`),
    command: (name, input) => done.push(`${name} ${JSON.stringify(input)}`),
    copy: (text) => done.push(`copy ${text}`),
    setTheme: (choice) => done.push(`theme ${choice}`),
    setDensity: (density) => done.push(`density ${density}`),
    toggleSidebar: () => done.push('sidebar'),
  };
}

export function labelled(actions: readonly PaletteAction[], label: string): PaletteAction {
  const action = actions.find((one) => one.label === label);
  if (action === undefined) throw new Error(`No "${label}" in: ${actions.map((one) => one.label).join(', ')}`);
  return action;
}

/** What running it does. */
export function doing(action: PaletteAction): readonly string[] {
  const noted = desk();
  action.run(noted);
  return noted.done;
}
