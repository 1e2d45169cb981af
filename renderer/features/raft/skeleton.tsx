import styles from './raft.module.css';

/** Before the first word of a partition. */
export function RaftSkeleton() {
  return (
    <div className={styles.skeleton} aria-busy="true">
      <div className={styles.boneStrip} />
      <div className={styles.boneTop}>
        <div />
        <div />
      </div>
      <div className={styles.boneLogs} />
    </div>
  );
}
