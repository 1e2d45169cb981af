import { termClass } from '../../ui/badge.tsx';
import { cx } from '../../ui/cx.ts';
import { RoleGlyph, type RoleLetter } from '../../ui/role-glyph.tsx';
import styles from './role-matrix.module.css';

const roles: readonly (readonly [RoleLetter, string])[] = [
  ['L', 'Leader'],
  ['F', 'Follower'],
  ['C', 'Candidate'],
  ['N', 'Learner'],
  ['X', 'Down'],
];

export function MatrixLegend() {
  return (
    <footer className={styles.legend}>
      {roles.map(([letter, word]) => (
        <span key={letter}>
          <RoleGlyph role={letter} size={15} />
          {word}
        </span>
      ))}
      <span className={styles.legendEnd}>
        <span className={styles.swatches} aria-hidden="true">
          {[0, 1, 2, 3, 4, 5].map((term) => (
            <i key={term} className={cx(termClass(term))}>
              {term}
            </i>
          ))}
        </span>
        colour = term mod 6
      </span>
      <span>
        <svg className={styles.lag} viewBox="0 0 44 3" aria-hidden="true">
          <rect width="18" height="3" />
        </svg>
        entries behind leader
      </span>
    </footer>
  );
}
