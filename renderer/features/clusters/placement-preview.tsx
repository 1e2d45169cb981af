import { formatList, plural } from '../../ui/format.ts';
import styles from './placement-preview.module.css';

const WIDTH = 168;
const LABELS = 28;
const HEAD = 12;
const ROW = 11.4;
const MAX_ROWS = 8;

/** Which node will hold which partition: a hexagon leads, a ring follows, nothing holds no copy. */
export function PlacementPreview({
  nodes,
  placement,
}: {
  nodes: number;
  /** As SpecCheck has it: replicas of partition p, the preferred leader first. */
  placement: readonly (readonly number[])[];
}) {
  const rows = placement.slice(0, MAX_ROWS);
  const hidden = placement.length - rows.length;
  const x = (node: number) => LABELS + ((node - 0.5) * (WIDTH - LABELS)) / nodes;
  const y = (row: number) => HEAD + ROW * (row + 1);
  return (
    <figure className={styles.figure}>
      <svg width={WIDTH} height={HEAD + ROW * (rows.length + 0.7)} role="img" aria-label={inWords(nodes, placement)}>
        {Array.from({ length: nodes }, (_, i) => (
          <text key={i} x={x(i + 1)} y={HEAD - 1} className={styles.node}>
            n{i + 1}
          </text>
        ))}
        {rows.map((replicas, row) => (
          // eslint-disable-next-line react/no-array-index-key -- a partition is its number
          <g key={row}>
            <text x="14" y={y(row) + 3.6} className={styles.partition}>
              p{row}
            </text>
            {replicas.map((node, i) =>
              i === 0 ? (
                <path
                  key={node}
                  d={`M${x(node)} ${y(row) - 4.6}l4 2.3v4.6l-4 2.3-4-2.3v-4.6z`}
                  className={styles.leader}
                />
              ) : (
                <circle key={node} cx={x(node)} cy={y(row)} r="3.4" className={styles.follower} />
              ),
            )}
          </g>
        ))}
      </svg>
      {hidden > 0 && <figcaption>and {plural(hidden, 'more partition')}</figcaption>}
    </figure>
  );
}

function inWords(nodes: number, placement: readonly (readonly number[])[]): string {
  const leads = Array.from({ length: nodes }, (_, i) => {
    const count = placement.filter((replicas) => replicas[0] === i + 1).length;
    return `n${i + 1} ${count}`;
  });
  return `Placement: of ${plural(placement.length, 'partition')}, ${formatList(leads)} will lead.`;
}
