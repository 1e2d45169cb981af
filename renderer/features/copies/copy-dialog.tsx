import { useState } from 'react';
import { useLocation, useSearch } from 'wouter';
import type { CopyView } from '../../../electron/contract/copies.ts';
import { withDialog } from '../../app/paths.ts';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { emptyCopyForm, formOfSettings, type CopyForm } from './copy-form.ts';
import { CopyFormView } from './copy-form-view.tsx';
import { CopyJobView } from './copy-job-view.tsx';
import { briefly, copySteps, isUnderWay, stepOf } from './copy-words.ts';
import { useCopies } from './use-copies.ts';
import styles from './copy.module.css';

/**
 * ?dialog=copy: leads from the choice of two clusters to the moment when clients use the other
 * one. `from` and `to` are chosen already, `copy` is one that has begun. Closing it ends nothing.
 */
export function CopyDialog({ onClose }: { onClose: () => void }) {
  const [path, navigate] = useLocation();
  const search = useSearch();
  const params = new URLSearchParams(search);
  const copies = useCopies();
  const id = params.get('copy');
  const copy = copies?.find((one) => one.id === id) ?? null;
  const [form, setForm] = useState<CopyForm>(() => emptyCopyForm(params.get('from') ?? '', params.get('to') ?? ''));
  const show = (shown: string | null) => {
    navigate(withDialog(path, search, 'copy', shown === null ? {} : { copy: shown }), { replace: true });
  };
  const again = (settings: CopyView['settings']) => {
    setForm(formOfSettings(settings));
    show(null);
  };
  const others = (copies ?? []).filter((one) => one.id !== id);
  // One that was named and is not told yet may be there in a moment.
  const isWaiting = id !== null && copies === null;
  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      title="Copy keys to another cluster"
      className={styles.wide ?? ''}
    >
      <ol className={styles.steps} aria-label="Steps">
        {copySteps.map((label, at) => (
          <li key={label} aria-current={at === stepOf(copy) ? 'step' : undefined}>
            <span>{at + 1}</span>
            {label}
          </li>
        ))}
      </ol>
      {!isWaiting && copy !== null && (
        <CopyJobView key={copy.id} copy={copy} onAgain={again} onGone={() => show(null)} onClose={onClose} />
      )}
      {!isWaiting && copy === null && (
        <>
          {others.length > 0 && <CopyList copies={others} onShow={show} />}
          <CopyFormView form={form} onChange={setForm} onBegun={show} onClose={onClose} />
        </>
      )}
    </Dialog>
  );
}

/** Copies that have begun, those under way first. */
function CopyList({ copies, onShow }: { copies: readonly CopyView[]; onShow: (id: string) => void }) {
  const sorted = [...copies].sort((a, b) => Number(isUnderWay(b)) - Number(isUnderWay(a)));
  return (
    <ul className={styles.list} aria-label="Copies">
      {sorted.map((copy) => (
        <li key={copy.id}>
          <p>
            {copy.settings.from} → {copy.settings.to}
            <small>{briefly(copy)}</small>
          </p>
          <Button
            size="small"
            aria-label={`Show the copy from ${copy.settings.from} to ${copy.settings.to}`}
            onClick={() => onShow(copy.id)}
          >
            Show
          </Button>
        </li>
      ))}
    </ul>
  );
}
