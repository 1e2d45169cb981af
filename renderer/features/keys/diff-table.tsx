import { useMemo } from 'react';
import { cx } from '../../ui/cx.ts';
import { plural } from '../../ui/format.ts';
import { diffLines, hunksOf } from './line-diff.ts';
import styles from './compare-dialog.module.css';

/** More changed rows than anybody compares by eye. */
const MAX_ROWS = 2_000;

/** Two texts side by side, equal stretches folded. */
export function DiffTable({
  left,
  right,
  leftText,
  rightText,
}: {
  /** Column headings. */
  left: string;
  right: string;
  leftText: string;
  rightText: string;
}) {
  const hunks = useMemo(() => hunksOf(diffLines(leftText, rightText).slice(0, MAX_ROWS)), [leftText, rightText]);
  return (
    <table className={styles.table}>
      <thead>
        <tr>
          <th scope="col">{left}</th>
          <th scope="col">{right}</th>
        </tr>
      </thead>
      <tbody>
        {hunks.flatMap((hunk, h) =>
          'skipped' in hunk
            ? [
                // eslint-disable-next-line react/no-array-index-key -- lines have no identity but their place
                <tr key={`s${h}`} className={styles.skipped}>
                  <td colSpan={2}>{plural(hunk.skipped, 'equal line')}</td>
                </tr>,
              ]
            : hunk.rows.map((row, i) => (
                // eslint-disable-next-line react/no-array-index-key -- as above
                <tr key={`${h}.${i}`}>
                  <td className={cx(row.kind === 'changed' && row.left !== null && styles.theirs)}>{row.left}</td>
                  <td className={cx(row.kind === 'changed' && row.right !== null && styles.mine)}>{row.right}</td>
                </tr>
              )),
        )}
      </tbody>
    </table>
  );
}
