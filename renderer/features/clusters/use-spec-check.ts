import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { ClusterSpecInput } from '../../../electron/contract/model.ts';
import { useApi } from '../../api/context.tsx';

const TYPING_REST_MS = 250;
/** Ports get taken while the sheet is open. */
const REFRESH_MS = 5_000;

/** Asks the host what would start and what stands in the way, once the typing rests. Null asks nothing. */
export function useSpecCheck(spec: ClusterSpecInput | null) {
  const api = useApi();
  const wanted = spec === null ? null : JSON.stringify(spec);
  const [settled, setSettled] = useState(wanted);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(wanted), TYPING_REST_MS);
    return () => clearTimeout(timer);
  }, [wanted]);

  const query = useQuery({
    queryKey: ['clusters.check', settled],
    queryFn: () => api.query('clusters.check', JSON.parse(settled ?? '{}') as ClusterSpecInput),
    enabled: settled !== null,
    placeholderData: keepPreviousData,
    refetchInterval: REFRESH_MS,
  });
  /** Whether `data` speaks of exactly this specification. */
  const isCurrent = wanted !== null && wanted === settled && query.data !== undefined && !query.isPlaceholderData;
  return { check: query.data, error: query.error, isCurrent };
}
