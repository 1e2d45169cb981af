import { termClass } from './badge.tsx';
import { cx } from './cx.ts';
import styles from './role-glyph.module.css';

export type RoleLetter = 'L' | 'F' | 'C' | 'N' | 'X';

const shapes = {
  L: (
    <>
      <path d="M12 1.6 21 6.8v10.4l-9 5.2-9-5.2V6.8z" strokeWidth="1.5" strokeLinejoin="round" />
      <text x="12" y="16.2">
        L
      </text>
    </>
  ),
  F: (
    <>
      <circle cx="12" cy="12" r="9.6" strokeWidth="1.7" />
      <text x="12" y="16.1">
        F
      </text>
    </>
  ),
  C: (
    <>
      <path d="M12 2.6 22 20.6H2z" strokeWidth="1.7" strokeLinejoin="round" />
      <text x="12" y="17.6">
        C
      </text>
    </>
  ),
  N: (
    <>
      <rect x="3" y="3" width="18" height="18" rx="2.5" strokeWidth="1.7" />
      <text x="12" y="16.1">
        N
      </text>
    </>
  ),
  X: (
    <>
      <circle cx="12" cy="12" r="9.4" strokeWidth="1.6" />
      <path d="m8.6 8.6 6.8 6.8M15.4 8.6l-6.8 6.8" strokeWidth="1.8" />
    </>
  ),
} satisfies Record<RoleLetter, unknown>;

/** Leader, follower, candidate, learner (N, non-voting) or down (X): a shape and a letter, coloured by the term. */
export function RoleGlyph({ role, term, size = 22 }: { role: RoleLetter; term?: number | undefined; size?: number }) {
  return (
    <svg
      className={cx(styles.glyph, styles[role], term === undefined ? styles.noTerm : termClass(term))}
      width={size}
      height={size}
      viewBox="0 0 24 24"
      aria-hidden="true"
    >
      {shapes[role]}
    </svg>
  );
}
