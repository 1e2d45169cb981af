const isMac = typeof navigator !== 'undefined' && /Mac|iP(hone|ad)/.test(navigator.platform);

/** The key that stands before letters in shortcuts, as this computer's users know it: "⌘ S", "Ctrl S". */
export function modKeyLabel(key: string): string {
  return `${isMac ? '⌘' : 'Ctrl'} ${key}`;
}

export function hasModKey(event: { readonly metaKey: boolean; readonly ctrlKey: boolean }): boolean {
  return isMac ? event.metaKey : event.ctrlKey;
}
