import { useQueryClient, type InfiniteData } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { ApiError } from '../../../electron/contract/contract.ts';
import { useApi } from '../../api/context.tsx';
import { withChanges, type KeyPage } from './key-pages.ts';

/** While `on`, the loaded lists of a prefix (base64) follow the cluster. Returns why they do not. */
export function useKeyWatch(cluster: string, prefix: string, on: boolean): ApiError | null {
  const api = useApi();
  const client = useQueryClient();
  const [failure, setFailure] = useState<ApiError | null>(null);
  useEffect(() => {
    if (!on) return undefined;
    const end = api.subscribe(
      'keys.watch',
      { cluster, prefix },
      {
        message: ({ changes, missed }) => {
          setFailure(null);
          const lists = { queryKey: ['keys.scan', cluster, prefix] };
          if (missed) return void client.invalidateQueries(lists);
          client.setQueriesData<InfiniteData<KeyPage>>(lists, (data) =>
            data === undefined ? undefined : { ...data, pages: withChanges(data.pages, changes) },
          );
          for (const { key } of changes) void client.invalidateQueries({ queryKey: ['keys.get', cluster, key] });
        },
        error: setFailure,
      },
    );
    return () => {
      end();
      setFailure(null);
    };
  }, [api, client, cluster, prefix, on]);
  return failure;
}
