import { memo } from 'react';
import { cx } from '../../ui/cx.ts';
import { RoleGlyph } from '../../ui/role-glyph.tsx';
import type { MatrixCell } from './matrix-cells.ts';
import styles from './role-matrix.module.css';

interface CellProps extends MatrixCell {
  row: number;
  column: number;
  look: 'cell' | 'column' | 'plain';
  tabStop: boolean;
}

/** Takes its cell as plain values, so that an unchanged one is not drawn again. */
export const MatrixCellView = memo(function MatrixCellView(props: CellProps) {
  const { row, column, role, term, figure, words, isNewLeader, lag, sentence, look, tabStop } = props;
  return (
    <td
      role="gridcell"
      aria-colindex={column + 2}
      data-row={row}
      data-column={column}
      tabIndex={tabStop ? 0 : -1}
      className={cx(look === 'cell' && styles.pointed, look === 'column' && styles.lit)}
    >
      <span className="sr-only">{sentence}</span>
      <div className={styles.cell} aria-hidden="true">
        {role === null ? (
          <span className={styles.absent}>–</span>
        ) : (
          <span key={`${role}${isNewLeader ? '!' : ''}`} className={cx(isNewLeader && styles.morph)}>
            <RoleGlyph role={role} term={term ?? undefined} />
          </span>
        )}
        <span>
          {figure !== null && <b>{figure}</b>}
          {words !== null && <span className={styles.words}>{words}</span>}
          {isNewLeader && <span className={styles.fresh}>new leader</span>}
          {lag !== null && <LagBar fraction={lag} />}
        </span>
      </div>
    </td>
  );
});

function LagBar({ fraction }: { fraction: number }) {
  return (
    <svg className={styles.lag} viewBox="0 0 44 3" aria-hidden="true">
      <rect width={Math.max(2, fraction * 44)} height="3" />
    </svg>
  );
}
