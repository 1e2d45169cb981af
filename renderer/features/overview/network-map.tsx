import { useView } from '../../api/use-cluster-live.tsx';
import { Button } from '../../ui/button.tsx';
import { cx } from '../../ui/cx.ts';
import { formatMs } from '../../ui/format.ts';
import { Panel } from '../../ui/panel.tsx';
import { FaultList } from '../faults/fault-list.tsx';
import { useFaultLab } from '../faults/use-fault-lab.ts';
import { linksHint, networkLinks, networkSentence, nodeSpots, type Link, type Spot } from './network.ts';
import styles from './network-map.module.css';

const WIDTH = 278;
const HEIGHT = 124;
const RADIUS = 17;
/** With more nodes the round trips would cover each other. */
const MOST_LABELLED = 4;
/** More need more height, or their labels meet. */
const MOST_FLAT = 3;
/** So many faults can still be told apart by their labels. */
const MOST_FAULTS_LABELLED = 6;

/** Nodes, the links between them, and where links are cut or slowed. */
export function NetworkMap({ cluster, mayAct }: { cluster: string; mayAct: boolean }) {
  const nodes = useView((view) => view.nodes);
  const faults = useView((view) => view.faults);
  const openLab = useFaultLab();
  if (nodes.length < 2) return null;
  const links = networkLinks(nodes);
  const height = nodes.length > MOST_FLAT ? HEIGHT * 1.35 : HEIGHT;
  const places = nodeSpots(nodes.length, WIDTH, height, RADIUS);
  const spots = new Map(nodes.map((node, i) => [node.id, places[i] ?? { x: 0, y: 0 }] as const));
  const drawn = links.flatMap((link) => {
    const a = spots.get(link.from);
    const b = spots.get(link.to);
    return a === undefined || b === undefined ? [] : [{ link, a, b }];
  });
  const few = nodes.length <= MOST_LABELLED;
  const labelsFaults = few || links.filter((link) => link.effect !== null).length <= MOST_FAULTS_LABELLED;
  return (
    <Panel className={styles.network} title="Network" hint={linksHint(links)}>
      <svg
        className={styles.map}
        viewBox={`0 0 ${WIDTH} ${height}`}
        role="img"
        aria-label={networkSentence(nodes, links)}
      >
        {drawn.map(({ link, a, b }) => (
          <LinkLine
            key={`${link.from}-${link.to}`}
            link={link}
            a={a}
            b={b}
            onClick={mayAct ? () => openLab({ fault: 'cut', from: link.from, to: link.to }) : null}
          />
        ))}
        {drawn.map(({ link, a, b }) => {
          const text =
            link.effect !== null
              ? labelsFaults && link.state !== 'down'
                ? link.effect
                : null
              : few && link.state === 'up' && link.roundTripMs !== null
                ? formatMs(link.roundTripMs)
                : null;
          if (text === null) return null;
          const at = labelSpot(a, b, WIDTH / 2);
          return (
            <text
              key={`${link.from}-${link.to}`}
              className={cx(styles.label, link.effect !== null && styles[`${link.state}Label`])}
              x={at.x}
              y={at.y}
              textAnchor={at.anchor}
            >
              {text}
            </text>
          );
        })}
        {nodes.map((node) => {
          const spot = spots.get(node.id) ?? { x: 0, y: 0 };
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
      {faults.length > 0 && (
        <div className={styles.faults}>
          <FaultList cluster={cluster} faults={faults} mayAct={mayAct} />
        </div>
      )}
      {mayAct && (
        <div className={styles.actions}>
          <Button size="small" icon="isolate" onClick={() => openLab({ fault: 'cut' })}>
            Cut a link
          </Button>
          <Button size="small" icon="wave" onClick={() => openLab({ fault: 'slow' })}>
            Add delay or loss
          </Button>
        </div>
      )}
    </Panel>
  );
}

/** One link; a cross where it is cut, an arrow in the direction that alone suffers. */
function LinkLine({ link, a, b, onClick }: { link: Link; a: Spot; b: Spot; onClick: (() => void) | null }) {
  const line = { x1: a.x, y1: a.y, x2: b.x, y2: b.y };
  const [tail, head] = link.oneWay === 'back' ? [b, a] : [a, b];
  const angle = (Math.atan2(head.y - tail.y, head.x - tail.x) * 180) / Math.PI;
  const at = { x: tail.x + (head.x - tail.x) * 0.5, y: tail.y + (head.y - tail.y) * 0.5 };
  return (
    <g>
      <line className={styles[link.state]} {...line} />
      {link.effect !== null && link.state !== 'down' && (
        <g
          className={cx(styles.mark, styles[`${link.state}Mark`])}
          transform={`translate(${at.x} ${at.y}) rotate(${angle})`}
        >
          {link.state === 'cut' && <path className={styles.gap} d="M-6 0H6" />}
          {link.state === 'cut' && <path d="M-3.4-3.4 3.4 3.4M-3.4 3.4 3.4-3.4" />}
          {link.oneWay !== null && <path d="m14-4.5 5 4.5-5 4.5" />}
        </g>
      )}
      {/* For the mouse alone: the buttons below reach every link from the keyboard. */}
      {onClick !== null && <line className={styles.hit} {...line} onClick={onClick} />}
    </g>
  );
}

/** Beside the middle of a link, away from the centre of the map. */
function labelSpot(a: Spot, b: Spot, centreX: number): Spot & { anchor: 'start' | 'middle' | 'end' } {
  const x = (a.x + b.x) / 2;
  const y = (a.y + b.y) / 2;
  if (Math.abs(a.y - b.y) < 8) return { x, y: y + 16, anchor: 'middle' };
  return x < centreX ? { x: x - 8, y, anchor: 'end' } : { x: x + 8, y, anchor: 'start' };
}
