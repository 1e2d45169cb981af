import { Link } from 'wouter';
import { useState } from 'react';
import type { Alert } from '../../../electron/contract/monitor.ts';
import { clusterPath } from '../../app/paths.ts';
import { Button } from '../../ui/button.tsx';
import { EmptyState } from '../../ui/empty-state.tsx';
import { formatClock, plural } from '../../ui/format.ts';
import { Icon } from '../../ui/icon.tsx';
import { Panel } from '../../ui/panel.tsx';
import { Select } from '../../ui/select.tsx';
import { alertNotes, ruleTexts } from './fleet-words.ts';
import styles from './fleet.module.css';

const PAGE = 50;
const ALL = '';

/** What fired and cleared, newest first. */
export function AlertList({ alerts }: { alerts: readonly Alert[] | null }) {
  const [cluster, setCluster] = useState(ALL);
  const [limit, setLimit] = useState(PAGE);
  const names = [...new Set((alerts ?? []).map((alert) => alert.cluster))].sort();
  const found = (alerts ?? []).filter((alert) => cluster === ALL || alert.cluster === cluster);
  return (
    <Panel
      title="What fired"
      hint={found.length === 0 ? '' : plural(found.length, 'entry', 'entries')}
      actions={
        names.length > 1 && (
          <Select
            label="Cluster"
            hideLabel
            value={cluster}
            options={[{ value: ALL, label: 'All clusters' }, ...names.map((name) => ({ value: name, label: name }))]}
            onChange={setCluster}
          />
        )
      }
    >
      {alerts !== null && found.length === 0 && (
        <EmptyState>No rule has fired. What fires and clears is kept here, whether a window is open or not.</EmptyState>
      )}
      <ol className={styles.alerts} aria-label="What fired, newest first">
        {found.slice(0, limit).map((alert) => (
          <Entry key={alert.id} alert={alert} />
        ))}
      </ol>
      {found.length > limit && (
        <div className={styles.note}>
          <Button size="small" onClick={() => setLimit(limit + PAGE)}>
            Show earlier
          </Button>
        </div>
      )}
    </Panel>
  );
}

function Entry({ alert }: { alert: Alert }) {
  const notes = alertNotes(alert);
  return (
    <li className={styles.alert} data-change={alert.change}>
      <Icon name={alert.change === 'fired' ? 'alert' : 'checkCircle'} size={14} />
      <div>
        <p>
          <Link href={clusterPath(alert.cluster)}>{alert.cluster}</Link>{' '}
          <b>
            {ruleTexts[alert.rule].title}
            {alert.change === 'cleared' ? ', over' : ''}.
          </b>{' '}
          {alert.words}
        </p>
        <p className={styles.when}>
          <time dateTime={new Date(alert.timeMs).toISOString()}>
            {new Date(alert.timeMs).toLocaleDateString('en-GB')} {formatClock(alert.timeMs)}
          </time>
          {notes !== '' && ` · ${notes}`}
        </p>
      </div>
    </li>
  );
}
