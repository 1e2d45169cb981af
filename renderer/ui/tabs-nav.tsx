import { Link } from 'wouter';
import { cx } from './cx.ts';
import styles from './tabs-nav.module.css';

export interface TabLink {
  readonly label: string;
  readonly href: string;
  readonly current: boolean;
}

/** Links drawn as tabs: they change the address, so each view can be returned to. */
export function TabsNav({ label, tabs }: { label: string; tabs: readonly TabLink[] }) {
  return (
    <nav className={styles.tabs} aria-label={label}>
      {tabs.map((tab) => (
        <Link
          key={tab.href}
          href={tab.href}
          className={cx(styles.tab, tab.current && styles.current)}
          aria-current={tab.current ? 'page' : undefined}
        >
          {tab.label}
        </Link>
      ))}
    </nav>
  );
}
