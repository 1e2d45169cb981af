import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { Sample, StoryEvent } from '../../electron/contract/model.ts';
import { HISTORY_MS } from '../api/cluster-live.ts';
import { useApi } from '../api/context.tsx';
import { GAP_MS } from './series.ts';
import type { ChartWindow } from './window.ts';

/** More points than a chart draws. */
const MAX_POINTS = 1_500;
/** What is long past is kept in steps of this. */
const COARSE_MS = 10_000;
/** The window moves on; it is asked for anew only this many times while it moves by its own length. */
const STEPS = 60;
const MAX_EVENTS = 2_000;

export interface Past {
  /** What the window shows, oldest first: what was kept, then what came live. */
  readonly samples: readonly Sample[];
  readonly events: readonly StoryEvent[];
  /** A hole longer than this is a gap. */
  readonly gapMs: number;
  readonly error: unknown;
  /** Nothing was measured in the window, as far as is known. */
  readonly isEmpty: boolean;
}

/** What of a window must be asked for, since it is older than what came live; null when nothing. */
export function pastRange(
  window: Pick<ChartWindow, 'fromMs' | 'toMs'>,
  liveToMs: number,
): { fromMs: number; toMs: number } | null {
  const liveFromMs = liveToMs - HISTORY_MS;
  if (window.fromMs >= liveFromMs - GAP_MS) return null;
  const stepMs = Math.max(COARSE_MS, (window.toMs - window.fromMs) / STEPS);
  return {
    fromMs: Math.floor(window.fromMs / stepMs) * stepMs,
    toMs: Math.ceil(Math.min(window.toMs, liveFromMs) / stepMs) * stepMs,
  };
}

/** What was kept before the first that came live, then what came live. */
export function joinPast<T extends { readonly timeMs: number }>(past: readonly T[], live: readonly T[]): readonly T[] {
  const liveFromMs = live[0]?.timeMs ?? Infinity;
  return past.length === 0 ? live : [...past.filter(({ timeMs }) => timeMs < liveFromMs), ...live];
}

/** The samples and events of a window that may reach back before what came live. */
export function usePast(
  cluster: string,
  window: ChartWindow,
  live: { readonly samples: readonly Sample[]; readonly events: readonly StoryEvent[] },
): Past {
  const api = useApi();
  const { samples, events } = live;
  const range = pastRange(window, samples.at(-1)?.timeMs ?? window.toMs);
  const kept = useQuery({
    queryKey: ['cluster.history', cluster, range],
    queryFn: () => api.query('cluster.history', { cluster, ...range!, maxPoints: MAX_POINTS }),
    enabled: range !== null,
    placeholderData: keepPreviousData,
    staleTime: Infinity,
  });
  const told = useQuery({
    queryKey: ['cluster.events', cluster],
    queryFn: () => api.query('cluster.events', { cluster, limit: MAX_EVENTS }),
    enabled: range !== null,
    staleTime: HISTORY_MS,
  });
  const past = range === null ? undefined : kept.data;
  const pastEvents = range === null ? undefined : told.data;
  return {
    samples: useMemo(() => joinPast(past ?? [], samples), [past, samples]),
    events: useMemo(() => joinPast(pastEvents ?? [], events), [pastEvents, events]),
    gapMs: range === null ? GAP_MS : 2.5 * Math.max(COARSE_MS, (range.toMs - range.fromMs) / MAX_POINTS),
    error: kept.error,
    isEmpty: range !== null && kept.data?.length === 0 && window.toMs <= range.toMs,
  };
}
