import { useCallback } from 'react';
import { useApi } from '../../api/context.tsx';
import { saveFile } from '../../ui/save-file.ts';
import { showError } from '../../ui/toast.tsx';

const types = { markdown: 'text/markdown', json: 'application/json' } as const;

/** Saves a report as a file of the user's. */
export function useExportReport(): (id: string, format: 'markdown' | 'json') => Promise<void> {
  const api = useApi();
  return useCallback(
    async (id, format) => {
      try {
        const { fileName, text } = await api.query('drills.export', { id, format });
        saveFile(fileName, text, types[format]);
      } catch (error) {
        showError('The report could not be exported', error);
      }
    },
    [api],
  );
}
