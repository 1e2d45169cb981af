import { replaceEqualDeep, useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { ApiError } from '../../../electron/contract/contract.ts';
import type { DrillLive, DrillSummary } from '../../../electron/contract/drills.ts';
import { useApi } from '../../api/context.tsx';

/** The drill that runs on a cluster, and how the last one ended; null until it was told. */
export function useDrillLive(cluster: string): DrillLive | null {
  const api = useApi();
  const [live, setLive] = useState<DrillLive | null>(null);
  useEffect(
    () =>
      api.subscribe(
        'drills.live',
        { cluster },
        { message: (message) => setLive((last) => replaceEqualDeep(last, message)), error: () => setLive(null) },
      ),
    [api, cluster],
  );
  return live;
}

export interface ReportsState {
  /** Newest first; null until they were told. */
  readonly reports: readonly DrillSummary[] | null;
  readonly error: ApiError | null;
}

/** Every kept report, of this app and of the command, now and after every change. */
export function useDrillReports(): ReportsState {
  const api = useApi();
  const [state, setState] = useState<ReportsState>({ reports: null, error: null });
  useEffect(
    () =>
      api.subscribe(
        'drills.reports',
        {},
        {
          message: (reports) => setState((last) => replaceEqualDeep(last, { reports, error: null })),
          error: (error) => setState((last) => ({ ...last, error })),
        },
      ),
    [api],
  );
  return state;
}

/** One report; reports do not change, so that it is asked for once. */
export function useDrillReport(id: string) {
  const api = useApi();
  return useQuery({
    queryKey: ['drills.report', id],
    queryFn: () => api.query('drills.report', { id }),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

export function useDrillComparison(first: string, second: string) {
  const api = useApi();
  return useQuery({
    queryKey: ['drills.compare', first, second],
    queryFn: () => api.query('drills.compare', { first, second }),
    staleTime: Number.POSITIVE_INFINITY,
  });
}
