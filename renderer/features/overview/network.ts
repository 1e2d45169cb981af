import type { NodeView } from '../../../electron/contract/model.ts';
import { formatMs } from '../../ui/format.ts';

export interface Link {
  readonly from: number;
  readonly to: number;
  readonly state: 'up' | 'down' | 'cut';
  /** Of the end that knows it; null when neither does. */
  readonly roundTripMs: number | null;
}

/** Every pair of nodes once. A link is cut if either end's fault cuts it, and up only if neither end says otherwise. */
export function networkLinks(nodes: readonly NodeView[]): Link[] {
  return nodes.flatMap((a, i) =>
    nodes.slice(i + 1).map((b): Link => {
      const ends = [a.links.find((link) => link.to === b.id), b.links.find((link) => link.to === a.id)];
      const known = ends.filter((end) => end !== undefined);
      const cut = known.some((end) => end.cut);
      const reachable = a.state !== 'dead' && b.state !== 'dead' && a.state !== 'stopped' && b.state !== 'stopped';
      const up = reachable && known.length > 0 && known.every((end) => end.connected);
      return {
        from: a.id,
        to: b.id,
        state: cut ? 'cut' : up ? 'up' : 'down',
        roundTripMs: known.find((end) => end.roundTripMs !== null)?.roundTripMs ?? null,
      };
    }),
  );
}

export interface Spot {
  readonly x: number;
  readonly y: number;
}

/** Places on an ellipse, the first at the top, the others against the clock. */
export function nodeSpots(count: number, width: number, height: number, radius: number): Spot[] {
  const rx = width / 2 - radius - 38;
  const ry = height / 2 - radius - 2;
  // Three nodes stand on a triangle that fills the height.
  const centre = count === 3 ? height / 2 + ry * 0.22 : height / 2;
  return Array.from({ length: count }, (_, i) => {
    const angle = -Math.PI / 2 - (2 * Math.PI * i) / Math.max(1, count);
    const stretch = count === 3 ? 1.08 : 1;
    return {
      x: width / 2 + rx * Math.cos(angle) * stretch,
      y: centre + ry * Math.sin(angle) * (count === 3 ? 1.2 : 1),
    };
  });
}

/** The map in one sentence. */
export function networkSentence(nodes: readonly NodeView[], links: readonly Link[]): string {
  const name = (id: number) => nodes.find((node) => node.id === id)?.name ?? `n${id}`;
  const said = links.map((link) => {
    const pair = `${name(link.from)} to ${name(link.to)}`;
    if (link.state === 'cut') return `${pair} cut`;
    if (link.state === 'down') return `${pair} not connected`;
    return link.roundTripMs === null ? `${pair} up` : `${pair} ${formatMs(link.roundTripMs)}`;
  });
  return links.length === 0 ? 'One node, no links.' : `Links between nodes: ${said.join(', ')}.`;
}
