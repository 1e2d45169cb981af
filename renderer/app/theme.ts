import { createStore } from 'zustand/vanilla';
import { readStored, writeStored } from './stored.ts';

export type ThemeChoice = 'system' | 'dark' | 'light';

const KEY = 'prkdb.theme';
const choices: readonly ThemeChoice[] = ['system', 'dark', 'light'];

export const themeStore = createStore<{ choice: ThemeChoice }>(() => ({ choice: 'system' }));

const prefersLight = () => matchMedia('(prefers-color-scheme: light)');

function apply(choice: ThemeChoice): void {
  const light = choice === 'light' || (choice === 'system' && prefersLight().matches);
  document.documentElement.dataset['theme'] = light ? 'light' : 'dark';
}

/** Before the first render: the remembered choice, or the system's. */
export function startTheme(): void {
  themeStore.setState({ choice: readStored(KEY, choices, 'system') });
  apply(themeStore.getState().choice);
  prefersLight().addEventListener('change', () => apply(themeStore.getState().choice));
}

export function setTheme(choice: ThemeChoice): void {
  themeStore.setState({ choice });
  writeStored(KEY, choice);
  apply(choice);
}
