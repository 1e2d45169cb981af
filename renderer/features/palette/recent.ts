import { writeStored } from '../../app/stored.ts';

const KEY = 'prkdb.palette.recent';
const MAX_KEPT = 30;

/** Ids of what was run from the palette, the latest first. */
export function parseRecent(text: string | null): readonly string[] {
  if (text === null) return [];
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value.filter((id): id is string => typeof id === 'string').slice(0, MAX_KEPT) : [];
  } catch {
    return [];
  }
}

export function withRecent(recent: readonly string[], id: string): readonly string[] {
  return [id, ...recent.filter((other) => other !== id)].slice(0, MAX_KEPT);
}

export function readRecent(): readonly string[] {
  try {
    return parseRecent(localStorage.getItem(KEY));
  } catch {
    return [];
  }
}

export function rememberRecent(id: string): void {
  writeStored(KEY, JSON.stringify(withRecent(readRecent(), id)));
}
