import { useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { toApiError } from '../../../api/errors.ts';
import { useApi } from '../../../api/context.tsx';
import { useClusterNow, useView } from '../../../api/use-cluster-live.tsx';
import { formatAgo, formatCount, formatSpan } from '../../../ui/format.ts';
import { fromBase64 } from '../bytes.ts';
import { isDirty, type EditorState } from '../editor-state.ts';
import { encodeDraft } from '../value-format.ts';
import { changeWords, differenceWords, type KeyVersion } from './changes.ts';
import { RevisionDialog } from './revision-dialog.tsx';
import styles from './history-panel.module.css';

const MOST_SHOWN = 50;

/** The revisions of a key, newest first, each with what it changed; one opens beside what is there now. */
export function HistoryPanel({
  cluster,
  keyBase64,
  state,
  onRestore,
}: {
  cluster: string;
  keyBase64: string;
  state: EditorState;
  /** Null where nothing may be written. */
  onRestore: ((value: Uint8Array) => void) | null;
}) {
  const api = useApi();
  const now = useClusterNow(1_000);
  const [opened, setOpened] = useState<KeyVersion | null>(null);
  const hasLeases = useView(({ summary }) => summary.remote?.capabilities.includes('leases') ?? false);
  const history = useQuery({
    // A new revision is a new history; nothing else changes it.
    queryKey: ['keys.history', cluster, keyBase64, state.current?.revision ?? 0],
    queryFn: () => api.query('keys.history', { cluster, key: keyBase64, limit: MOST_SHOWN }),
    placeholderData: (before) => before,
    retry: false,
  });
  // A store without earlier values has nothing to show, and says so when it is asked.
  if (history.error !== null && toApiError(history.error).code === 'refused') return null;
  const versions = history.data?.versions ?? [];
  const draft = isDirty(state) ? encodeDraft(state.draft) : null;
  const base = state.base === null ? null : fromBase64(state.base.value);
  return (
    <section className={styles.history} aria-label="History">
      <header className={styles.header}>
        <h3>History</h3>
        {hasLeases && <LeaseWords cluster={cluster} keyBase64={keyBase64} />}
        <span>
          {history.error !== null
            ? toApiError(history.error).message
            : history.data === undefined
              ? 'reading…'
              : history.data.isCut
                ? 'older revisions are not kept'
                : 'since it was created'}
        </span>
      </header>
      <ol className={styles.list}>
        {draft !== null && (
          <li className={styles.draft}>
            <b>draft</b>
            <span>{draft.ok && base !== null ? differenceWords(base, draft.bytes) : 'not saved yet'}</span>
            <span className={styles.age}>you, now</span>
          </li>
        )}
        {versions.map((version, i) => (
          <li key={version.revision} data-now={i === 0 || undefined}>
            <button type="button" disabled={version.value === null} onClick={() => setOpened(version)}>
              <b>r{formatCount(version.revision)}</b>
              <span>{changeWords(version, versions[i + 1] ?? null)}</span>
              <span className={styles.age}>{version.timeMs === null ? '' : formatAgo(now - version.timeMs)}</span>
            </button>
          </li>
        ))}
      </ol>
      {opened !== null && (
        <RevisionDialog
          version={opened}
          current={state.current}
          onRestore={onRestore}
          onClose={() => setOpened(null)}
        />
      )}
    </section>
  );
}

/** What holds the key, where keys are held by leases. */
function LeaseWords({ cluster, keyBase64 }: { cluster: string; keyBase64: string }) {
  const api = useApi();
  const lease = useQuery({
    queryKey: ['keys.lease', cluster, keyBase64],
    queryFn: () => api.query('keys.lease', { cluster, key: keyBase64 }),
    gcTime: 0,
  });
  if (lease.data === undefined) return null;
  if (lease.data === null) return <span>no lease: it stays until it is deleted</span>;
  const { ttlSeconds, grantedTtlSeconds } = lease.data;
  const left = formatSpan(Math.max(0, ttlSeconds) * 1_000);
  return (
    <span>
      a lease of {formatSpan(grantedTtlSeconds * 1_000)}, {left} left unless it is renewed
    </span>
  );
}
