/** Measures of the plot, px. The four charts share one time axis below them. */
export interface PlotLayout {
  readonly width: number;
  readonly height: number;
  /** Left and right ends of the time axis. */
  readonly left: number;
  readonly right: number;
  /** Top and bottom of what markers cross. */
  readonly top: number;
  readonly bottom: number;
  readonly throughput: Band;
  readonly latency: Band;
  readonly lanes: Band & { readonly laneHeight: number; readonly drawnHeight: number };
  readonly commit: Band;
}

export interface Band {
  readonly top: number;
  readonly height: number;
}

const LEFT = 46;
const RIGHT_GAP = 8;
const FLAGS = 20;
const BETWEEN = 17;
const AXIS = 20;
const LANE = 12;
const MOST_LANES = 12;
/** Shares of the height that is left for the three line charts. */
const SHARES = { throughput: 62, latency: 53, commit: 60 } as const;
const SHARE_SUM = SHARES.throughput + SHARES.latency + SHARES.commit;

/** The lanes' name and its three figures need this much, however few lanes there are. */
const LANES_LEAST = 64;

/** Lanes beyond the first dozen share its room: thinner, and then without words. */
export function lanesHeight(partitions: number): number {
  return Math.min(Math.max(partitions, 1), MOST_LANES) * LANE;
}

function lanesRoom(partitions: number): number {
  return Math.max(LANES_LEAST, lanesHeight(partitions));
}

/** The least height at which the four charts can be read. */
export function leastPlotHeight(partitions: number): number {
  return FLAGS + SHARE_SUM + 3 * BETWEEN + lanesRoom(partitions) + AXIS;
}

export function plotLayout(width: number, height: number, partitions: number): PlotLayout {
  const full = Math.max(height, leastPlotHeight(partitions));
  const lanes = lanesHeight(partitions);
  const free = full - FLAGS - 3 * BETWEEN - lanesRoom(partitions) - AXIS;
  const share = (part: number) => Math.floor((free * part) / SHARE_SUM);
  const throughput = { top: FLAGS, height: share(SHARES.throughput) };
  const latency = { top: throughput.top + throughput.height + BETWEEN, height: share(SHARES.latency) };
  const laneTop = latency.top + latency.height + BETWEEN;
  const commitTop = laneTop + lanesRoom(partitions) + BETWEEN;
  const laneHeight = lanes / Math.max(partitions, 1);
  return {
    width,
    height: full,
    left: LEFT,
    right: Math.max(LEFT + 1, width - RIGHT_GAP),
    top: 16,
    bottom: full - AXIS,
    throughput,
    latency,
    lanes: { top: laneTop, height: lanes, laneHeight, drawnHeight: laneHeight > 4 ? laneHeight - 2 : laneHeight },
    commit: { top: commitTop, height: full - AXIS - commitTop },
  };
}
