import type { Marker } from './markers.ts';
import styles from './live-charts.module.css';

/** Centred on x = 0, 3 to 15 px from the top. */
export function FlagShape({ kind }: { kind: Marker['kind'] }) {
  switch (kind) {
    case 'fault':
      return (
        <>
          <rect className={styles.flagFault} x="-6" y="3" width="12" height="12" rx="2" />
          <path className={styles.flagCross} d="M-2.5 6.5l5 5M2.5 6.5l-5 5" />
        </>
      );
    case 'election':
      return <path className={styles.flagLine} d="M0 4l5 9.4H-5z" />;
    case 'handover':
      return <path className={styles.flagLine} d="M-5 6.5h9M1.5 4l2.6 2.5L1.5 9M5 11.5h-9M-1.5 9l-2.6 2.5 2.6 2.5" />;
  }
}
