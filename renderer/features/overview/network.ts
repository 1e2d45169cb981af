import type { SendFault } from '../../../electron/contract/faults.ts';
import type { NodeView } from '../../../electron/contract/model.ts';
import { formatMs, plural } from '../../ui/format.ts';
import { effectText } from '../faults/fault-text.ts';

export interface Link {
  readonly from: number;
  readonly to: number;
  /** The worst that is true of either direction. */
  readonly state: 'up' | 'slow' | 'lossy' | 'down' | 'cut';
  /** The direction that alone suffers a fault: from → to is 'forth'. Null for both or none. */
  readonly oneWay: 'forth' | 'back' | null;
  /** What the fault does: "cut", "+200 ms", "30 % lost"; of the worse direction where they differ. Null without. */
  readonly effect: string | null;
  readonly forth: SendFault | null;
  readonly back: SendFault | null;
  /** Of the end that knows it; null when neither does. */
  readonly roundTripMs: number | null;
}

/** Every pair of nodes once. A link is cut if either end's fault cuts it, and up only if neither end says otherwise. */
export function networkLinks(nodes: readonly NodeView[]): Link[] {
  return nodes.flatMap((a, i) =>
    nodes.slice(i + 1).map((b): Link => {
      const ends = [a.links.find((link) => link.to === b.id), b.links.find((link) => link.to === a.id)];
      const known = ends.filter((end) => end !== undefined);
      const [forth, back] = [ends[0]?.sends ?? null, ends[1]?.sends ?? null];
      const reachable = [a, b].every(({ state }) => state !== 'dead' && state !== 'stopped');
      const up = reachable && known.length > 0 && known.every((end) => end.connected);
      const isCut = known.some((end) => end.cut);
      const worst = badness(forth) >= badness(back) ? forth : back;
      return {
        from: a.id,
        to: b.id,
        state: isCut ? 'cut' : !up && !isHeard(worst) ? 'down' : stateOf(worst),
        oneWay: forth !== null && back === null ? 'forth' : forth === null && back !== null ? 'back' : null,
        effect: worst === null ? (isCut ? 'cut' : null) : effectText(worst),
        forth,
        back,
        roundTripMs: known.find((end) => end.roundTripMs !== null)?.roundTripMs ?? null,
      };
    }),
  );
}

/** A link that loses or delays may seem unconnected for moments: that is the fault's doing. */
function isHeard(fault: SendFault | null): boolean {
  return fault !== null && (fault.dropPercent > 0 || fault.delayMs > 0);
}

function stateOf(fault: SendFault | null): Link['state'] {
  if (fault === null) return 'up';
  return fault.cut ? 'cut' : fault.dropPercent > 0 ? 'lossy' : 'slow';
}

function badness(fault: SendFault | null): number {
  if (fault === null) return 0;
  if (fault.cut) return 4;
  return fault.dropPercent > 0 ? 2 + fault.dropPercent / 100 : 1;
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
    if (link.state === 'down') return `${pair} not connected`;
    if (link.forth !== null || link.back !== null) return faultClause(link, name);
    if (link.state === 'cut') return `${pair} cut`;
    return link.roundTripMs === null ? `${pair} up` : `${pair} ${formatMs(link.roundTripMs)}`;
  });
  return links.length === 0 ? 'One node, no links.' : `Links between nodes: ${said.join(', ')}.`;
}

/** "n1 to n2 cut both ways", "n2 to n1 +50 ms in that direction only". */
function faultClause({ from, to, forth, back }: Link, name: (id: number) => string): string {
  const ways = [
    ...(forth === null ? [] : [{ pair: `${name(from)} to ${name(to)}`, text: effectText(forth) }]),
    ...(back === null ? [] : [{ pair: `${name(to)} to ${name(from)}`, text: effectText(back) }]),
  ];
  const [first, second] = ways;
  if (first === undefined) return '';
  if (second === undefined) return `${first.pair} ${first.text} in that direction only`;
  return first.text === second.text
    ? `${first.pair} ${first.text} both ways`
    : `${first.pair} ${first.text} and ${second.pair} ${second.text}`;
}

/** "2 of 3 links up, 1 slowed". */
export function linksHint(links: readonly Link[]): string {
  const up = links.filter((link) => link.state !== 'cut' && link.state !== 'down');
  const slowed = up.filter((link) => link.state !== 'up').length;
  const carrying = `${up.length} of ${plural(links.length, 'link')} up`;
  return slowed === 0 ? carrying : `${carrying}, ${slowed} slowed`;
}
