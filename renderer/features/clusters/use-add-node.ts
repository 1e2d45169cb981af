import { useCallback } from 'react';
import { useApi } from '../../api/context.tsx';
import { showError, showToast } from '../../ui/toast.tsx';

/** Adds a node to a cluster, and says how it is called. */
export function useAddNode(): (cluster: string) => void {
  const api = useApi();
  return useCallback(
    (cluster) => {
      api.command('node.add', { cluster }).then(
        ({ node }) =>
          showToast({
            tone: 'done',
            title: `n${node} was added to ${cluster}.`,
            text: 'It gets its share of the partitions by itself.',
          }),
        (error: unknown) => showError(`No node was added to ${cluster}.`, error),
      );
    },
    [api],
  );
}
