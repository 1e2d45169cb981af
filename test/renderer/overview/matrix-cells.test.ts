import { describe, expect, test } from 'vitest';
import type { ClusterView, Replica } from '../../../electron/contract/model.ts';
import {
  lagFraction,
  lagWords,
  matrixRows,
  matrixSummary,
  NEW_LEADER_MS,
} from '../../../renderer/features/overview/matrix-cells.ts';
import { columnsInView, moveInGrid } from '../../../renderer/features/overview/grid-keys.ts';
import { NOW_MS, viewOf } from '../../support/view.ts';

/** p0 is led by n1 in term 7 with its log at 100. */
function oneLed(over: { n2?: Partial<Replica>; leaderSinceMs?: number; leader?: number } = {}): ClusterView {
  const view = viewOf(['live', 'live', 'live'], { partitions: 1 });
  const base: Replica = {
    partition: 0,
    role: 'follower',
    term: 7,
    votedFor: 1,
    leader: 1,
    commitIndex: 98,
    lastLogIndex: 100,
    appliedIndex: 98,
    matchIndex: 100,
    keyCount: 1,
  };
  return {
    ...view,
    nodes: view.nodes.map((node) => ({
      ...node,
      replicas: [node.id === 1 ? { ...base, role: 'leader' } : node.id === 2 ? { ...base, ...over.n2 } : base],
    })),
    partitions: view.partitions.map((partition) => ({
      ...partition,
      term: 7,
      leader: over.leader ?? 1,
      leaderSinceMs: over.leaderSinceMs ?? NOW_MS - 60_000,
    })),
  };
}

const cellOf = (view: ClusterView, node: number) => matrixRows(view, NOW_MS)[node - 1]?.cells[0];

describe('a cell of the role matrix', () => {
  test('a leader shows its commit index', () => {
    expect(cellOf(oneLed(), 1)).toMatchObject({
      role: 'L',
      term: 7,
      figure: '98',
      sentence: 'n1 leads p0, term 7, commit 98',
    });
  });

  test('a follower is in sync, or so many entries behind', () => {
    expect(cellOf(oneLed(), 2)).toMatchObject({ role: 'F', words: 'in sync', lag: null });
    const behind = cellOf(oneLed({ n2: { matchIndex: 98 } }), 2);
    expect(behind?.words).toBe('2 behind');
    expect(behind?.sentence).toBe('n2 follows p0, term 7, match 98, 2 entries behind leader n1');
  });

  test('a leader is new for 10 s, and only after an election that replaced one', () => {
    expect(cellOf(oneLed({ leaderSinceMs: NOW_MS - NEW_LEADER_MS + 1 }), 1)).toMatchObject({
      isNewLeader: true,
      sentence: 'n1 is the new leader of p0, term 7, commit 98',
    });
    expect(cellOf(oneLed({ leaderSinceMs: NOW_MS - NEW_LEADER_MS }), 1)?.isNewLeader).toBe(false);
  });

  test('a leader that does not count is not called one', () => {
    expect(cellOf(oneLed({ leader: 0 }), 1)?.sentence).toContain('n1 believes it leads p0');
  });

  test('candidates, learners and voters say what they do', () => {
    expect(cellOf(oneLed({ n2: { role: 'candidate' } }), 2)).toMatchObject({ role: 'C', words: 'asks votes' });
    expect(cellOf(oneLed({ n2: { role: 'learner' } }), 2)).toMatchObject({ role: 'N' });
    expect(cellOf(oneLed({ leader: 0, n2: { votedFor: 3 } }), 2)).toMatchObject({ words: 'votes n3' });
    expect(cellOf(oneLed({ leader: 0, n2: { votedFor: 0 } }), 2)).toMatchObject({ words: 'no leader' });
  });

  test('a node that is away says what it was', () => {
    const view = oneLed();
    const away = { ...view, nodes: view.nodes.map((node) => ({ ...node, state: 'dead' as const })) };
    expect(cellOf(away, 1)).toMatchObject({ role: 'X', words: 'was L', sentence: 'n1 is dead; it led p0' });
    expect(cellOf(away, 2)).toMatchObject({ role: 'X', words: 'was F' });
  });

  test('a node without a replica has none', () => {
    const view = oneLed();
    const without = {
      ...view,
      nodes: view.nodes.map((node) => ({ ...node, replicas: node.id === 3 ? [] : node.replicas })),
      partitions: view.partitions.map((partition) => ({ ...partition, replicas: [1, 2] })),
    };
    expect(cellOf(without, 3)).toMatchObject({ role: null, sentence: 'n3 holds no replica of p0' });
  });
});

test('the header names new leaders and partitions without one', () => {
  expect(matrixSummary(oneLed({ leaderSinceMs: NOW_MS - 10 }), NOW_MS)).toBe('p0 has a new leader.');
  expect(matrixSummary(oneLed({ leader: 0 }), NOW_MS)).toBe('p0 has no leader.');
});

test('the lag bar is logarithmic: one entry shows, a million fills it', () => {
  expect(lagFraction(0)).toBe(0);
  expect(lagFraction(1)).toBeGreaterThan(0.04);
  expect(lagFraction(999)).toBeCloseTo(0.5);
  expect(lagFraction(10_000_000)).toBe(1);
  expect(lagWords(31_204)).toBe('31,204 behind');
});

test('arrow keys stay inside the grid', () => {
  expect(moveInGrid('ArrowRight', { row: 0, column: 7 }, 3, 8)).toEqual({ row: 0, column: 7 });
  expect(moveInGrid('ArrowDown', { row: 1, column: 2 }, 3, 8)).toEqual({ row: 2, column: 2 });
  expect(moveInGrid('Home', { row: 1, column: 5 }, 3, 8)).toEqual({ row: 1, column: 0 });
  expect(moveInGrid('x', { row: 1, column: 5 }, 3, 8)).toBeNull();
});

test('of many columns those in sight are drawn, and a few beyond', () => {
  expect(columnsInView(5_000, 800, 8)).toEqual({ first: 0, end: 8 });
  expect(columnsInView(0, 800, 256)).toEqual({ first: 0, end: 12 });
  expect(columnsInView(5_000, 800, 256)).toEqual({ first: 46, end: 62 });
  expect(columnsInView(25_000, 800, 256)).toEqual({ first: 246, end: 256 });
});
