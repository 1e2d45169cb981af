import { useEffect, useRef } from 'react';
import { IconButton } from '../../ui/button.tsx';
import { cx } from '../../ui/cx.ts';
import { EventFeed } from './event-feed.tsx';
import { NetworkMap } from './network-map.tsx';
import styles from './aside.module.css';

/** The right pane: what happened, and the network. On a narrow window a drawer over the work area. */
export function Aside({
  cluster,
  drawer,
  onClose,
  mayAct,
}: {
  cluster: string;
  drawer: boolean;
  onClose: () => void;
  mayAct: boolean;
}) {
  const pane = useRef<HTMLElement>(null);
  useEffect(() => {
    if (!drawer) return undefined;
    const before = document.activeElement;
    pane.current?.focus();
    return () => {
      if (before instanceof HTMLElement) before.focus();
    };
  }, [drawer]);
  return (
    <>
      {drawer && <div className={styles.scrim} onPointerDown={onClose} />}
      <aside
        ref={pane}
        className={cx(styles.aside, drawer && styles.drawer)}
        aria-label="Events and network"
        tabIndex={-1}
        onKeyDown={(event) => {
          if (drawer && event.key === 'Escape') onClose();
        }}
      >
        <EventFeed
          cluster={cluster}
          close={drawer ? <IconButton icon="x" size="small" label="Close the event feed" onClick={onClose} /> : null}
        />
        <NetworkMap cluster={cluster} mayAct={mayAct} />
      </aside>
    </>
  );
}
