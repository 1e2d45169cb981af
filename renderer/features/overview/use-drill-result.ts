import { useCallback, useState } from 'react';
import { useSearchParams } from 'wouter';
import type { DrillProgress } from '../../../electron/contract/drills.ts';
import { useDrillLive } from '../drills/use-drills.ts';

export interface ShownDrill {
  readonly running: DrillProgress | null;
  readonly reportId: string | null;
}

/**
 * The drill that the right pane shows: the one that runs, the one that the address names
 * (?drill=id), or the last one that ran; null when there is none. And the way to close it.
 */
export function useDrillResult(cluster: string): [ShownDrill | null, () => void] {
  const live = useDrillLive(cluster);
  const [params, setParams] = useSearchParams();
  const [dismissed, setDismissed] = useState<string | null>(null);
  const last = live?.last?.reportId ?? null;
  const reportId = params.get('drill') ?? (last === dismissed ? null : last);
  const running = live?.running ?? null;
  const close = useCallback(() => {
    setDismissed(last);
    setParams(
      (now) => {
        const next = new URLSearchParams(now);
        next.delete('drill');
        return next;
      },
      { replace: true },
    );
  }, [last, setParams]);
  return [running === null && reportId === null ? null : { running, reportId }, close];
}
