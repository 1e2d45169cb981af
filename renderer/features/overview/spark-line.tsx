import styles from './node-card.module.css';

const WIDTH = 92;
const HEIGHT = 12;

/** The least that the height stands for, as a share of the largest value: noise stays small. */
const LEAST_SPAN = 0.4;

/** Points of a line through the values, scaled to their own range, which is widened to LEAST_SPAN. */
export function sparkPoints(values: readonly number[]): string {
  const max = Math.max(...values, 1);
  const low = Math.max(0, Math.min(max * (1 - LEAST_SPAN), ...values));
  const step = values.length > 1 ? WIDTH / (values.length - 1) : 0;
  return values
    .map(
      (value, i) =>
        `${(i * step).toFixed(1)},${(HEIGHT - 1 - ((value - low) / (max - low)) * (HEIGHT - 2)).toFixed(1)}`,
    )
    .join(' ');
}

export function SparkLine({ values }: { values: readonly number[] }) {
  return (
    <svg className={styles.spark} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <polyline points={sparkPoints(values)} vectorEffect="non-scaling-stroke" />
    </svg>
  );
}
