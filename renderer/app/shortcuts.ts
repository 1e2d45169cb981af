import { useEffect, useRef } from 'react';
import { createStore } from 'zustand/vanilla';
import { readStored, writeStored } from './stored.ts';

/** Two-key shortcuts ("G then O") must follow within this. */
const SEQUENCE_MS = 1_200;

/** Handlers by key, or by two keys with a space between: 'g o', '/', '?'. Letters are lower case. */
export type Shortcuts = Readonly<Record<string, () => void>>;

const KEY = 'prkdb.shortcuts';
const settings = ['on', 'off'] as const;

export const shortcutStore = createStore<{ enabled: boolean }>(() => ({
  enabled: readStored(KEY, settings, 'on') === 'on',
}));

export function enableShortcuts(enabled: boolean): void {
  shortcutStore.setState({ enabled });
  writeStored(KEY, enabled ? 'on' : 'off');
}

/** These press what has the focus; as shortcuts they count only where nothing has it. */
const pressingKeys: readonly string[] = [' ', 'Enter'];

/** Single keys are off wherever text is typed, and while a dialog is open. */
export function acceptsShortcuts(target: EventTarget | null, key: string): boolean {
  if (!(target instanceof Element)) return true;
  if (pressingKeys.includes(key) && target.closest('button, a, [role], [tabindex]:not(main)') !== null) return false;
  if (target.closest('input, textarea, select, [contenteditable="true"], [role="menu"], [role="dialog"]') !== null) {
    return false;
  }
  return document.querySelector('[role="dialog"]') === null;
}

/**
 * Decides what a key does after `pending`: 'run' names a shortcut, 'wait' holds the key
 * as the first of two.
 */
export function matchShortcut(
  names: readonly string[],
  pending: string | null,
  key: string,
): { readonly run: string } | { readonly wait: string } | null {
  const both = pending === null ? null : `${pending} ${key}`;
  if (both !== null && names.includes(both)) return { run: both };
  if (names.some((name) => name.startsWith(`${key} `))) return { wait: key };
  return names.includes(key) ? { run: key } : null;
}

/** Listens on the document while the component is there. */
export function useShortcuts(shortcuts: Shortcuts): void {
  const current = useRef(shortcuts);
  useEffect(() => {
    current.current = shortcuts;
  });
  useEffect(() => {
    let pending: { readonly key: string; readonly atMs: number } | null = null;
    const onKey = (event: KeyboardEvent) => {
      if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
      if (!acceptsShortcuts(event.target, event.key)) return;
      const held = pending !== null && performance.now() - pending.atMs < SEQUENCE_MS ? pending.key : null;
      const names = Object.keys(current.current);
      const usable = shortcutStore.getState().enabled ? names : names.filter((name) => name === '?');
      const match = matchShortcut(usable, held, event.key.toLowerCase());
      pending = match !== null && 'wait' in match ? { key: match.wait, atMs: performance.now() } : null;
      if (match !== null && 'run' in match) {
        event.preventDefault();
        current.current[match.run]?.();
      }
    };
    document.addEventListener('keydown', onKey);
    return () => document.removeEventListener('keydown', onKey);
  }, []);
}
