import { createStore } from 'zustand/vanilla';

/** Whether the command palette shows. It lies over any address and is never part of one. */
export const paletteStore = createStore<{ open: boolean }>(() => ({ open: false }));

export function openPalette(): void {
  paletteStore.setState({ open: true });
}

export function closePalette(): void {
  paletteStore.setState({ open: false });
}
