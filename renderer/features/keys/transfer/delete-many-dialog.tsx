import { useQueryClient } from '@tanstack/react-query';
import { useState } from 'react';
import type { CommandInput } from '../../../../electron/contract/contract.ts';
import { useApi } from '../../../api/context.tsx';
import { Button } from '../../../ui/button.tsx';
import { Dialog } from '../../../ui/dialog.tsx';
import { ErrorNote } from '../../../ui/error-note.tsx';
import { formatCount, plural } from '../../../ui/format.ts';
import { Progress } from '../../../ui/progress.tsx';
import { TextField } from '../../../ui/text-field.tsx';
import { showToast } from '../../../ui/toast.tsx';
import { BATCH_KEYS } from './batch.ts';
import { refreshKeys } from './refresh-keys.ts';
import { scopeWords, type Scope } from './scope.ts';
import { useRun } from './use-run.ts';
import styles from './transfer.module.css';

interface Tally {
  readonly deleted: number;
  readonly changed: number;
  readonly failed: number;
  readonly reason: string | null;
}

type Batch = CommandInput<'keys.deleteMany'>['keys'];

/** Deletes selected keys, or a whole branch, after its name was typed. */
export function DeleteManyDialog({ cluster, scope, onClose }: { cluster: string; scope: Scope; onClose: () => void }) {
  const api = useApi();
  const client = useQueryClient();
  const [typed, setTyped] = useState('');
  const { run, start, cancel } = useRun<Tally, Tally>();
  const running = run.state === 'running';
  const wanted = scope.kind === 'keys' ? String(scope.keys.length) : scope.prefix === '' ? cluster : scope.written;
  const done = run.state === 'done' ? run.result : null;

  /** Selected keys as they were listed; of a branch whatever is there when its turn comes. */
  async function* batches(): AsyncGenerator<Batch, void, undefined> {
    if (scope.kind === 'keys') {
      for (let at = 0; at < scope.keys.length; at += BATCH_KEYS) {
        yield scope.keys.slice(at, at + BATCH_KEYS).map(({ key, revision }) => ({ key, expectedRevision: revision }));
      }
      return;
    }
    let after: string | null = '';
    while (after !== null) {
      const page: { keys: { key: string }[]; next: string | null } = await api.query('keys.scan', {
        cluster,
        prefix: scope.prefix,
        after,
        limit: BATCH_KEYS,
        readMode: 'linearizable',
      });
      after = page.next;
      if (page.keys.length > 0) yield page.keys.map(({ key }) => ({ key, expectedRevision: null }));
    }
  }

  const remove = (): void =>
    start({ deleted: 0, changed: 0, failed: 0, reason: null }, async (signal, report) => {
      let tally: Tally = { deleted: 0, changed: 0, failed: 0, reason: null };
      try {
        for await (const keys of batches()) {
          if (signal.aborted) break;
          const { outcomes, reason } = await api.command('keys.deleteMany', { cluster, keys });
          const count = (outcome: string) => outcomes.filter((one) => one === outcome).length;
          tally = {
            deleted: tally.deleted + count('deleted'),
            changed: tally.changed + count('changed'),
            failed: tally.failed + count('failed'),
            reason: tally.reason ?? reason?.message ?? null,
          };
          report(tally);
        }
      } finally {
        await refreshKeys(client, cluster);
      }
      if (tally.changed + tally.failed === 0) {
        showToast({ tone: 'done', title: `${plural(tally.deleted, 'key')} deleted.` });
        onClose();
      }
      return tally;
    });

  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      title={scope.kind === 'keys' ? `Delete ${plural(scope.keys.length, 'key')}?` : 'Delete a whole branch?'}
      footer={
        <>
          <span className={styles.grow} />
          <Button onClick={running ? cancel : onClose}>{running ? 'Stop' : done === null ? 'Cancel' : 'Close'}</Button>
          {done === null && (
            <Button variant="danger" icon="trash" disabled={typed !== wanted} busy={running} onClick={remove}>
              Delete for good
            </Button>
          )}
        </>
      }
    >
      <p className={styles.text}>
        Deletes {scopeWords(scope)} of <strong>{cluster}</strong>.{' '}
        {scope.kind === 'keys'
          ? 'A key that was changed since it was listed is kept.'
          : 'How many that are is not counted beforehand.'}{' '}
        This cannot be undone.
      </p>
      {!running && done === null && (
        <TextField
          label={`Type ${wanted} to delete`}
          mono
          autoFocus
          value={typed}
          onChange={(event) => setTyped(event.target.value)}
        />
      )}
      {running && (
        <Progress
          label="Deleting"
          fraction={scope.kind === 'keys' ? run.progress.deleted / scope.keys.length : null}
        >{`${formatCount(run.progress.deleted)} deleted`}</Progress>
      )}
      {done !== null && (
        <p className={styles.text} role="status">
          {plural(done.deleted, 'key')} deleted
          {done.changed > 0 && `, ${formatCount(done.changed)} kept because they were changed meanwhile`}
          {done.failed > 0 && `, ${formatCount(done.failed)} not deleted: ${done.reason ?? 'no reason was given'}`}.
        </p>
      )}
      {run.state === 'failed' && (
        <ErrorNote title="Not all keys were deleted." error={run.error} fix={{ label: 'Try again', run: remove }} />
      )}
    </Dialog>
  );
}
