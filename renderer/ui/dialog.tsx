import * as Radix from 'radix-ui/dialog';
import type { ReactNode } from 'react';
import { IconButton } from './button.tsx';
import { cx } from './cx.ts';
import styles from './dialog.module.css';

export interface DialogProps {
  open: boolean;
  onOpenChange: (open: boolean) => void;
  title: string;
  /** Read after the title by screen readers; drawn under the title when `showDescription`. */
  description?: string;
  showDescription?: boolean;
  children: ReactNode;
  /** The row at the bottom: buttons. */
  footer?: ReactNode;
  className?: string;
}

function Frame({ kind, props }: { kind: 'dialog' | 'sheet'; props: DialogProps }) {
  const { open, onOpenChange, title, description, showDescription = false, children, footer, className } = props;
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className={styles.scrim} />
        <Radix.Content
          className={cx(styles.frame, styles[kind], className)}
          {...(description === undefined ? { 'aria-describedby': undefined } : {})}
        >
          <header className={styles.header}>
            <Radix.Title className={styles.title}>{title}</Radix.Title>
            <Radix.Close asChild>
              <IconButton icon="x" label="Close" className={styles.close} />
            </Radix.Close>
          </header>
          {description !== undefined && (
            <Radix.Description className={showDescription ? styles.description : 'sr-only'}>
              {description}
            </Radix.Description>
          )}
          <div className={styles.body}>{children}</div>
          {footer !== undefined && <footer className={styles.footer}>{footer}</footer>}
        </Radix.Content>
      </Radix.Portal>
    </Radix.Root>
  );
}

/** In the middle of the window. Traps focus, returns it, closes on Esc. */
export function Dialog(props: DialogProps) {
  return <Frame kind="dialog" props={props} />;
}

/** Along the right edge, for longer forms. */
export function Sheet(props: DialogProps) {
  return <Frame kind="sheet" props={props} />;
}
