import { keepPreviousData, useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useRef } from 'react';
import { useSearchParams } from 'wouter';
import { useApi } from '../../api/context.tsx';
import { useClusterLive, useView } from '../../api/use-cluster-live.tsx';
import { Button } from '../../ui/button.tsx';
import { copyText } from '../../ui/copy-text.ts';
import { cx } from '../../ui/cx.ts';
import { EmptyState } from '../../ui/empty-state.tsx';
import { ErrorNote } from '../../ui/error-note.tsx';
import { formatCount, formatTime, plural } from '../../ui/format.ts';
import { Segmented } from '../../ui/segmented.tsx';
import { Select } from '../../ui/select.tsx';
import { Switch } from '../../ui/switch.tsx';
import { TextField } from '../../ui/text-field.tsx';
import { useShortcuts } from '../../app/shortcuts.ts';
import { logLevels, matchesLog, parseLogLine, type LogLevel } from './log-line.ts';
import { readLogsRoute, writeLogsRoute, type LogsRoute } from './logs-route.ts';
import styles from './logs-screen.module.css';

const LINES = 1_000;
const REFRESH_MS = 1_000;
/** This near to the end counts as being at it. */
const AT_END_PX = 40;

/** /c/:cluster/logs?node=&level=&search=&follow=: the end of one node's log, as it grows. */
export function LogsScreen({ cluster }: { cluster: string }) {
  const hasView = useClusterLive((live) => live.view !== null);
  return hasView ? <Logs cluster={cluster} /> : <div className={styles.loading} aria-busy="true" />;
}

function Logs({ cluster }: { cluster: string }) {
  const api = useApi();
  const nodes = useView((view) => view.nodes);
  const [params, setParams] = useSearchParams();
  const { level, words, follow } = readLogsRoute(params);
  const set = (change: Partial<LogsRoute>) => setParams((now) => writeLogsRoute(now, change), { replace: true });
  const search = useRef<HTMLInputElement>(null);
  useShortcuts({ '/': () => search.current?.focus() });

  const asked = readLogsRoute(params).node;
  const node = nodes.find((one) => one.id === asked) ?? nodes[0];
  const { data, error, refetch } = useQuery({
    queryKey: ['node.logs', cluster, node?.id],
    queryFn: () => api.query('node.logs', { cluster, node: node?.id ?? 0, lines: LINES }),
    enabled: node !== undefined,
    refetchInterval: REFRESH_MS,
    placeholderData: keepPreviousData,
    gcTime: 0,
  });
  const parsed = useMemo(() => (data?.lines ?? []).map(parseLogLine), [data]);
  const shown = useMemo(() => parsed.filter((line) => matchesLog(line, level, words)), [parsed, level, words]);

  const scroller = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = scroller.current;
    if (follow && element !== null) element.scrollTop = element.scrollHeight;
  });

  return (
    <section className={styles.screen} aria-label="Logs">
      <h1 className="sr-only">Logs of {cluster}</h1>
      <div className={styles.bar}>
        <Select
          label="Node"
          value={String(node?.id ?? '')}
          options={nodes.map((one) => ({ value: String(one.id), label: `${one.name} · ${one.state}` }))}
          onChange={(value) => set({ node: Number(value) })}
        />
        <Segmented
          label="At least"
          value={level}
          options={logLevels.map((value) => ({ value, label: levelNames[value] }))}
          onChange={(next) => set({ level: next })}
        />
        <TextField
          ref={search}
          className={styles.search}
          label="Search"
          hideLabel
          icon="search"
          placeholder="Search"
          value={words}
          onChange={(event) => set({ words: event.target.value })}
        />
        <span className={styles.count} role="status">
          {shown.length === parsed.length
            ? `last ${plural(shown.length, 'line')}`
            : `${formatCount(shown.length)} of the last ${plural(parsed.length, 'line')}`}
        </span>
        <span className={styles.grow} />
        <Switch label="Follow" checked={follow} onChange={(next) => set({ follow: next })} />
        <Button
          icon="copy"
          disabled={shown.length === 0}
          onClick={() => void copyText(shown.map(asText).join('\n'), `${plural(shown.length, 'line')} copied.`)}
        >
          Copy
        </Button>
      </div>
      {error !== null && (
        <div className={styles.note}>
          <ErrorNote
            title="The log could not be read."
            error={error}
            fix={{ label: 'Try again', run: () => void refetch() }}
          />
        </div>
      )}
      {shown.length === 0 && data !== undefined ? (
        <EmptyState>
          {parsed.length === 0
            ? `${node?.name ?? 'The node'} has written nothing yet.`
            : 'No line matches. Lower the level or change the words.'}
        </EmptyState>
      ) : (
        <div
          ref={scroller}
          className={styles.lines}
          tabIndex={0}
          role="log"
          aria-live="off"
          aria-label={`Log of ${node?.name ?? 'the node'}`}
          onScroll={({ currentTarget: at }) => {
            const isAtEnd = at.scrollHeight - at.scrollTop - at.clientHeight < AT_END_PX;
            if (isAtEnd !== follow) set({ follow: isAtEnd });
          }}
        >
          {shown.map((line, i) => (
            // eslint-disable-next-line react/no-array-index-key -- lines have no identity but their place
            <div key={i} className={styles.line}>
              <span className={styles.time}>{line.timeMs === null ? '' : formatTime(line.timeMs)}</span>
              <span className={cx(styles.level, line.level !== null && styles[line.level])}>{line.level}</span>
              <span className={styles.message}>
                {line.message}
                {line.details !== '' && <span className={styles.details}> {line.details}</span>}
              </span>
            </div>
          ))}
        </div>
      )}
    </section>
  );
}

const levelNames: Record<LogLevel, string> = { debug: 'All', info: 'Info', warn: 'Warnings', error: 'Errors' };

function asText(line: ReturnType<typeof parseLogLine>): string {
  const time = line.timeMs === null ? '' : new Date(line.timeMs).toISOString();
  return [time, line.level ?? '', line.message, line.details].filter((part) => part !== '').join(' ');
}
