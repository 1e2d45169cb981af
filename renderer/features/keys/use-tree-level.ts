import { useInfiniteQuery } from '@tanstack/react-query';
import type { ReadMode } from '../../../electron/contract/model.ts';
import { useApi } from '../../api/context.tsx';

/** The folders below a prefix (base64), counted as far as the host counts. Asked for when it is opened. */
export function useTreeLevel(options: {
  readonly cluster: string;
  readonly prefix: string;
  readonly separator: string;
  readonly readMode: ReadMode;
}) {
  const api = useApi();
  const { cluster, prefix, separator, readMode } = options;
  return useInfiniteQuery({
    queryKey: ['keys.tree', cluster, prefix, separator, readMode],
    queryFn: ({ pageParam }) => api.query('keys.tree', { cluster, prefix, separator, after: pageParam, readMode }),
    initialPageParam: '',
    getNextPageParam: (page) => page.next,
    staleTime: Infinity,
  });
}
