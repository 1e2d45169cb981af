import type { ReactNode } from 'react';
import styles from './empty-state.module.css';

/** One sentence and at most one primary action. */
export function EmptyState({
  title,
  children,
  action,
  level = 'h2',
}: {
  title?: string;
  children: ReactNode;
  action?: ReactNode;
  level?: 'h1' | 'h2';
}) {
  const Heading = level;
  return (
    <div className={styles.empty}>
      {title !== undefined && <Heading className={styles.title}>{title}</Heading>}
      <p className={styles.text}>{children}</p>
      {action !== undefined && <div className={styles.action}>{action}</div>}
    </div>
  );
}
