import { useState } from 'react';
import type { ReadMode } from '../../../../electron/contract/model.ts';
import { useApi } from '../../../api/context.tsx';
import { Button } from '../../../ui/button.tsx';
import { Dialog } from '../../../ui/dialog.tsx';
import { ErrorNote } from '../../../ui/error-note.tsx';
import { formatBytes, formatCount, plural } from '../../../ui/format.ts';
import { Progress } from '../../../ui/progress.tsx';
import { saveFile } from '../../../ui/save-file.ts';
import { Segmented } from '../../../ui/segmented.tsx';
import { showToast } from '../../../ui/toast.tsx';
import { fromBase64 } from '../bytes.ts';
import { csvHeader, csvLine } from './csv.ts';
import { jsonLine } from './json-lines.ts';
import type { FileFormat } from './read-file.ts';
import { entriesOf, scopeWords, type Scope } from './scope.ts';
import { useRun } from './use-run.ts';
import styles from './transfer.module.css';

const means: Readonly<Record<FileFormat, string>> = {
  jsonl:
    'One JSON object a line with key and value. What is not UTF-8 stands as base64 in keyBase64 and valueBase64, so that nothing is lost; expiresAt says when a key goes by itself.',
  csv: 'Columns key, value, key_encoding, value_encoding and expires_at. What is not UTF-8 stands as base64, so that nothing is lost.',
};

interface Progressed {
  readonly keys: number;
  readonly sizeBytes: number;
}

/** Keys with their values as a file, read piece by piece. */
export function ExportDialog({
  cluster,
  scope,
  readMode,
  onClose,
}: {
  cluster: string;
  scope: Scope;
  readMode: ReadMode;
  onClose: () => void;
}) {
  const api = useApi();
  const [format, setFormat] = useState<FileFormat>('jsonl');
  const { run, start, cancel } = useRun<Progressed, void>();
  const running = run.state === 'running';

  const save = (): void =>
    start({ keys: 0, sizeBytes: 0 }, async (signal, report) => {
      const parts: Blob[] = [new Blob([format === 'csv' ? csvHeader : ''])];
      const lineOf = format === 'csv' ? csvLine : jsonLine;
      let [keys, sizeBytes] = [0, 0];
      for await (const entries of entriesOf(api, cluster, scope, readMode)) {
        if (signal.aborted) return;
        const text = entries.map(({ key, value, expiresAtMs = null }) =>
          lineOf({ key: fromBase64(key), value: fromBase64(value), expiresAtMs }),
        );
        // The browser keeps large blobs on disk, which it could not do with strings.
        const part = new Blob(text);
        parts.push(part);
        keys += entries.length;
        sizeBytes += part.size;
        report({ keys, sizeBytes });
      }
      if (signal.aborted) return;
      const name = `${cluster}-keys-${new Date().toISOString().slice(0, 10)}.${format}`;
      saveFile(name, parts, format === 'csv' ? 'text/csv' : 'application/x-ndjson');
      showToast({
        tone: 'done',
        title: `${plural(keys, 'key')} exported.`,
        text: `${name}, ${formatBytes(sizeBytes)}`,
      });
      onClose();
    });

  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      title="Export keys"
      footer={
        <>
          <span className={styles.grow} />
          <Button onClick={running ? cancel : onClose}>{running ? 'Stop' : 'Cancel'}</Button>
          <Button variant="primary" icon="download" busy={running} onClick={save}>
            Export
          </Button>
        </>
      }
    >
      <p className={styles.text}>
        Saves {scopeWords(scope)} of <strong>{cluster}</strong> to a file, read{' '}
        {readMode === 'linearizable' ? 'from the leaders' : `with ${readMode} reads`}. Keys that change meanwhile are
        exported as they are when their turn comes.
      </p>
      <Segmented<FileFormat>
        label="File format"
        value={format}
        options={[
          { value: 'jsonl', label: 'JSON lines' },
          { value: 'csv', label: 'CSV' },
        ]}
        onChange={setFormat}
      />
      <p className={styles.means}>{means[format]}</p>
      {running && (
        <Progress
          label="Export"
          fraction={scope.kind === 'keys' ? run.progress.keys / scope.keys.length : null}
        >{`${formatCount(run.progress.keys)} keys, ${formatBytes(run.progress.sizeBytes)}`}</Progress>
      )}
      {run.state === 'failed' && (
        <ErrorNote title="The keys were not exported." error={run.error} fix={{ label: 'Try again', run: save }} />
      )}
    </Dialog>
  );
}
