import { describe, expect, it } from 'vitest';
import { DrillError } from '../../../engine/drill/index.ts';
import {
  busiestLeader,
  cutFaults,
  leadersWithoutQuorum,
  planFault,
  type NodeControls,
  type Situation,
} from '../../../engine/drill/scenarios.ts';
import { fillSettings } from '../../../engine/drill/settings.ts';

const situation = (leaders: Record<number, number>, nodes = [1, 2, 3]): Situation => ({
  nodes,
  leaders: new Map(Object.entries(leaders).map(([partition, node]) => [Number(partition), { node, term: 5 }])),
  voters: new Map(Object.keys(leaders).map((partition) => [Number(partition), nodes.slice(0, 3)])),
});

function recorder(): { readonly done: string[]; readonly controls: NodeControls } {
  const done: string[] = [];
  return {
    done,
    controls: {
      kill: async (node) => void done.push(`kill ${node}`),
      pause: async (node) => void done.push(`pause ${node}`),
      restart: async (node) => void done.push(`restart ${node}`),
      setFaults: async (node, faults) =>
        void done.push(`${node} cuts ${faults.links.map((link) => link.toNodeId).join(' ')}`),
    },
  };
}

describe('who is hit', () => {
  it('is the node that leads the most partitions, of several the first', () => {
    expect(busiestLeader(situation({ 0: 2, 1: 3, 2: 3 }))).toBe(3);
    expect(busiestLeader(situation({ 0: 3, 1: 2 }))).toBe(2);
  });

  it.each([
    ['kill-leader', ['kill 2'], [0, 1]],
    ['pause-leader', ['pause 2'], [0, 1]],
    ['isolate-leader', ['1 cuts 2', '2 cuts 1 3', '3 cuts 2'], [0, 1]],
    ['rolling-restart', ['restart 1', 'restart 2', 'restart 3'], [0, 1, 2]],
    ['cut-majority', ['1 cuts 2 3', '2 cuts 1 3', '3 cuts 1 2'], [0, 1, 2]],
  ] as const)('%s says first whose leaders go, then does it', async (scenario, expected, partitions) => {
    const { done, controls } = recorder();
    const hit: number[] = [];
    const told: number[] = [];
    const plan = planFault(scenario, () => situation({ 0: 2, 1: 2, 2: 3 }));
    await plan.inject(controls, (_, hits) => {
      hit.push(...hits.map((one) => one.partition));
      told.push(done.length);
    });
    expect(done).toEqual(expected);
    expect(hit.toSorted((a, b) => a - b)).toEqual(partitions);
    expect(told[0]).toBe(0);
    expect(plan.cutsLinks).toBe(scenario === 'isolate-leader' || scenario === 'cut-majority');
  });

  it('leaves a leader alone that still reaches a majority of its voters', () => {
    const five = situation({ 0: 1, 1: 5 }, [1, 2, 3, 4, 5]);
    // p0 and p1 are voted for by n1, n2, n3.
    expect(leadersWithoutQuorum({ ...five, leaders: new Map([[0, { node: 1, term: 5 }]]) }, [4, 5])).toEqual([]);
    expect(leadersWithoutQuorum({ ...five, leaders: new Map([[0, { node: 1, term: 5 }]]) }, [2, 3])).toEqual([0]);
    expect(leadersWithoutQuorum({ ...five, leaders: new Map([[0, { node: 1, term: 5 }]]) }, [1])).toEqual([0]);
  });

  it('cuts both ends of every link', () => {
    const faults = cutFaults([1, 2, 3], [2]);
    expect(faults.get(2)?.links.map((link) => link.toNodeId)).toEqual([1, 3]);
    expect(faults.get(1)?.links).toEqual([{ toNodeId: 2, cut: true, delayMs: 0, drop: 0 }]);
  });
});

describe('the settings of a drill', () => {
  it('have a client and some keys for every partition, whatever was asked for', () => {
    expect(fillSettings({ clients: 1, keyCount: 1 }, 8, 'kill-leader')).toMatchObject({ clients: 8, keyCount: 32 });
    expect(fillSettings({}, 8, 'kill-leader')).toMatchObject({ clients: 16, keyCount: 80, faultSeconds: 5 });
  });

  it.each([
    [{ readPercent: 101 }, 'kill-leader', /readPercent/],
    [{ faultSeconds: 0 }, 'kill-leader', /faultSeconds/],
    [{ faultSeconds: 2 }, 'cut-majority', /healed before calls with 2000 ms/],
  ] as const)('%j for %s are refused in words', (input, scenario, message) => {
    const attempt = () => fillSettings(input, 4, scenario);
    expect(attempt).toThrow(DrillError);
    expect(attempt).toThrow(message);
  });
});
