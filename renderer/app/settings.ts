import { useStore } from 'zustand';
import { createStore } from 'zustand/vanilla';
import type { ReadMode } from '../../electron/contract/model.ts';
import { writeStored } from './stored.ts';

export type Density = 'comfortable' | 'compact';
/** Before faults on local clusters: run at once, or ask where a partition would lose its quorum, or always. */
export type AskBefore = 'never' | 'quorum' | 'always';

/** What a user may set besides theme and shortcuts, which keep themselves. */
export interface Settings {
  readonly density: Density;
  /** Cuts keys into the parts that the key browser draws; at least one character. */
  readonly keySeparator: string;
  /** How the key browser reads where its address does not say. */
  readonly readMode: ReadMode;
  readonly askBeforeFaults: AskBefore;
  /** Whether deleting a cluster wants its name typed. */
  readonly typeToDelete: boolean;
}

export const defaultSettings: Settings = {
  density: 'comfortable',
  keySeparator: '/',
  readMode: 'linearizable',
  askBeforeFaults: 'never',
  typeToDelete: false,
};

const KEY = 'prkdb.settings';
const MAX_SEPARATOR_CHARS = 8;

const densities: readonly unknown[] = ['comfortable', 'compact'] satisfies Density[];
const modes: readonly unknown[] = ['linearizable', 'follower', 'stale'] satisfies ReadMode[];
const asks: readonly unknown[] = ['never', 'quorum', 'always'] satisfies AskBefore[];

/** Null if keys can be cut by it. */
export function separatorProblem(separator: string): string | null {
  if (separator === '') return 'Type at least one character.';
  if (separator.length > MAX_SEPARATOR_CHARS) return `At most ${MAX_SEPARATOR_CHARS} characters.`;
  return null;
}

const valid: { readonly [Name in keyof Settings]: (value: unknown) => value is Settings[Name] } = {
  density: (value): value is Density => densities.includes(value),
  keySeparator: (value): value is string => typeof value === 'string' && separatorProblem(value) === null,
  readMode: (value): value is ReadMode => modes.includes(value),
  askBeforeFaults: (value): value is AskBefore => asks.includes(value),
  typeToDelete: (value): value is boolean => typeof value === 'boolean',
};

/** Field by field: what is missing, unknown or damaged is as it was before anybody set it. */
export function parseSettings(text: string | null): Settings {
  const held = parseObject(text);
  const take = <Name extends keyof Settings>(name: Name): Settings[Name] => {
    const value = held[name];
    return valid[name](value) ? value : defaultSettings[name];
  };
  return {
    density: take('density'),
    keySeparator: take('keySeparator'),
    readMode: take('readMode'),
    askBeforeFaults: take('askBeforeFaults'),
    typeToDelete: take('typeToDelete'),
  };
}

function parseObject(text: string | null): Readonly<Record<string, unknown>> {
  if (text === null) return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

export const settingsStore = createStore<Settings>(() => defaultSettings);

export function useSetting<Name extends keyof Settings>(name: Name): Settings[Name] {
  return useStore(settingsStore, (settings) => settings[name]);
}

function read(): string | null {
  try {
    return localStorage.getItem(KEY);
  } catch {
    return null;
  }
}

function apply(settings: Settings): void {
  settingsStore.setState(settings);
  document.documentElement.dataset['density'] = settings.density;
}

/** Before the first render; other windows of the same user are followed from then on. */
export function startSettings(): void {
  apply(parseSettings(read()));
  addEventListener('storage', (event) => {
    if (event.key === KEY) apply(parseSettings(event.newValue));
  });
}

/** In force at once, and kept. A value that is not valid changes nothing. */
export function changeSettings(change: Partial<Settings>): void {
  const next = parseSettings(JSON.stringify({ ...settingsStore.getState(), ...change }));
  apply(next);
  writeStored(KEY, JSON.stringify(next));
}
