import { useQuery } from '@tanstack/react-query';
import type { ClusterView, ReadMode } from '../../../electron/contract/model.ts';
import { useApi } from '../../api/context.tsx';
import { useView } from '../../api/use-cluster-live.tsx';
import { barsOf, spreadSentence, type Bar } from './spread.ts';
import styles from './partition-bars.module.css';

/** A count of a prefix is as good as this; it costs reads. */
const FRESH_MS = 30_000;
const HEIGHT = 32;
/** More bars than this have no room for their names; the ends and some between have one. */
const MAX_LABELS = 8;

/** How the keys of the list are spread over the partitions: hashing keeps them even, whatever the prefix. */
export function PartitionBars({
  cluster,
  prefix,
  readMode,
}: {
  cluster: string;
  /** Base64; empty for every key. */
  prefix: string;
  readMode: ReadMode;
}) {
  const api = useApi();
  const partitions = useView((view) => view.partitions.length);
  const leaders = useView(leaderCounts);
  const reading = useQuery({
    queryKey: ['keys.spread', cluster, prefix, readMode],
    queryFn: () => api.query('keys.spread', { cluster, prefix, readMode }),
    enabled: prefix !== '',
    staleTime: FRESH_MS,
    retry: false,
  });
  if (partitions < 2) return null;
  const counted = prefix === '' ? parseCounts(leaders) : (reading.data?.partitions ?? null);
  const isWhole = prefix === '' || reading.data?.isWhole === true;
  const bars = counted === null ? null : barsOf(counted, partitions);
  return (
    <section className={styles.pane} aria-labelledby="keys-by-partition">
      <h3 id="keys-by-partition" className={styles.title}>
        {prefix === '' ? 'Keys by partition' : 'Keys of this prefix by partition'}
      </h3>
      {bars === null ? (
        <p className={styles.note}>{reading.error === null ? 'counting…' : 'could not be counted'}</p>
      ) : (
        <>
          <Bars bars={bars} label={spreadSentence(bars, isWhole)} />
          {!isWhole && (
            <p className={styles.note}>
              of the first {bars.reduce((sum, bar) => sum + bar.count, 0).toLocaleString('en-US')}
            </p>
          )}
        </>
      )}
    </section>
  );
}

function Bars({ bars, label }: { bars: readonly Bar[]; label: string }) {
  const step = Math.ceil(bars.length / MAX_LABELS);
  const width = 100 / bars.length;
  return (
    <>
      <svg
        className={styles.bars}
        viewBox={`0 0 100 ${HEIGHT}`}
        preserveAspectRatio="none"
        role="img"
        aria-label={label}
      >
        {bars.map(({ partition, count, fraction }) => (
          <rect
            key={partition}
            x={partition * width + width * 0.06}
            width={width * 0.88}
            y={HEIGHT - Math.max(fraction * HEIGHT, count > 0 ? 1 : 0)}
            height={Math.max(fraction * HEIGHT, count > 0 ? 1 : 0)}
          >
            <title>{`p${partition}: ${count.toLocaleString('en-US')}`}</title>
          </rect>
        ))}
      </svg>
      <div className={styles.names} aria-hidden="true">
        {bars.map(({ partition }) => (
          <span key={partition}>{partition % step === 0 ? `p${partition}` : ''}</span>
        ))}
      </div>
    </>
  );
}

/** A text, so that the screen is drawn again only when a count has changed; empty while one is unknown. */
function leaderCounts(view: ClusterView): string {
  const counts: number[] = [];
  for (const { partition, leader } of view.partitions) {
    const node = view.nodes.find((candidate) => candidate.id === leader);
    const count = node?.replicas.find((candidate) => candidate.partition === partition)?.keyCount ?? null;
    if (count === null) return '';
    counts.push(count);
  }
  return counts.join();
}

function parseCounts(text: string): { partition: number; count: number }[] | null {
  if (text === '') return null;
  return text.split(',').map((count, partition) => ({ partition, count: Number(count) }));
}
