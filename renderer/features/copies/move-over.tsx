import { useEffect, useState } from 'react';
import type { CopyView } from '../../../electron/contract/copies.ts';
import { useCommand } from '../../api/use-command.ts';
import { Button } from '../../ui/button.tsx';
import { formatAgo, formatCount } from '../../ui/format.ts';
import { comparisonWords } from './copy-words.ts';
import styles from './copy.module.css';

/** All keys are there: what is left to do until the other cluster is the one that is used. */
export function MoveOver({ copy }: { copy: CopyView }) {
  const { run, isBusy } = useCommand();
  const { id, settings, stage, comparison } = copy;
  const words = comparisonWords(copy);
  const compare = (
    <Button
      size="small"
      icon="search"
      busy={comparison?.isRunning === true || isBusy('copies.compare', { id })}
      onClick={() => void run('copies.compare', { id }, { failed: 'Both sides were not compared.' })}
    >
      Compare both sides
    </Button>
  );
  const compared = words !== null && (
    <p className={words.isEqual ? styles.equal : styles.unequal} role="status">
      {words.text}
    </p>
  );
  return (
    <section className={styles.next} aria-labelledby="copy-next">
      <h3 id="copy-next">What now</h3>
      <ol>
        {stage === 'following' ? (
          <>
            <li>
              <strong>Stop what writes to {settings.from}.</strong> Readers may go on.
            </li>
            <li>
              <strong>Wait until nothing arrives any more.</strong> <Followed copy={copy} />
            </li>
            <li>
              <strong>Compare.</strong> {compare} {compared}
            </li>
            <li>
              <strong>Point the clients to {settings.to}</strong> and let them write there.
            </li>
            <li>
              <strong>End following</strong> below. From then on {settings.from} and {settings.to} go their own ways.
            </li>
          </>
        ) : (
          <>
            <li>
              <strong>Compare.</strong> {compare} {compared}
            </li>
            <li>
              {settings.follow ? (
                <>
                  <strong>Point the clients to {settings.to}</strong> if they are not there already.
                </>
              ) : (
                <>
                  What was written to {settings.from} since this copy began is not in {settings.to}. To move clients
                  without a gap, copy once more with later changes: what is equal already is only read.
                </>
              )}
            </li>
          </>
        )}
      </ol>
      {comparison !== null && comparison.named.length > 0 && (
        <ul className={styles.named} aria-label="Keys that differ">
          {comparison.named.map(({ key, what }) => (
            <li key={key}>
              <span className="mono">{key}</span> {what}
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

/** What was followed so far, and how long ago the last of it came. */
function Followed({ copy: { followed } }: { copy: CopyView }) {
  const [nowMs, setNowMs] = useState(() => Date.now());
  useEffect(() => {
    const timer = setInterval(() => setNowMs(Date.now()), 1_000);
    return () => clearInterval(timer);
  }, []);
  if (followed?.lastAtMs === null || followed === null) return <>No change came yet.</>;
  const { puts, deletes, lastAtMs } = followed;
  return (
    <>
      {formatCount(puts)} written and {formatCount(deletes)} deleted since, the last {formatAgo(nowMs - lastAtMs)}.
    </>
  );
}
