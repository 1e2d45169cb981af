import { useQueryClient } from '@tanstack/react-query';
import { useRef, useState } from 'react';
import { useApi } from '../../../api/context.tsx';
import { Button } from '../../../ui/button.tsx';
import { cx } from '../../../ui/cx.ts';
import { Dialog } from '../../../ui/dialog.tsx';
import { ErrorNote } from '../../../ui/error-note.tsx';
import { formatBytes, formatCount, plural } from '../../../ui/format.ts';
import { Icon } from '../../../ui/icon.tsx';
import { Progress } from '../../../ui/progress.tsx';
import { Segmented } from '../../../ui/segmented.tsx';
import { dryRun, importFile, nothingImported, nothingRead, type DryRun, type Imported } from './import-file.ts';
import { formatOf, type FileFormat } from './read-file.ts';
import { refreshKeys } from './refresh-keys.ts';
import { useRun } from './use-run.ts';
import styles from './transfer.module.css';

const BEGINNING_BYTES = 256;

interface Chosen {
  readonly file: File;
  readonly format: FileFormat;
}

/** Keys from a file: what it holds and what it would change is shown before anything is written. */
export function ImportDialog({ cluster, onClose }: { cluster: string; onClose: () => void }) {
  const api = useApi();
  const client = useQueryClient();
  const [chosen, setChosen] = useState<Chosen | null>(null);
  const [existing, setExisting] = useState<'replace' | 'keep'>('replace');
  const reading = useRun<DryRun, DryRun>();
  const writing = useRun<Imported, Imported>();
  const found = reading.run.state === 'done' ? reading.run.result : null;
  const running = reading.run.state === 'running' || writing.run.state === 'running';

  const choose = async (file: File): Promise<void> => {
    const next = { file, format: formatOf(file.name, await file.slice(0, BEGINNING_BYTES).text()) };
    setChosen(next);
    writing.reset();
    reading.start(nothingRead, (signal, report) => dryRun(api, cluster, file, next.format, signal, report));
  };
  const write = (): void => {
    if (chosen === null) return;
    writing.start(nothingImported, async (signal, report) => {
      try {
        return await importFile(api, cluster, chosen.file, chosen.format, existing, signal, report);
      } finally {
        await refreshKeys(client, cluster);
      }
    });
  };
  const writes = found === null ? 0 : found.fresh + (existing === 'replace' ? found.different + found.same : 0);
  const isDone = writing.run.state === 'done';

  return (
    <Dialog
      open
      onOpenChange={(open) => {
        if (!open) onClose();
      }}
      title="Import keys"
      className={styles.wide}
      footer={
        <>
          <span className={styles.grow} />
          {running ? (
            <Button onClick={writing.run.state === 'running' ? writing.cancel : reading.cancel}>Stop</Button>
          ) : (
            <Button onClick={onClose}>{isDone ? 'Close' : 'Cancel'}</Button>
          )}
          {!isDone && (
            <Button
              variant="primary"
              disabled={found === null || writes === 0}
              busy={writing.run.state === 'running'}
              onClick={write}
            >
              {found === null ? 'Import' : `Import ${plural(writes, 'key')}`}
            </Button>
          )}
        </>
      }
    >
      <FilePicker chosen={chosen} disabled={running} onChoose={(file) => void choose(file)} />
      {reading.run.state === 'running' && chosen !== null && (
        <Progress
          label="Reading the file"
          fraction={chosen.file.size === 0 ? 1 : reading.run.progress.readBytes / chosen.file.size}
        >{`${formatCount(reading.run.progress.records)} keys read; nothing is written yet`}</Progress>
      )}
      {reading.run.state === 'failed' && <ErrorNote title="The file could not be read." error={reading.run.error} />}
      {found !== null && !isDone && (
        <Found found={found} existing={existing} onExisting={setExisting} disabled={writing.run.state === 'running'} />
      )}
      {writing.run.state === 'running' && chosen !== null && (
        <Progress
          label="Import"
          fraction={writing.run.progress.readBytes / Math.max(1, chosen.file.size)}
        >{`${formatCount(writing.run.progress.written)} keys written`}</Progress>
      )}
      {writing.run.state === 'done' && <Result imported={writing.run.result} />}
      {writing.run.state === 'failed' && (
        <ErrorNote
          title="The import stopped. What was written by then stays."
          error={writing.run.error}
          fix={{ label: 'Try again', run: write }}
        />
      )}
    </Dialog>
  );
}

