import type { Point } from './series.ts';

/** Puts a time and a value on the plot, px. */
export interface PlotScale {
  readonly x: (timeMs: number) => number;
  readonly y: (value: number) => number;
}

/** What a point says of one series; null breaks the line. */
export type Pick = (point: Point) => number | null;

/** A tenth of a pixel is finer than anybody sees, and short. */
const round = (px: number): number => Math.round(px * 10) / 10;

/** Runs of neighbouring points that have a value, as places on the plot. */
function runsOf(points: readonly Point[], pick: Pick, scale: PlotScale): [number, number][][] {
  const runs: [number, number][][] = [];
  let run: [number, number][] = [];
  const end = () => {
    if (run.length > 0) runs.push(run);
    run = [];
  };
  for (const point of points) {
    const value = pick(point);
    if (value === null) end();
    else run.push([round(scale.x(point.timeMs)), round(scale.y(value))]);
  }
  end();
  return runs;
}

const through = (run: readonly [number, number][]): string => run.map(([x, y]) => `${x} ${y}`).join('L');

/** A line through the points; one that stands alone between gaps is a dot as wide as the line. */
export function linePath(points: readonly Point[], pick: Pick, scale: PlotScale): string {
  return runsOf(points, pick, scale)
    .map((run) => `M${through(run)}${run.length === 1 ? 'h.1' : ''}`)
    .join('');
}

/** What lies between the line and `baseY`. */
export function areaPath(points: readonly Point[], pick: Pick, scale: PlotScale, baseY: number): string {
  return runsOf(points, pick, scale)
    .map((run) => `M${run[0]![0]} ${baseY}L${through(run)}V${baseY}Z`)
    .join('');
}

/** The same in steps, each half-way between two points: like bars without gaps, in one path. */
export function stepAreaPath(points: readonly Point[], pick: Pick, scale: PlotScale, baseY: number): string {
  return runsOf(points, pick, scale)
    .map((run) => {
      const steps = run.map(([x, y], i) => {
        const next = run[i + 1];
        return `V${y}H${next === undefined ? x : round((x + next[0]) / 2)}`;
      });
      return `M${run[0]![0]} ${baseY}${steps.join('')}V${baseY}Z`;
    })
    .join('');
}

export function linearScale(domain: readonly [number, number], height: number): (value: number) => number {
  const span = domain[1] - domain[0] || 1;
  return (value) => height * (1 - (value - domain[0]) / span);
}

export function logScale(domain: readonly [number, number], height: number): (value: number) => number {
  const [low, high] = [Math.log10(domain[0]), Math.log10(domain[1])];
  return (value) => height * (1 - (Math.log10(Math.max(value, domain[0])) - low) / (high - low || 1));
}
