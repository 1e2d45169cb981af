import styles from './overview.module.css';

/** The shape of the screen before the first data. */
export function OverviewSkeleton() {
  return (
    <div className={styles.skeleton} aria-busy="true" aria-label="Loading the cluster">
      <div className={styles.boneStrip} />
      <div className={styles.boneCards}>
        <div />
        <div />
        <div />
      </div>
      <div className={styles.bonePanel} />
      <div className={styles.boneCharts} />
    </div>
  );
}
