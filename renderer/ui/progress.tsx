import styles from './progress.module.css';

/** How far something is: `fraction` from 0 to 1, or null where the end is not known. */
export function Progress({ label, fraction, children }: { label: string; fraction: number | null; children?: string }) {
  const percent = fraction === null ? null : Math.round(Math.max(0, Math.min(1, fraction)) * 100);
  return (
    <div className={styles.progress}>
      <div
        className={styles.track}
        role="progressbar"
        aria-label={label}
        aria-valuemin={0}
        aria-valuemax={100}
        {...(percent !== null && { 'aria-valuenow': percent })}
        {...(children !== undefined && { 'aria-valuetext': children })}
      >
        <div className={percent === null ? styles.moving : styles.bar} style={{ width: `${percent ?? 30}%` }} />
      </div>
      {children !== undefined && <p className={styles.words}>{children}</p>}
    </div>
  );
}
