import { useQuery } from '@tanstack/react-query';
import type { ReadMode } from '../../../electron/contract/model.ts';
import { useApi } from '../../api/context.tsx';

/** Often enough that an edit by somebody else shows before it is saved over, and cheap for one key. */
const REFRESH_MS = 2_000;

/** One key (base64), read again while it is looked at. */
export function useKeyEntry(cluster: string, key: string | null, readMode: ReadMode) {
  const api = useApi();
  return useQuery({
    queryKey: ['keys.get', cluster, key, readMode],
    queryFn: () => api.query('keys.get', { cluster, key: key ?? '', readMode }),
    enabled: key !== null,
    refetchInterval: REFRESH_MS,
    gcTime: 0,
  });
}
