import { replaceEqualDeep } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { ApiError } from '../../electron/contract/contract.ts';
import type { ClusterSummary } from '../../electron/contract/model.ts';
import { useApi } from './context.tsx';

export type ClustersState =
  | { readonly status: 'loading' }
  | { readonly status: 'ready'; readonly clusters: readonly ClusterSummary[] }
  | { readonly status: 'error'; readonly error: ApiError };

/** The clusters, local and remote, now and after every change. */
export function useClusters(): ClustersState {
  const api = useApi();
  const [state, setState] = useState<ClustersState>({ status: 'loading' });
  useEffect(
    () =>
      api.subscribe(
        'clusters',
        {},
        {
          message: (clusters) =>
            setState((last) => replaceEqualDeep(last, { status: 'ready', clusters } satisfies ClustersState)),
          error: (error) => setState({ status: 'error', error }),
        },
      ),
    [api],
  );
  return state;
}
