import { useMutation } from '@tanstack/react-query';
import { useState, type KeyboardEvent } from 'react';
import { useApi } from '../../api/context.tsx';
import { useView } from '../../api/use-cluster-live.tsx';
import { Kbd } from '../../ui/badge.tsx';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { ErrorNote } from '../../ui/error-note.tsx';
import { formatCount } from '../../ui/format.ts';
import { hasModKey, modKeyLabel } from '../../ui/mod-key.ts';
import { Segmented } from '../../ui/segmented.tsx';
import { TextField } from '../../ui/text-field.tsx';
import { toBase64 } from './bytes.ts';
import { expiryOptions, ttlOf, type Expiry } from './expiry.ts';
import { checkKey, draftProblem } from './limits.ts';
import { useKeyChanged } from './use-key-pages.ts';
import { encodeDraft, formatRefusal, formatted, openDraft, type Draft, type ValueFormat } from './value-format.ts';
import { ValueField } from './value-field.tsx';
import styles from './new-key-dialog.module.css';

/** Creates a key that must not exist yet. `prefix` is what the key begins with, as typed. */
export function NewKeyDialog({
  cluster,
  prefix,
  onClose,
  onOpen,
}: {
  cluster: string;
  prefix: string;
  onClose: () => void;
  /** The key was created, or exists and is to be shown (base64). */
  onOpen: (key: string) => void;
}) {
  const api = useApi();
  const keyChanged = useKeyChanged(cluster);
  const [key, setKey] = useState(prefix);
  const [draft, setDraft] = useState<Draft>({ format: 'text', text: '', lineEnding: '\n' });
  const [refusal, setRefusal] = useState<string | null>(null);
  const [tried, setTried] = useState(false);
  const [expiry, setExpiry] = useState<Expiry>('never');
  const mayExpire = useView(({ summary }) => summary.remote?.capabilities.includes('keyTtl') ?? true);
  const ttlMs = ttlOf(expiry, null, 0);
  const checked = checkKey(key);
  const problem = draftProblem(draft);

  const create = useMutation({
    mutationFn: ({ bytes, value }: { bytes: Uint8Array; value: Uint8Array }) =>
      api.command('keys.put', { cluster, key: toBase64(bytes), value: toBase64(value), expectedRevision: 0, ttlMs }),
    onSuccess: (answer) => {
      if (answer.outcome === 'conflict') return;
      keyChanged(answer.entry.key, answer.entry);
      onOpen(answer.entry.key);
    },
  });
  const existing = create.data?.outcome === 'conflict' ? create.data.current : null;

  const submit = () => {
    setTried(true);
    const encoded = encodeDraft(draft);
    if (!checked.ok || problem !== null || !encoded.ok || create.isPending) return;
    create.mutate({ bytes: checked.bytes, value: encoded.bytes });
  };
  const showAs = (format: ValueFormat) => {
    const encoded = encodeDraft(draft);
    const refused = encoded.ok ? formatRefusal(encoded.bytes, format) : encoded.message;
    setRefusal(refused);
    if (encoded.ok && refused === null) setDraft(openDraft(encoded.bytes, format));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const isInput = event.target instanceof HTMLInputElement;
    if (event.key !== 'Enter' || !(hasModKey(event) || isInput)) return;
    event.preventDefault();
    submit();
  };

  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      title="New key"
      className={styles.dialog}
      footer={
        <>
          <p className={styles.footnote} role="status">
            {tried && checked.ok && problem !== null ? (
              <span className={styles.problem}>{problem}</span>
            ) : (
              'Created only if there is no such key.'
            )}
          </p>
          <Button onClick={onClose}>Cancel</Button>
          <Button variant="primary" busy={create.isPending} onClick={submit}>
            Create key <Kbd>{modKeyLabel('↵')}</Kbd>
          </Button>
        </>
      }
    >
      <div className={styles.form} onKeyDown={onKeyDown}>
        <TextField
          label="Key"
          note="1 to 4,096 bytes"
          mono
          autoFocus
          value={key}
          onChange={(event) => setKey(event.target.value)}
          problem={checked.ok || !(tried || key !== '') ? undefined : checked.message}
          help="Any bytes: write \x00 for a byte that is no text, \\ for a backslash."
        />
        <div className={styles.value}>
          <ValueField
            draft={draft}
            refusal={refusal}
            readOnly={false}
            onText={(text) => {
              setRefusal(null);
              setDraft({ ...draft, text });
            }}
            onFormat={showAs}
            onLayOut={() => setDraft(formatted(draft) ?? draft)}
          />
        </div>
        {mayExpire && (
          <div className={styles.expiry}>
            <span aria-hidden="true">Expires</span>
            <Segmented label="Expires" value={expiry} options={expiryOptions(null)} onChange={setExpiry} />
          </div>
        )}
        {existing !== null && (
          <ErrorNote title="This key exists already." fix={{ label: 'Open it', run: () => onOpen(existing.key) }}>
            It is at revision {formatCount(existing.revision)}. Nothing was changed.
          </ErrorNote>
        )}
        {create.error !== null && (
          <ErrorNote title="The key was not created." error={create.error} fix={{ label: 'Try again', run: submit }} />
        )}
      </div>
    </Dialog>
  );
}
