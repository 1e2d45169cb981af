import { useVirtualizer } from '@tanstack/react-virtual';
import { useMemo, useRef } from 'react';
import { useSearchParams } from 'wouter';
import type { ClusterSummary, NodeView } from '../../../electron/contract/model.ts';
import { useClusterLive, useClusterNow, useView } from '../../api/use-cluster-live.tsx';
import { Button } from '../../ui/button.tsx';
import { copyText } from '../../ui/copy-text.ts';
import { EmptyState } from '../../ui/empty-state.tsx';
import { formatAgo, formatCount, plural } from '../../ui/format.ts';
import { saveFile } from '../../ui/save-file.ts';
import { Select } from '../../ui/select.tsx';
import { isKindGroup, kindGroups, matchesEvent, type EventFilter } from './event-filter.ts';
import { EventItem } from './event-item.tsx';
import { eventsAsJson, eventsAsText, formatOffset } from './event-text.ts';
import styles from './events-screen.module.css';

const ROW_GUESS_PX = 46;

/** /c/:cluster/events?node=&partition=&kind=: all that happened, newest first. */
export function EventsScreen() {
  const hasView = useClusterLive((live) => live.view !== null);
  return hasView ? <Events /> : <div className={styles.loading} aria-busy="true" />;
}

function Events() {
  const events = useClusterLive((live) => live.events);
  const summary = useView((view) => view.summary);
  const nodes = useView((view) => view.nodes);
  const [params, setParams] = useSearchParams();
  const filter = readFilter(params);
  const { node, partition, kind } = filter;
  const shown = useMemo(
    () => events.filter((event) => matchesEvent(event, { node, partition, kind })).toReversed(),
    [events, node, partition, kind],
  );
  const set = (name: string, value: string) =>
    setParams(
      (now) => {
        const next = new URLSearchParams(now);
        if (value === 'all') next.delete(name);
        else next.set(name, value);
        return next;
      },
      { replace: true },
    );

  return (
    <section className={styles.screen} aria-label="Events">
      <h1 className="sr-only">Events of {summary.name}</h1>
      <div className={styles.bar}>
        <Filters filter={filter} nodes={nodes} partitionCount={summary.partitionCount} onChange={set} />
        <span className={styles.count} role="status">
          {shown.length === events.length
            ? plural(shown.length, 'event')
            : `${formatCount(shown.length)} of ${plural(events.length, 'event')}`}
        </span>
        <span className={styles.grow} />
        <Button
          icon="copy"
          disabled={shown.length === 0}
          onClick={() =>
            void copyText(eventsAsText(summary, shown), `${plural(shown.length, 'event')} copied as text.`)
          }
        >
          Copy as text
        </Button>
        <Button
          icon="download"
          disabled={shown.length === 0}
          onClick={() => saveFile(fileName(summary), eventsAsJson(summary, shown), 'application/json')}
        >
          Save as JSON
        </Button>
      </div>
      {shown.length === 0 ? (
        <EmptyState
          {...(events.length > 0 && {
            action: (
              <Button onClick={() => setParams(new URLSearchParams(), { replace: true })}>Show all events</Button>
            ),
          })}
        >
          {events.length === 0
            ? 'Nothing has happened yet. Elections, faults and recoveries are told here.'
            : 'No event matches this filter.'}
        </EmptyState>
      ) : (
        <Feed shown={shown} />
      )}
    </section>
  );
}

function Feed({ shown }: { shown: Parameters<typeof eventsAsText>[1] }) {
  const scroller = useRef<HTMLDivElement>(null);
  const now = useClusterNow(1_000);
  // eslint-disable-next-line react/incompatible-library -- its functions are called in this render only, never passed on
  const virtual = useVirtualizer({
    count: shown.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => ROW_GUESS_PX,
    getItemKey: (index) => shown[index]?.id ?? index,
    overscan: 8,
  });
  return (
    <div ref={scroller} className={styles.scroller} tabIndex={0} role="region" aria-label="Feed, newest first">
      <ol className={styles.list} style={{ height: virtual.getTotalSize() }}>
        {virtual.getVirtualItems().map((item) => {
          const event = shown[item.index];
          if (event === undefined) return null;
          const offset = formatOffset(event);
          const ago = formatAgo(now - event.timeMs);
          return (
            <li
              key={item.key}
              ref={virtual.measureElement}
              data-index={item.index}
              className={styles.item}
              style={{ transform: `translateY(${item.start}px)` }}
              aria-setsize={shown.length}
              aria-posinset={item.index + 1}
            >
              <EventItem event={event} aside={offset === '' ? ago : `${offset} · ${ago}`} />
            </li>
          );
        })}
      </ol>
    </div>
  );
}

function Filters({
  filter,
  nodes,
  partitionCount,
  onChange,
}: {
  filter: EventFilter;
  nodes: readonly NodeView[];
  partitionCount: number;
  onChange: (name: 'node' | 'partition' | 'kind', value: string) => void;
}) {
  return (
    <>
      <Select
        label="Node"
        hideLabel
        value={filter.node === null ? 'all' : String(filter.node)}
        options={[
          { value: 'all', label: 'All nodes' },
          ...nodes.map((node) => ({ value: String(node.id), label: node.name })),
        ]}
        onChange={(value) => onChange('node', value)}
      />
      <Select
        label="Partition"
        hideLabel
        value={filter.partition === null ? 'all' : String(filter.partition)}
        options={[
          { value: 'all', label: 'All partitions' },
          ...Array.from({ length: partitionCount }, (_, p) => ({ value: String(p), label: `p${p}` })),
        ]}
        onChange={(value) => onChange('partition', value)}
      />
      <Select
        label="Kind"
        hideLabel
        value={filter.kind}
        options={Object.entries(kindGroups).map(([value, { label }]) => ({ value, label }))}
        onChange={(value) => onChange('kind', value)}
      />
    </>
  );
}

function readFilter(params: URLSearchParams): EventFilter {
  const kind = params.get('kind') ?? 'all';
  return {
    node: readNumber(params.get('node')),
    partition: readNumber(params.get('partition')),
    kind: isKindGroup(kind) ? kind : 'all',
  };
}

function readNumber(text: string | null): number | null {
  return text !== null && /^\d{1,6}$/.test(text) ? Number(text) : null;
}

function fileName(summary: ClusterSummary): string {
  const time = new Date().toISOString().slice(0, 19).replaceAll(':', '-');
  return `${summary.name}-events-${time}.json`;
}
