import { lazy, Suspense, useState } from 'react';
import { useStore } from 'zustand';
import { paletteStore } from './palette-store.ts';

const PaletteRoot = lazy(async () => ({
  default: (await import('../features/palette/palette-root.tsx')).PaletteRoot,
}));

/** Loads the palette when it is first asked for. Below a cluster's provider when there is a cluster. */
export function PaletteHost({ cluster }: { cluster: string | null }) {
  const open = useStore(paletteStore, (state) => state.open);
  const [wanted, setWanted] = useState(open);
  if (open && !wanted) setWanted(true);
  if (!wanted) return null;
  return (
    <Suspense>
      <PaletteRoot cluster={cluster} />
    </Suspense>
  );
}
