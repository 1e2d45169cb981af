import { useState } from 'react';
import type { CopySettings, CopyView } from '../../../electron/contract/copies.ts';
import { useClusters } from '../../api/use-clusters.ts';
import { useCommand } from '../../api/use-command.ts';
import { Badge } from '../../ui/badge.tsx';
import { Button } from '../../ui/button.tsx';
import { ErrorNote } from '../../ui/error-note.tsx';
import { Progress } from '../../ui/progress.tsx';
import { TextField } from '../../ui/text-field.tsx';
import { fromBase64 } from '../keys/bytes.ts';
import { escapeKey } from '../keys/key-text.ts';
import { beginLabel, countRows, fractionOf, hindrance, progressWords, stageWords } from './copy-words.ts';
import { Footer } from './footer.tsx';
import { MoveOver } from './move-over.tsx';
import styles from './copy.module.css';

/** A copy from its rehearsal on: how far it is, what there is to decide, and what comes next. */
export function CopyJobView({
  copy,
  onAgain,
  onGone,
  onClose,
}: {
  copy: CopyView;
  /** Back to the choice, with these. */
  onAgain: (settings: CopySettings) => void;
  onGone: () => void;
  onClose: () => void;
}) {
  const { run, isBusy } = useCommand();
  const { id, settings, stage, error } = copy;
  const [typedName, setTypedName] = useState('');
  const clusters = useClusters();
  const target = clusters.status === 'ready' ? clusters.clusters.find(({ name }) => name === settings.to) : undefined;
  const isProduction = target?.environment === 'production';
  const waits = stage === 'rehearsed' || stage === 'paused' || stage === 'failed';
  const why = stage === 'rehearsed' ? hindrance(copy) : null;

  const begin = (anew: boolean) => {
    const input = { id, typedName: isProduction ? typedName : null, anew };
    void run('copies.begin', input, { failed: 'The copy was not begun.' });
  };
  const isBeginning = [true, false].some((anew) =>
    isBusy('copies.begin', { id, typedName: isProduction ? typedName : null, anew }),
  );
  const mayBegin = why === null && (!isProduction || typedName === settings.to);
  const remove = async (then: () => void) => {
    if (await run('copies.remove', { id }, { failed: 'The copy was not removed.' })) then();
  };
  const beginText = stage === 'rehearsed' ? beginLabel(copy) : 'Go on';

  return (
    <>
      <h3 className={styles.route}>
        {settings.from} → {settings.to}
        {isProduction && <Badge tone="prod">PROD</Badge>}
        {settings.prefix !== '' && <Badge>{escapeKey(fromBase64(settings.prefix))}…</Badge>}
      </h3>
      <p className={styles.stage} role="status">
        {stageWords(copy)}
      </p>
      {error !== null && (
        <ErrorNote
          title="The copy stopped."
          error={{ code: 'refused', ...error }}
          fix={{ label: 'Begin anew', run: () => begin(true) }}
        />
      )}
      {(stage === 'rehearsing' || stage === 'copying' || (waits && stage !== 'rehearsed' && !copy.isCopied)) && (
        <Progress label={stage === 'rehearsing' ? 'Counting' : 'Copy'} fraction={fractionOf(copy)}>
          {progressWords(copy)}
        </Progress>
      )}
      <Counts copy={copy} />
      {copy.named.length > 0 && (
        <ul className={styles.named} aria-label="Keys that need a look">
          {copy.named.map(({ key, what }) => (
            <li key={key}>
              <span className="mono">{key}</span> {what}
            </li>
          ))}
        </ul>
      )}
      {why !== null && (
        <p className={styles.warn} role="alert">
          {why}
        </p>
      )}
      {copy.isCopied && <MoveOver copy={copy} />}
      {waits && isProduction && (
        <TextField
          label={`Type ${settings.to} to write to this production cluster`}
          mono
          value={typedName}
          onChange={(event) => setTypedName(event.target.value)}
        />
      )}
      <Footer
        start={
          stage !== 'copying' &&
          stage !== 'following' && (
            <Button variant="ghost" icon="trash" onClick={() => void remove(onGone)}>
              {stage === 'rehearsing' ? 'Stop counting' : stage === 'done' ? 'Forget this copy' : 'Give it up'}
            </Button>
          )
        }
      >
        {stage === 'rehearsed' && (
          <Button onClick={() => void remove(() => onAgain(settings))}>Change the choice</Button>
        )}
        {(stage === 'copying' || stage === 'following') && (
          <Button
            icon="pause"
            busy={isBusy('copies.pause', { id })}
            onClick={() => void run('copies.pause', { id }, { failed: 'The copy was not paused.' })}
          >
            Pause
          </Button>
        )}
        {stage === 'following' && (
          <Button
            variant="primary"
            busy={isBusy('copies.finish', { id })}
            onClick={() => void run('copies.finish', { id }, { failed: 'Following was not ended.' })}
          >
            End following
          </Button>
        )}
        {waits && (
          <Button variant="primary" disabled={!mayBegin} busy={isBeginning} onClick={() => begin(false)}>
            {beginText}
          </Button>
        )}
        {!waits && <Button onClick={onClose}>Close</Button>}
      </Footer>
    </>
  );
}

function Counts({ copy }: { copy: CopyView }) {
  const { stage, rehearsal, counts } = copy;
  const isRehearsal = stage === 'rehearsed' || stage === 'rehearsing';
  const found = stage === 'rehearsed' && rehearsal !== null ? rehearsal : counts;
  return (
    <dl className={styles.counts} aria-label={isRehearsal ? 'What would be done' : 'What was done'}>
      {countRows(found, isRehearsal).map(({ label, value, isBad }) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd className={isBad === true ? styles.bad : undefined}>{value}</dd>
        </div>
      ))}
    </dl>
  );
}
