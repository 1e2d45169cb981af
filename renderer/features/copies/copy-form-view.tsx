import { useMutation } from '@tanstack/react-query';
import { useState } from 'react';
import type { CopySettings } from '../../../electron/contract/copies.ts';
import { useApi } from '../../api/context.tsx';
import { useClusters } from '../../api/use-clusters.ts';
import { Button } from '../../ui/button.tsx';
import { ErrorNote } from '../../ui/error-note.tsx';
import { Segmented } from '../../ui/segmented.tsx';
import { Select } from '../../ui/select.tsx';
import { Switch } from '../../ui/switch.tsx';
import { TextField } from '../../ui/text-field.tsx';
import { choices, readCopyForm, type CopyForm, type CopyProblems } from './copy-form.ts';
import { conflictMeans } from './copy-words.ts';
import { Footer } from './footer.tsx';
import styles from './copy.module.css';

const policies = [
  { value: 'fail', label: 'Stop there' },
  { value: 'skip', label: 'Keep it' },
  { value: 'overwrite', label: 'Overwrite it' },
] as const;

/** What is copied, and how. Nothing is written before it was counted. */
export function CopyFormView({
  form,
  onChange,
  onBegun,
  onClose,
}: {
  form: CopyForm;
  onChange: (form: CopyForm) => void;
  onBegun: (id: string) => void;
  onClose: () => void;
}) {
  const api = useApi();
  const state = useClusters();
  const clusters = state.status === 'ready' ? state.clusters : null;
  const [problems, setProblems] = useState<CopyProblems>({});
  const rehearse = useMutation({
    mutationFn: (settings: CopySettings) => api.command('copies.rehearse', settings),
    onSuccess: ({ id }) => onBegun(id),
  });
  const change = (part: Partial<CopyForm>) => {
    rehearse.reset();
    onChange({ ...form, ...part });
  };
  const submit = () => {
    const read = readCopyForm(form);
    setProblems(read.ok ? {} : read.problems);
    if (read.ok && !rehearse.isPending) rehearse.mutate(read.settings);
  };
  return (
    <form
      noValidate
      onSubmit={(event) => {
        event.preventDefault();
        submit();
      }}
    >
      <div className={styles.form}>
        <div className={styles.two}>
          <Side label="From" side="from" form={form} clusters={clusters} problem={problems.from} onChange={change} />
          <Side label="To" side="to" form={form} clusters={clusters} problem={problems.to} onChange={change} />
        </div>
        <div className={styles.two}>
          <TextField
            label="Prefix"
            note="optional"
            mono
            help="Only keys that begin so."
            value={form.prefix}
            problem={problems.prefix}
            onChange={(event) => change({ prefix: event.target.value })}
          />
          <TextField
            label="At most"
            note="optional"
            inputMode="numeric"
            trailing="keys a second"
            help="Leaves both clusters room for their clients."
            value={form.rate}
            problem={problems.rate}
            onChange={(event) => change({ rate: event.target.value })}
          />
        </div>
        <div>
          <p className={styles.label} aria-hidden="true">
            A key with another value in the target
          </p>
          <Segmented
            label="A key with another value in the target"
            value={form.onConflict}
            options={policies}
            onChange={(onConflict) => change({ onConflict })}
          />
          <p className={styles.means}>{conflictMeans[form.onConflict]}</p>
        </div>
        <div className={styles.switches}>
          <Switch
            label="Leave out what is too large for the target"
            checked={form.skipTooLarge}
            onChange={(skipTooLarge) => change({ skipTooLarge })}
          />
          <Switch
            label="Write later changes too, until clients have moved"
            checked={form.follow}
            onChange={(follow) => change({ follow })}
          />
        </div>
        <p className={styles.note}>
          Keys, values and the time left to keys that expire are copied, and each written key is read back. Revisions,
          history, users and roles are not. What a client keeps alive with a lease expires in the target unless that
          client moves too.
        </p>
        {rehearse.error !== null && <ErrorNote title="The copy was not begun." error={rehearse.error} />}
      </div>
      <Footer>
        <Button onClick={onClose}>Cancel</Button>
        <Button variant="primary" type="submit" busy={rehearse.isPending}>
          Check what would be done
        </Button>
      </Footer>
    </form>
  );
}

function Side({
  label,
  side,
  form,
  clusters,
  problem,
  onChange,
}: {
  label: string;
  side: 'from' | 'to';
  form: CopyForm;
  /** Null until they were told. */
  clusters: Parameters<typeof choices>[0] | null;
  problem: string | undefined;
  onChange: (part: Partial<CopyForm>) => void;
}) {
  const chosen = { value: form[side], label: form[side] };
  const other = form[side === 'from' ? 'to' : 'from'];
  const offered =
    clusters !== null
      ? choices(clusters, side).filter((option) => option.value !== other)
      : form[side] === ''
        ? []
        : [chosen];
  const value = offered.some((option) => option.value === form[side]) ? form[side] : '';
  const nobody = clusters !== null && offered.length === 0;
  return (
    <div className={styles.select}>
      <Select
        label={label}
        value={value}
        options={[{ value: '', label: nobody ? 'No other cluster' : 'Choose a cluster' }, ...offered]}
        onChange={(name) => onChange({ [side]: name })}
      />
      {nobody && <p className={styles.note}>Start another one here, or connect one that runs elsewhere.</p>}
      {problem !== undefined && (
        <p className={styles.problem} role="alert">
          {problem}
        </p>
      )}
    </div>
  );
}
