import { expect, test } from 'vitest';
import { leastPlotHeight, plotLayout } from '../../../renderer/charts/layout.ts';

test('bands never overlap, for any number of partitions and any height', () => {
  for (const partitions of [1, 3, 8, 12, 13, 256]) {
    for (const height of [0, 366, 900]) {
      const layout = plotLayout(700, height, partitions);
      const bands = [layout.throughput, layout.latency, layout.lanes, layout.commit];
      bands.forEach((band, i) => {
        expect(band.height).toBeGreaterThan(0);
        expect(band.top + band.height).toBeLessThan(bands[i + 1]?.top ?? layout.height);
      });
      expect(layout.commit.top + layout.commit.height).toBe(layout.bottom);
      expect(layout.height).toBeGreaterThanOrEqual(leastPlotHeight(partitions));
      expect(layout.lanes.laneHeight * partitions).toBeLessThanOrEqual(layout.lanes.height + 0.001);
    }
  }
});
