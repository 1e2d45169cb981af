import { useMutation, useQuery } from '@tanstack/react-query';
import { useState } from 'react';
import { useApi } from '../../api/context.tsx';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { ErrorNote } from '../../ui/error-note.tsx';
import { formatBytes, formatCount, formatSpan } from '../../ui/format.ts';
import { fromBase64, utf8Text } from '../keys/bytes.ts';
import { openEditor } from '../keys/editor-state.ts';
import { changeEditor } from '../keys/editor-store.ts';
import { useKeyChanged } from '../keys/use-key-pages.ts';
import styles from './key-history.module.css';
import footer from './footer.module.css';

const LIMIT = 50;
const PREVIEW_CHARS = 2_000;

/** The former values of a key, as far as the cluster still has them, and the way back to one. */
export function KeyHistoryDialog({
  cluster,
  keyBase64,
  written,
  mayWrite,
  onClose,
}: {
  cluster: string;
  keyBase64: string;
  written: string;
  mayWrite: boolean;
  onClose: () => void;
}) {
  const api = useApi();
  const input = { cluster, key: keyBase64 };
  const history = useQuery({
    queryKey: ['keys.history', cluster, keyBase64],
    queryFn: () => api.query('keys.history', { ...input, limit: LIMIT }),
    gcTime: 0,
  });
  const lease = useQuery({
    queryKey: ['keys.lease', cluster, keyBase64],
    queryFn: () => api.query('keys.lease', input),
    gcTime: 0,
  });
  const keyChanged = useKeyChanged(cluster);
  const save = useMutation({
    mutationFn: (put: { value: string; expectedRevision: number }) => api.command('keys.put', { ...input, ...put }),
    onSuccess: (answer, { value }) => {
      if (answer.outcome === 'conflict') {
        void history.refetch();
        return;
      }
      // What was being edited gives way to what is there now.
      changeEditor(cluster, keyBase64, () => openEditor({ ...answer.entry, value }));
      keyChanged(keyBase64, answer.entry);
      onClose();
    },
  });
  const [chosen, setChosen] = useState(0);
  const versions = history.data?.versions ?? [];
  const version = versions[chosen];
  const newest = versions[0];
  const putBack = () => {
    if (version === undefined || newest === undefined) return;
    save.mutate({ value: version.value, expectedRevision: newest.revision });
  };
  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      title="History"
      description={`Former values of ${written}`}
      className={styles.dialog ?? ''}
      footer={
        <>
          <span className={footer.grow} />
          <Button onClick={onClose}>Close</Button>
          {mayWrite && chosen > 0 && (
            <Button variant="primary" busy={save.isPending} onClick={putBack}>
              Put this value back
            </Button>
          )}
        </>
      }
    >
      <p className={styles.lease}>
        <span className="mono">{written}</span>
        {lease.data === undefined
          ? ''
          : lease.data === null
            ? ' has no lease: it stays until it is deleted.'
            : ` has a lease of ${formatSpan(lease.data.grantedTtlSeconds * 1_000)}; ${formatSpan(Math.max(0, lease.data.ttlSeconds) * 1_000)} of it are left unless it is renewed.`}
      </p>
      {history.error !== null && <ErrorNote title="The history could not be read." error={history.error} />}
      {history.data !== undefined && (
        <div className={styles.panes}>
          <ol className={styles.list} aria-label="Versions, newest first">
            {versions.map((one, i) => (
              <li key={one.revision}>
                <button type="button" aria-pressed={i === chosen} onClick={() => setChosen(i)}>
                  <b>r{formatCount(one.revision)}</b>
                  <span>
                    {i === 0 ? 'now' : `version ${formatCount(one.version)}`} · {formatBytes(sizeOf(one.value))}
                  </span>
                </button>
              </li>
            ))}
            {history.data.isCut && <li className={styles.note}>Older ones have been compacted away.</li>}
            {versions.length === LIMIT && <li className={styles.note}>The last {LIMIT} are shown.</li>}
          </ol>
          <pre className={styles.value} aria-label="Value" tabIndex={0}>
            {version === undefined ? '' : preview(version.value)}
          </pre>
        </div>
      )}
      {save.data?.outcome === 'conflict' && (
        <ErrorNote title="Nothing was put back.">The key was changed meanwhile. Look at what is there now.</ErrorNote>
      )}
      {save.error !== null && <ErrorNote title="Nothing was put back." error={save.error} />}
    </Dialog>
  );
}

function sizeOf(base64: string): number {
  return Math.floor((base64.length * 3) / 4) - (base64.endsWith('==') ? 2 : base64.endsWith('=') ? 1 : 0);
}

function preview(base64: string): string {
  const text = utf8Text(fromBase64(base64));
  if (text === null) return base64.slice(0, PREVIEW_CHARS);
  return text.length > PREVIEW_CHARS ? `${text.slice(0, PREVIEW_CHARS)}…` : text;
}
