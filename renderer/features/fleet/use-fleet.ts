import { replaceEqualDeep, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import type { ApiError } from '../../../electron/contract/contract.ts';
import type { Alert, Fleet, MonitorSettings } from '../../../electron/contract/monitor.ts';
import { useApi } from '../../api/context.tsx';
import { showError } from '../../ui/toast.tsx';

/** Of the log; the backend keeps as many. */
const MAX_ALERTS = 2_000;
/** The fleet is told every second; when it is not, what is shown is old. */
const STALE_AFTER_MS = 3_000;
const CHECK_MS = 500;

export interface FleetState {
  readonly fleet: Fleet | null;
  /** How long nothing came, once that is too long. */
  readonly silentMs: number | null;
  readonly error: ApiError | null;
}

/** Every cluster side by side, now and every second. */
export function useFleet(): FleetState {
  const api = useApi();
  const [state, setState] = useState<FleetState>({ fleet: null, silentMs: null, error: null });
  useEffect(() => {
    let heardMs = performance.now();
    const timer = setInterval(() => {
      const silentMs = performance.now() - heardMs;
      setState((last) => (silentMs < STALE_AFTER_MS ? last : { ...last, silentMs }));
    }, CHECK_MS);
    const end = api.subscribe(
      'fleet',
      {},
      {
        message: (fleet) => {
          heardMs = performance.now();
          setState((last) => replaceEqualDeep(last, { fleet, silentMs: null, error: null }));
        },
        error: (error) => setState((last) => ({ ...last, error })),
      },
    );
    return () => {
      clearInterval(timer);
      end();
    };
  }, [api]);
  return state;
}

/** What fired and cleared, newest first; null until it was told. */
export function useAlerts(): readonly Alert[] | null {
  const api = useApi();
  const [alerts, setAlerts] = useState<readonly Alert[] | null>(null);
  useEffect(
    () =>
      api.subscribe(
        'monitor.log',
        {},
        {
          // After the connection was lost the whole log comes again.
          message: (told) => setAlerts((held) => mergeAlerts(held ?? [], told)),
          error: () => setAlerts(null),
        },
      ),
    [api],
  );
  return alerts;
}

/** Newest first, each once. */
export function mergeAlerts(held: readonly Alert[], told: readonly Alert[]): readonly Alert[] {
  const byId = new Map([...held, ...told].map((alert) => [alert.id, alert]));
  return [...byId.values()].sort((a, b) => b.timeMs - a.timeMs).slice(0, MAX_ALERTS);
}

export interface SettingsState {
  readonly settings: MonitorSettings | null;
  readonly error: unknown;
  /** In force at once; what the backend refuses is told and taken back. */
  readonly change: (settings: MonitorSettings) => void;
}

const KEY = ['monitor.settings'];

/** What is watched for. */
export function useMonitorSettings(): SettingsState {
  const api = useApi();
  const queries = useQueryClient();
  const { data, error } = useQuery({ queryKey: KEY, queryFn: () => api.query('monitor.settings', {}) });
  const configure = useMutation({
    mutationFn: (settings: MonitorSettings) => api.command('monitor.configure', settings),
    onMutate: (settings) => queries.setQueryData(KEY, settings),
    onError: (reason) => {
      showError('The rules were not kept.', reason);
      void queries.invalidateQueries({ queryKey: KEY });
    },
  });
  return { settings: data ?? null, error, change: (settings) => configure.mutate(settings) };
}
