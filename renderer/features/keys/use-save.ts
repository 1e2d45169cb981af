import { useMutation, useQueryClient } from '@tanstack/react-query';
import { useApi } from '../../api/context.tsx';
import { toBase64 } from './bytes.ts';
import { saved, seen } from './editor-state.ts';
import { changeEditor } from './editor-store.ts';
import { useKeyChanged } from './use-key-pages.ts';

/** Saves a key's bytes if it is at the expected revision still. A conflict goes into the editor's state. */
export function useSave(cluster: string, key: string) {
  const api = useApi();
  const client = useQueryClient();
  const keyChanged = useKeyChanged(cluster);
  return useMutation({
    // A read that is under way would answer with what was there before.
    onMutate: () => client.cancelQueries({ queryKey: ['keys.get', cluster, key] }),
    mutationFn: ({ bytes, ...how }: { bytes: Uint8Array; expectedRevision: number; ttlMs: number | null }) =>
      api.command('keys.put', { cluster, key, value: toBase64(bytes), ...how }),
    onSuccess: (answer, { bytes }) => {
      if (answer.outcome === 'saved') {
        changeEditor(cluster, key, (state) => state && saved(state, answer.entry, bytes));
        keyChanged(key, answer.entry);
      } else {
        changeEditor(cluster, key, (state) => state && seen(state, answer.current, false));
        keyChanged(key, answer.current);
      }
    },
  });
}
