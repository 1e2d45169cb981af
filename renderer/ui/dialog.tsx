import * as Radix from 'radix-ui/dialog';
import { useEffect, useRef, useState, type ReactNode } from 'react';
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
  const { open, onOpenChange } = props;
  return (
    <Radix.Root open={open} onOpenChange={onOpenChange}>
      <Radix.Portal>
        <Radix.Overlay className={styles.scrim} />
        <Content kind={kind} props={props} />
      </Radix.Portal>
    </Radix.Root>
  );
}

/** What does not fit is scrolled to; by keyboard too, where nothing inside can have the focus. */
function Body({ children }: { children: ReactNode }) {
  const body = useRef<HTMLDivElement>(null);
  const [scrolls, setScrolls] = useState(false);
  useEffect(() => {
    const element = body.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => setScrolls(element.scrollHeight > element.clientHeight));
    observer.observe(element);
    for (const child of element.children) observer.observe(child);
    return () => observer.disconnect();
  }, []);
  return (
    <div ref={body} className={styles.body} tabIndex={scrolls ? 0 : undefined}>
      {children}
    </div>
  );
}

/** There while the dialog is open. */
function Content({ kind, props }: { kind: 'dialog' | 'sheet'; props: DialogProps }) {
  const { title, description, showDescription = false, children, footer, className } = props;
  const opener = useOpener();
  return (
    <Radix.Content
      className={cx(styles.frame, styles[kind], className)}
      onCloseAutoFocus={(event) => {
        // Radix knows only openers of its own.
        event.preventDefault();
        opener?.focus();
      }}
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
      <Body>{children}</Body>
      {footer !== undefined && <footer className={styles.footer}>{footer}</footer>}
    </Radix.Content>
  );
}

/** Who gets the focus back when a dialog that appears now closes. */
export function useOpener(): HTMLElement | null {
  return useState(findOpener)[0];
}

/** What had the focus before the dialog took it; a menu's entry is gone by then, so its button stands for it. */
function findOpener(): HTMLElement | null {
  const focused = document.activeElement;
  const menuButton = focused?.closest('[role="menu"]')?.getAttribute('aria-labelledby');
  const opener = typeof menuButton === 'string' ? document.getElementById(menuButton) : focused;
  return opener instanceof HTMLElement ? opener : null;
}

/** In the middle of the window. Traps focus, returns it, closes on Esc. */
export function Dialog(props: DialogProps) {
  return <Frame kind="dialog" props={props} />;
}

/** Along the right edge, for longer forms. */
export function Sheet(props: DialogProps) {
  return <Frame kind="sheet" props={props} />;
}
