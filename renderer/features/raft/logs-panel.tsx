import { useEffect, useRef, useState } from 'react';
import type { PartitionLive } from '../../../electron/contract/model.ts';
import { Panel } from '../../ui/panel.tsx';
import { LogStrips, COLUMN_PX, NAMES_PX } from './log-strips.tsx';
import styles from './raft.module.css';

const AT_FIRST_PX = 1174;

/** The ends of all logs under one another. */
export function LogsPanel({ live }: { live: PartitionLive }) {
  const box = useRef<HTMLDivElement>(null);
  const [width, setWidth] = useState(AT_FIRST_PX);
  useEffect(() => {
    const element = box.current;
    if (element === null) return undefined;
    const observer = new ResizeObserver(() => setWidth(Math.max(NAMES_PX + 4 * COLUMN_PX, element.clientWidth)));
    observer.observe(element);
    return () => observer.disconnect();
  }, []);
  return (
    <Panel className={styles.logsPanel} title="Logs" actions={<Legend />}>
      <div ref={box} className={styles.logsBox}>
        <LogStrips live={live} width={width} />
      </div>
    </Panel>
  );
}

function Legend() {
  return (
    <div className={styles.legend}>
      <span className="t2">
        <svg width="18" height="14" className={styles.logs} aria-hidden="true">
          <rect className={styles.entry} x=".5" y="1" width="17" height="12" rx="3" />
        </svg>
        committed
      </span>
      <span className="t2">
        <svg width="18" height="14" className={styles.logs} aria-hidden="true">
          <rect className={styles.open} x="1" y="1.5" width="16" height="11" rx="3" />
        </svg>
        not committed
      </span>
      <span>
        <svg width="18" height="14" className={styles.logs} aria-hidden="true">
          <rect className={styles.snapshotKey} x=".5" y="1" width="17" height="12" rx="3" />
        </svg>
        in snapshot
      </span>
      <span>
        <svg width="16" height="6" className={styles.logs} aria-hidden="true">
          <path className={styles.applied} d="M1 3h14" />
        </svg>
        applied
      </span>
      <span>
        <svg width="10" height="8" className={styles.logs} aria-hidden="true">
          <path className={styles.match} d="M0 8h9V1z" />
        </svg>
        match
      </span>
      <span>
        <svg width="9" height="9" className={styles.logs} aria-hidden="true">
          <path className={styles.next} d="M1.2 1v7l6-3.5z" />
        </svg>
        next
      </span>
      <span>number and colour = term</span>
    </div>
  );
}
