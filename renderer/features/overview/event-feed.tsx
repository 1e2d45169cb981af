import { useEffect, useRef, useState, type ReactNode } from 'react';
import { Link } from 'wouter';
import { useClusterLive, useClusterNow, useLive, useView } from '../../api/use-cluster-live.tsx';
import { clusterPath } from '../../app/paths.ts';
import { Button } from '../../ui/button.tsx';
import { copyText } from '../../ui/copy-text.ts';
import { formatAgo, plural } from '../../ui/format.ts';
import { PanelHeader } from '../../ui/panel.tsx';
import { EventItem } from '../events/event-item.tsx';
import { eventsAsText, formatOffset } from '../events/event-text.ts';
import { announcement, currentStory } from './story.ts';
import styles from './aside.module.css';

const MOST_SHOWN = 60;
const ANNOUNCE_MS = 1_000;

/** What happened: newest first, or the story of the latest fault with its offsets. */
export function EventFeed({ cluster, close }: { cluster: string; close: ReactNode }) {
  const events = useClusterLive((state) => state.events);
  const summary = useView((view) => view.summary);
  const now = useClusterNow(1_000);
  const [dismissed, setDismissed] = useState<string | null>(null);
  const story = currentStory(events, now);
  const told = story !== null && story.fault.id !== dismissed ? story : null;
  const list = useRef<HTMLOListElement>(null);
  const shown = told === null ? events.slice(-MOST_SHOWN).toReversed() : told.events;
  const count = shown.length;
  // A story grows at its end; the list of all grows at its beginning.
  const endMark = told === null ? null : `${told.fault.id} ${count}`;
  useEffect(() => {
    const element = list.current;
    if (element !== null) element.scrollTop = endMark === null ? 0 : element.scrollHeight;
  }, [endMark]);

  return (
    <>
      <PanelHeader
        className={styles.feedHeader}
        title={told === null ? 'Events' : 'What happened'}
        hint={told === null ? 'newest first' : ''}
        actions={
          <>
            {story !== null && (
              <Button size="small" variant="ghost" onClick={() => setDismissed(told === null ? null : story.fault.id)}>
                {told === null ? 'Story' : 'All'}
              </Button>
            )}
            <Button
              size="small"
              variant="ghost"
              disabled={count === 0}
              onClick={() => void copyText(eventsAsText(summary, shown), `${plural(count, 'event')} copied as text.`)}
            >
              Copy as text
            </Button>
            {close}
          </>
        }
      />
      {count === 0 ? (
        <p className={styles.empty}>Nothing has happened yet. Faults, elections and recoveries are told here.</p>
      ) : (
        // eslint-disable-next-line jsx-a11y/no-noninteractive-tabindex -- a scrolling list must be reachable by keyboard
        <ol ref={list} className={styles.feed} tabIndex={0} aria-label={told === null ? 'Events' : 'What happened'}>
          {shown.map((event) => (
            <li key={event.id}>
              <EventItem event={event} aside={told === null ? formatAgo(now - event.timeMs) : formatOffset(event)} />
            </li>
          ))}
          {told === null && events.length > count && (
            <li>
              <Link href={clusterPath(cluster, 'events')}>All events</Link>
            </li>
          )}
        </ol>
      )}
      <FeedAnnouncer />
    </>
  );
}

/** Reads new events out, politely, at most once a second. */
function FeedAnnouncer() {
  const { store } = useLive();
  const [spoken, setSpoken] = useState('');
  useEffect(() => {
    const heard = new Set(store.getState().events.map((event) => event.id));
    let openedEmpty = heard.size === 0;
    const timer = setInterval(() => {
      const fresh = store.getState().events.filter((event) => !heard.has(event.id));
      for (const event of fresh) heard.add(event.id);
      // The history that arrives after the screen opened is not news.
      if (fresh.length > 0 && !openedEmpty) setSpoken(announcement(fresh));
      openedEmpty = false;
    }, ANNOUNCE_MS);
    return () => clearInterval(timer);
  }, [store]);
  return (
    <div className="sr-only" aria-live="polite">
      {spoken}
    </div>
  );
}