function FilePicker({
  chosen,
  disabled,
  onChoose,
}: {
  chosen: Chosen | null;
  disabled: boolean;
  onChoose: (file: File) => void;
}) {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  return (
    <div
      className={cx(styles.drop, over && styles.over)}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(!disabled);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        const file = event.dataTransfer.files[0];
        if (file !== undefined && !disabled) onChoose(file);
      }}
    >
      <Icon name="file" />
      <p>
        {chosen === null ? (
          'JSON lines or CSV, as exported here. Drop a file, or'
        ) : (
          <>
            <strong>{chosen.file.name}</strong> {formatBytes(chosen.file.size)},{' '}
            {chosen.format === 'csv' ? 'CSV' : 'JSON lines'}
          </>
        )}
      </p>
      <Button size="small" disabled={disabled} onClick={() => input.current?.click()}>
        {chosen === null ? 'Choose a file…' : 'Choose another…'}
      </Button>
      <input
        ref={input}
        type="file"
        aria-label="File to import"
        className={styles.input}
        tabIndex={-1}
        accept=".jsonl,.ndjson,.json,.csv,.txt"
        disabled={disabled}
        onChange={(event) => {
          const file = event.target.files?.[0];
          event.target.value = '';
          if (file !== undefined) onChoose(file);
        }}
      />
    </div>
  );
}

function Found({
  found,
  existing,
  onExisting,
  disabled,
}: {
  found: DryRun;
  existing: 'replace' | 'keep';
  onExisting: (existing: 'replace' | 'keep') => void;
  disabled: boolean;
}) {
  const clash = found.different + found.same;
  return (
    <>
      <p className={styles.found} role="status">
        <strong>{plural(found.records, 'key')}</strong>: {formatCount(found.fresh)} new
        {found.different > 0 && `, ${formatCount(found.different)} with another value now`}
        {found.same > 0 && `, ${formatCount(found.same)} as they are already`}
        {found.expired > 0 && `, ${formatCount(found.expired)} whose time is over, left out`}.
      </p>
      {found.preview.length > 0 && (
        <table className={styles.preview}>
          <caption className="sr-only">The first keys of the file</caption>
          <thead>
            <tr>
              <th scope="col">Key</th>
              <th scope="col">Value</th>
              <th scope="col">Size</th>
            </tr>
          </thead>
          <tbody>
            {found.preview.map((row) => (
              <tr key={row.key}>
                <td className="mono">{row.key}</td>
                <td className="mono">{row.value}</td>
                <td>{formatBytes(row.sizeBytes)}</td>
              </tr>
            ))}
          </tbody>
        </table>
      )}
      {found.problems > 0 && (
        <div className={styles.problems} role="alert">
          <p>{plural(found.problems, 'line')} cannot be read and will be left out:</p>
          <ul>
            {found.firstProblems.map(({ line, message }) => (
              <li key={line}>
                line {formatCount(line)}: {message}
              </li>
            ))}
            {found.problems > found.firstProblems.length && (
              <li>and {formatCount(found.problems - found.firstProblems.length)} more</li>
            )}
          </ul>
        </div>
      )}
      {clash > 0 && !disabled && (
        <div className={styles.existing}>
          <span>Keys that exist already</span>
          <Segmented
            label="Keys that exist already"
            value={existing}
            options={[
              { value: 'replace', label: 'Replace' },
              { value: 'keep', label: 'Keep' },
            ]}
            onChange={onExisting}
          />
        </div>
      )}
    </>
  );
}

function Result({ imported }: { imported: Imported }) {
  const { written, kept, expired, failed, reason, stopped } = imported;
  return (
    <p className={styles.found} role="status">
      {stopped && 'Stopped. '}
      <strong>{plural(written, 'key')} written</strong>
      {kept > 0 && `, ${formatCount(kept)} kept as they were`}
      {expired > 0 && `, ${formatCount(expired)} left out, since their time is over`}
      {failed > 0 && `, ${formatCount(failed)} not written: ${reason ?? 'no reason was given'}`}
      {stopped && '; they stay'}.
    </p>
  );
}
