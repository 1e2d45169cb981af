import { useCommand } from '../../api/use-command.ts';
import { useView } from '../../api/use-cluster-live.tsx';
import { Button } from '../../ui/button.tsx';
import { cx } from '../../ui/cx.ts';
import { formatMs, plural } from '../../ui/format.ts';
import { Panel } from '../../ui/panel.tsx';
import { networkLinks, networkSentence, nodeSpots, type Spot } from './network.ts';
import styles from './aside.module.css';

const WIDTH = 278;
const HEIGHT = 124;
const RADIUS = 17;
/** With more nodes the round trips would cover each other. */
const MOST_LABELLED = 4;

/** Nodes and the links between them. */
export function NetworkMap({ cluster, mayAct }: { cluster: string; mayAct: boolean }) {
  const nodes = useView((view) => view.nodes);
  const { run, isBusy } = useCommand();
  if (nodes.length < 2) return null;
  const links = networkLinks(nodes);
  const height = nodes.length > MOST_LABELLED ? HEIGHT * 1.35 : HEIGHT;
  const spots = new Map(
    nodeSpots(nodes.length, WIDTH, height, RADIUS).map((spot, i) => [nodes[i]?.id ?? 0, spot] as const),
  );
  const up = links.filter((link) => link.state === 'up').length;
  const cut = links.some((link) => link.state === 'cut');
  return (
    <Panel className={styles.network} title="Network" hint={`${up} of ${plural(links.length, 'link')} up`}>
      <svg
        className={styles.map}
        viewBox={`0 0 ${WIDTH} ${height}`}
        role="img"
        aria-label={networkSentence(nodes, links)}
      >
        {links.map((link) => {
          const a = spots.get(link.from);
          const b = spots.get(link.to);
          if (a === undefined || b === undefined) return null;
          return (
            <line key={`${link.from}-${link.to}`} className={styles[link.state]} x1={a.x} y1={a.y} x2={b.x} y2={b.y} />
          );
        })}
        {nodes.length <= MOST_LABELLED &&
          links.map((link) => {
            const a = spots.get(link.from);
            const b = spots.get(link.to);
            if (a === undefined || b === undefined || link.roundTripMs === null || link.state !== 'up') return null;
            const at = labelSpot(a, b, WIDTH / 2);
            return (
              <text key={`${link.from}-${link.to}`} className={styles.ms} x={at.x} y={at.y} textAnchor={at.anchor}>
                {formatMs(link.roundTripMs)}
              </text>
            );
          })}
        {nodes.map((node) => {
          const spot = spots.get(node.id);
          if (spot === undefined) return null;
          return (
            <g key={node.id}>
              <circle
                className={cx(styles.node, node.state !== 'live' && styles.away)}
                cx={spot.x}
                cy={spot.y}
                r={RADIUS}
              />
              <text className={styles.nodeName} x={spot.x} y={spot.y + 4}>
                {node.name}
              </text>
            </g>
          );
        })}
      </svg>
      {cut && mayAct && (
        <div className={styles.networkActions}>
          <Button
            size="small"
            icon="heal"
            busy={isBusy('cluster.heal', { cluster })}
            onClick={() => void run('cluster.heal', { cluster }, { failed: 'The network could not be healed' })}
          >
            Heal the network
          </Button>
        </div>
      )}
    </Panel>
  );
}

/** Beside the middle of a link, away from the centre of the map. */
function labelSpot(a: Spot, b: Spot, centreX: number): Spot & { anchor: 'start' | 'middle' | 'end' } {
  const x = (a.x + b.x) / 2;
  const y = (a.y + b.y) / 2;
  if (Math.abs(a.y - b.y) < 8) return { x, y: y + 16, anchor: 'middle' };
  return x < centreX ? { x: x - 8, y, anchor: 'end' } : { x: x + 8, y, anchor: 'start' };
}
