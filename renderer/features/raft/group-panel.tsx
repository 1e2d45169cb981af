import { Panel } from '../../ui/panel.tsx';
import { GroupRing } from './group-ring.tsx';
import type { Moment } from './partition-feed.ts';
import styles from './raft.module.css';

export function GroupPanel({ moment }: { moment: Moment }) {
  return (
    <Panel className={styles.group} title="Group" actions={<Legend />}>
      <GroupRing moment={moment} />
    </Panel>
  );
}

function Legend() {
  return (
    <div className={styles.legend}>
      <span>
        <svg width="14" height="14" viewBox="0 0 14 14" className={styles.ring} aria-hidden="true">
          <circle className={styles.track} cx="7" cy="7" r="5" />
          <circle className={styles.arc} cx="7" cy="7" r="5" strokeDasharray="20 32" transform="rotate(-90 7 7)" />
        </svg>
        election timer left
      </span>
      <span>
        <svg width="10" height="10" viewBox="0 0 10 10" aria-hidden="true">
          <circle cx="5" cy="5" r="4" fill="currentColor" />
        </svg>
        vote
      </span>
      <span>
        <svg width="14" height="4" viewBox="0 0 14 4" className={styles.ring} aria-hidden="true">
          <path className={styles.request} d="M1 2h12" />
        </svg>
        request
      </span>
      <span>
        <svg width="16" height="4" viewBox="0 0 16 4" className={styles.ring} aria-hidden="true">
          <path className={styles.reply} d="M1 2h14" />
        </svg>
        reply
      </span>
    </div>
  );
}
