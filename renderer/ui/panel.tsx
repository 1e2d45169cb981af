import { useId, type ReactNode } from 'react';
import { cx } from './cx.ts';
import styles from './panel.module.css';

/** A titled surface; `hint` follows the title dimmed, `actions` stand at the right. */
export function Panel({
  title,
  hint,
  actions,
  children,
  className,
}: {
  title: string;
  hint?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
  className?: string;
}) {
  const id = useId();
  return (
    <section className={cx(styles.panel, className)} aria-labelledby={id}>
      <PanelHeader id={id} title={title} hint={hint} actions={actions} />
      {children}
    </section>
  );
}

export function PanelHeader({
  id,
  title,
  hint,
  actions,
  className,
}: {
  id?: string;
  title: string;
  hint?: ReactNode;
  actions?: ReactNode;
  className?: string;
}) {
  return (
    <header className={cx(styles.header, className)}>
      <h2 id={id} className={styles.title}>
        {title}
      </h2>
      <div className={styles.hint}>{hint}</div>
      {actions !== undefined && <div className={styles.actions}>{actions}</div>}
    </header>
  );
}
