import type { ReactNode } from 'react';
import { cx } from './cx.ts';
import { Icon, type IconName } from './icon.tsx';
import styles from './badge.module.css';

export function Badge({
  tone = 'plain',
  icon,
  children,
}: {
  tone?: 'plain' | 'accent' | 'ok' | 'warn' | 'bad' | 'prod';
  icon?: IconName;
  children: ReactNode;
}) {
  return (
    <span className={cx(styles.badge, styles[tone])}>
      {icon !== undefined && <Icon name={icon} size={11} />}
      {children}
    </span>
  );
}

/** The class that carries a term's colours (--t, --tt, --on): the colour is term mod 6. */
export function termClass(term: number): string {
  return `t${String(term % 6)}`;
}

/** A term: its number on its colour. */
export function TermTag({ term }: { term: number }) {
  return <span className={cx(styles.term, termClass(term))}>t{term}</span>;
}

export function Kbd({ children }: { children: ReactNode }) {
  return <kbd className={styles.kbd}>{children}</kbd>;
}
