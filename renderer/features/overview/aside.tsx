import { lazy, Suspense, useEffect, useRef } from 'react';
import { useView } from '../../api/use-cluster-live.tsx';
import { IconButton } from '../../ui/button.tsx';
import { cx } from '../../ui/cx.ts';
import { EventFeed } from './event-feed.tsx';
import { NetworkMap } from './network-map.tsx';
import { useDrillResult } from './use-drill-result.ts';
import styles from './aside.module.css';

const DrillCard = lazy(async () => ({ default: (await import('../drills/drill-card.tsx')).DrillCard }));

/** The right pane: what happened, and the network or the drill that ran. On a narrow window a drawer over the work area. */
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
  const isLocal = useView((view) => view.summary.kind === 'local');
  const [drill, closeDrill] = useDrillResult(cluster);
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
        {drill !== null && (
          <Suspense>
            <DrillCard cluster={cluster} onClose={closeDrill} {...drill} />
          </Suspense>
        )}
        <EventFeed
          cluster={cluster}
          close={drawer ? <IconButton icon="x" size="small" label="Close the event feed" onClick={onClose} /> : null}
        />
        {drill === null && isLocal && <NetworkMap cluster={cluster} mayAct={mayAct} />}
      </aside>
    </>
  );
}
