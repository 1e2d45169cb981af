import { useEffect, useState } from 'react';
import { STALE_AFTER_MS } from '../../api/cluster-live.ts';
import { useApi } from '../../api/context.tsx';
import type { PartitionLive } from '../../../electron/contract/model.ts';
import { FIGURES_MS, isNews, noFeed, RecentMoments, type FeedState, type Moment } from './partition-feed.ts';

const LOOK_MS = 250;

/** Subscribes to one partition while `attempt` stays the same; another subscribes anew. */
export function usePartitionFeed(cluster: string, partition: number, attempt: number): FeedState {
  const api = useApi();
  const subject = `${cluster}/${partition}/${attempt}`;
  const [held, setHeld] = useState<{ readonly subject: string; readonly state: FeedState }>({ subject, state: noFeed });
  useEffect(() => {
    const recent = new RecentMoments();
    let shown: PartitionLive | null = null;
    let shownAtMs = -FIGURES_MS;
    let waiting: Moment | null = null;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const show = (moment: Moment) => {
      clearTimeout(timer);
      waiting = null;
      shown = moment.live;
      shownAtMs = performance.now();
      setHeld({ subject, state: { moment, receivedAtMs: shownAtMs, error: null } });
    };
    const unsubscribe = api.subscribe(
      'partition.live',
      { cluster, partition },
      {
        message(message) {
          const moment = recent.take(message);
          const dueMs = shownAtMs + FIGURES_MS - performance.now();
          if (dueMs <= 0 || isNews(shown, moment.live)) return show(moment);
          if (waiting === null) {
            timer = setTimeout(() => {
              if (waiting !== null) show(waiting);
            }, dueMs);
          }
          waiting = moment;
        },
        error: (error) => setHeld(({ state }) => ({ subject, state: { ...state, error } })),
      },
    );
    return () => {
      clearTimeout(timer);
      unsubscribe();
    };
  }, [api, cluster, partition, subject]);
  // Another partition's state is not shown for a moment under this one's name.
  return held.subject === subject ? held.state : noFeed;
}

/** How long the host has said nothing of the partition, once that is worth saying, in whole seconds. */
export function useFeedSilence(receivedAtMs: number | null): number | null {
  const [nowMs, setNowMs] = useState(() => performance.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(performance.now()), LOOK_MS);
    return () => clearInterval(timer);
  }, []);
  if (receivedAtMs === null) return null;
  const silentMs = nowMs - receivedAtMs;
  return silentMs < STALE_AFTER_MS ? null : Math.floor(silentMs / 1000) * 1000;
}
