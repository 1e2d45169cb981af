import type { ReactNode } from 'react';
import styles from './footer.module.css';

/** The row of buttons below a step, at the bottom of the dialog. */
export function Footer({ start, children }: { start?: ReactNode; children: ReactNode }) {
  return (
    <div className={styles.footer}>
      {start}
      <span className={styles.grow} />
      {children}
    </div>
  );
}
