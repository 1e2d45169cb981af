import { expect, test } from 'vitest';
import type { ClusterView } from '../../../electron/contract/model.ts';
import { balancingMoves } from '../../../renderer/features/overview/transfer.ts';
import { viewOf } from '../../support/view.ts';

function ledBy(view: ClusterView, leaders: readonly number[]): ClusterView {
  return { ...view, partitions: view.partitions.map((one, i) => ({ ...one, leader: leaders[i] ?? 0 })) };
}

function ledAfter(view: ClusterView): number[] {
  const leaders = view.partitions.map((one) => one.leader);
  for (const { partition, to } of balancingMoves(view)) leaders[partition] = to.id;
  return leaders;
}

const counts = (leaders: number[], nodes: number) =>
  Array.from({ length: nodes }, (_, i) => leaders.filter((one) => one === i + 1).length).sort((a, b) => a - b);

test('leaders that are spread evenly stay', () => {
  expect(balancingMoves(ledBy(viewOf(['live', 'live', 'live']), [1, 2, 3, 1, 2, 3, 1, 2]))).toEqual([]);
});

test('one node that leads all hands over just enough', () => {
  const view = ledBy(viewOf(['live', 'live', 'live']), [1, 1, 1, 1, 1, 1, 1, 1]);
  expect(counts(ledAfter(view), 3)).toEqual([2, 3, 3]);
  expect(balancingMoves(view)).toHaveLength(5);
});

test('nothing is handed to a node that is not live, and nothing that has no leader', () => {
  const view = ledBy(viewOf(['live', 'paused', 'live']), [1, 1, 1, 1, 0, 1, 1, 1]);
  const after = ledAfter(view);
  expect(after).not.toContain(2);
  expect(after[4]).toBe(0);
  expect(counts(after, 3)).toEqual([0, 3, 4]);
});
