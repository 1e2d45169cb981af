export const RING_WIDTH = 560;
export const RING_HEIGHT = 366;

const CENTRE = { x: RING_WIDTH / 2, y: RING_HEIGHT / 2 + 6 };
/** More replicas than this stand closer and are drawn smaller. */
const ROOMY = 5;

export interface RingPlace {
  readonly x: number;
  readonly y: number;
  /** Where the two lines of words begin, and how they are set. */
  readonly label: { readonly x: number; readonly y: number; readonly anchor: 'start' | 'end' };
}

export interface RingLayout {
  readonly centre: { readonly x: number; readonly y: number };
  readonly orbitPx: number;
  readonly nodePx: number;
  readonly places: readonly RingPlace[];
}

/** Places on a circle, the first at the top, then clockwise. A place belongs to a replica, not to a role. */
export function ringLayout(count: number): RingLayout {
  const nodePx = count <= ROOMY ? 34 : 26;
  const orbitPx = count <= 1 ? 0 : count <= ROOMY ? 120 : 136;
  // Three stand on a triangle, whose middle is below that of the circle.
  const centre = count === 3 ? { x: CENTRE.x, y: CENTRE.y + 24 } : count === 1 ? { x: CENTRE.x, y: 90 } : CENTRE;
  const places = Array.from({ length: count }, (_, i): RingPlace => {
    const angle = -Math.PI / 2 + (2 * Math.PI * i) / Math.max(1, count);
    const x = centre.x + orbitPx * Math.cos(angle);
    const y = centre.y + orbitPx * Math.sin(angle);
    // At the very top the words stand at the left, at the very bottom at the right.
    const isLeft = Math.cos(angle) < -0.01 || (Math.cos(angle) < 0.01 && Math.sin(angle) < 0);
    const away = nodePx + 12;
    return {
      x,
      y,
      label: { x: isLeft ? x - away : x + away, y: y - 2, anchor: isLeft ? 'end' : 'start' },
    };
  });
  return { centre: count === 1 ? { x: CENTRE.x, y: 190 } : centre, orbitPx, nodePx, places };
}

/** A line between two places that keeps clear of both circles by `clearPx`; `part` of it from the first. */
export function between(
  from: { readonly x: number; readonly y: number },
  to: { readonly x: number; readonly y: number },
  clearPx: number,
  part = 1,
): { x1: number; y1: number; x2: number; y2: number } {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const ux = (to.x - from.x) / length;
  const uy = (to.y - from.y) / length;
  const reach = clearPx + Math.max(0, length - 2 * clearPx) * part;
  return {
    x1: from.x + ux * clearPx,
    y1: from.y + uy * clearPx,
    x2: from.x + ux * reach,
    y2: from.y + uy * reach,
  };
}

interface Point {
  readonly x: number;
  readonly y: number;
}

/** The middle of what stands beside a line at its middle, `widthPx` wide, on the side away from the centre. */
export function outside(from: Point, to: Point, centre: Point, widthPx: number): Point {
  const x = (from.x + to.x) / 2;
  const y = (from.y + to.y) / 2;
  const length = Math.hypot(x - centre.x, y - centre.y);
  // Through the centre there is no outside: a little towards the end of the line then.
  if (length < 1) return { x: x + (to.x - from.x) * 0.18, y: y + (to.y - from.y) * 0.18 };
  const ux = (x - centre.x) / length;
  const uy = (y - centre.y) / length;
  return { x: x + ux * (widthPx / 2) * Math.abs(ux), y: y + uy * 12 * Math.abs(uy) };
}
