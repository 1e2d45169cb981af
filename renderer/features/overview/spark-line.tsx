import styles from './node-card.module.css';

const WIDTH = 92;
const HEIGHT = 12;

/** Points of a line through the values, scaled to 0…max; a flat line at the bottom without any. */
export function sparkPoints(values: readonly number[]): string {
  const max = Math.max(...values, 1);
  const step = values.length > 1 ? WIDTH / (values.length - 1) : 0;
  return values
    .map((value, i) => `${(i * step).toFixed(1)},${(HEIGHT - 1 - (value / max) * (HEIGHT - 2)).toFixed(1)}`)
    .join(' ');
}

export function SparkLine({ values }: { values: readonly number[] }) {
  return (
    <svg className={styles.spark} viewBox={`0 0 ${WIDTH} ${HEIGHT}`} preserveAspectRatio="none" aria-hidden="true">
      <polyline points={sparkPoints(values)} vectorEffect="non-scaling-stroke" />
    </svg>
  );
}
