import type { KeyMeta } from '../../../electron/contract/model.ts';
import { useClusterNow } from '../../api/use-cluster-live.tsx';
import { Button } from '../../ui/button.tsx';
import { formatCount, formatList } from '../../ui/format.ts';
import { Icon } from '../../ui/icon.tsx';
import { changedWords } from './changed-words.ts';
import type { Conflict } from './conflict.ts';
import styles from './conflict-banner.module.css';

/** Paths named before "and 4 more". */
const MAX_NAMED = 4;

/** Somebody else changed or deleted the key: what, when, and the ways out. */
export function ConflictBanner({
  conflict,
  current,
  dirty,
  readOnly,
  mayWrite,
  onMerge,
  onCompare,
  onCreateAgain,
  onDiscard,
}: {
  conflict: Conflict;
  current: KeyMeta | null;
  dirty: boolean;
  readOnly: boolean;
  /** The draft can be sent as it is. */
  mayWrite: boolean;
  onMerge: (merged: string) => void;
  onCompare: () => void;
  onCreateAgain: () => void;
  onDiscard: () => void;
}) {
  const now = useClusterNow(1_000);
  return (
    <div className={styles.banner} role="alert">
      <Icon name="alert" />
      <div>
        <h3>{conflict.kind === 'deleted' ? 'This key was deleted.' : 'Changed while you were editing.'}</h3>
        <p>
          {current !== null &&
            `Revision ${formatCount(current.revision)} was saved${current.updatedAtMs === null ? '' : ` ${changedWords(now - current.updatedAtMs)} ago`}. `}
          <Detail conflict={conflict} dirty={dirty} />
        </p>
      </div>
      <div className={styles.row}>
        {conflict.kind === 'mergeable' && (
          <Button size="small" variant="primary" onClick={() => onMerge(conflict.merged)}>
            Merge and review
          </Button>
        )}
        {conflict.kind === 'deleted' ? (
          !readOnly && (
            <Button size="small" disabled={!mayWrite} onClick={onCreateAgain}>
              Create it again
            </Button>
          )
        ) : (
          <Button size="small" onClick={onCompare}>
            Compare
          </Button>
        )}
        <Button size="small" variant="ghost" onClick={onDiscard}>
          {dirty ? 'Discard mine' : 'Close'}
        </Button>
      </div>
    </div>
  );
}

function Detail({ conflict, dirty }: { conflict: Conflict; dirty: boolean }) {
  switch (conflict.kind) {
    case 'deleted':
      return dirty ? 'Your text is kept here until you decide.' : 'What it held last is below.';
    case 'opaque':
      return 'It is not JSON on both sides, so it cannot be merged by field.';
    case 'mergeable':
      return (
        <>
          It changed <Names paths={conflict.theirs} />; you changed <Names paths={conflict.mine} />. The edits do not
          overlap, so they can be merged.
        </>
      );
    case 'overlapping':
      return (
        <>
          It changed <Names paths={conflict.theirs} />; you changed <Names paths={conflict.mine} />. Both changed{' '}
          <Names paths={conflict.both} />, so one of them has to give way.
        </>
      );
  }
}

function Names({ paths }: { paths: readonly string[] }) {
  const more = paths.length - MAX_NAMED;
  return <b>{formatList(more > 0 ? [...paths.slice(0, MAX_NAMED), `${more} more`] : paths)}</b>;
}
