import { useCallback } from 'react';
import { useLocation, useSearch } from 'wouter';
import { withDialog } from '../../app/paths.ts';
import type { FaultKind } from './fault-form.ts';

/** What the lab opens with; the rest is for its user to choose. */
export interface FaultPreset {
  readonly fault: FaultKind;
  readonly from?: number;
  readonly to?: number;
}

/** The address of the lab over the one that is shown. */
export function faultLabPath(path: string, search: string, preset: FaultPreset): string {
  return withDialog(path, search, 'faults', Object.fromEntries(Object.entries(preset).map(([k, v]) => [k, String(v)])));
}

/** Opens the fault lab over whatever is shown. */
export function useFaultLab(): (preset: FaultPreset) => void {
  const [path, navigate] = useLocation();
  const search = useSearch();
  return useCallback(
    (preset) => navigate(faultLabPath(path, search, preset), { replace: true }),
    [navigate, path, search],
  );
}
