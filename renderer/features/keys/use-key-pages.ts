import { useInfiniteQuery, useQueryClient, type InfiniteData } from '@tanstack/react-query';
import { useCallback } from 'react';
import type { KeyMeta, ReadMode } from '../../../electron/contract/model.ts';
import { useApi } from '../../api/context.tsx';
import { withKey, withoutKey, type KeyPage } from './key-pages.ts';

/** Several screens of rows: a page is asked for when the last one comes into sight. */
const PAGE_KEYS = 200;

/** The keys under a prefix (base64), page after page as they are looked at. Null asks for nothing. */
export function useKeyPages(cluster: string, prefix: string | null, readMode: ReadMode) {
  const api = useApi();
  return useInfiniteQuery({
    queryKey: ['keys.scan', cluster, prefix, readMode],
    queryFn: ({ pageParam }) =>
      api.query('keys.scan', { cluster, prefix: prefix ?? '', after: pageParam, limit: PAGE_KEYS, readMode }),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
    enabled: prefix !== null,
    // A list is as old as it says; it is read anew when asked to, not behind the reader's back.
    staleTime: Infinity,
    gcTime: 0,
  });
}

/** Tells every loaded list of the cluster about a key that was written (meta) or deleted (null). */
export function useKeyChanged(cluster: string): (key: string, meta: KeyMeta | null) => void {
  const client = useQueryClient();
  return useCallback(
    (key, meta) => {
      const lists = client.getQueriesData<InfiniteData<KeyPage>>({ queryKey: ['keys.scan', cluster] });
      for (const [queryKey, data] of lists) {
        if (data === undefined || (meta !== null && !startsWith(key, queryKey[2]))) continue;
        const pages = meta === null ? withoutKey(data.pages, key) : withKey(data.pages, meta);
        // One row is newer; the list is as old as it was.
        const updatedAt = client.getQueryState(queryKey)?.dataUpdatedAt;
        client.setQueryData(queryKey, { ...data, pages }, updatedAt === undefined ? {} : { updatedAt });
      }
    },
    [client, cluster],
  );
}

function startsWith(key: string, prefix: unknown): boolean {
  return typeof prefix === 'string' && atob(key).startsWith(atob(prefix));
}
