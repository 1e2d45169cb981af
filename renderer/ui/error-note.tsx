import type { ReactNode } from 'react';
import { toApiError } from '../api/errors.ts';
import { Button } from './button.tsx';
import { Icon } from './icon.tsx';
import styles from './error-note.module.css';

/** What failed, why, and the one thing to do about it, as a button. */
export function ErrorNote({
  title,
  error,
  fix,
  children,
}: {
  title: string;
  /** An ApiError, or anything else that was thrown. */
  error?: unknown;
  fix?: { readonly label: string; run(): void } | undefined;
  children?: ReactNode;
}) {
  const told = error === undefined ? null : toApiError(error);
  return (
    <div className={styles.note} role="alert">
      <Icon name="alert" className={styles.icon} />
      <div>
        <h3 className={styles.title}>{title}</h3>
        {told !== null && (
          <p className={styles.text}>
            {told.message}
            {told.hint !== null && ` ${told.hint}`}
          </p>
        )}
        {children !== undefined && <div className={styles.text}>{children}</div>}
        {fix !== undefined && (
          <div className={styles.fix}>
            <Button size="small" onClick={() => fix.run()}>
              {fix.label}
            </Button>
          </div>
        )}
      </div>
    </div>
  );
}
