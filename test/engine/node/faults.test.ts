import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { FaultControl } from '../../../engine/node/faults.ts';
import type { Faults } from '../../../engine/rpc/cluster.ts';

const NONE: Faults = { links: [], diskDelayMs: 0, logLimitBytes: 0, stateLimitBytes: 0 };
const CUT: Faults = { ...NONE, links: [{ toNodeId: 2, cut: true, delayMs: 0, drop: 0 }], leaseMs: 5_000 };

describe('the faults of a node', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  const bench = () => {
    const told: number[] = [];
    const changes: Faults[] = [];
    const control = new FaultControl({ nodeId: 1, enabled: true, onChange: (faults) => changes.push(faults) });
    const transport = { setFaults: (links: readonly unknown[]) => void told.push(links.length) };
    return { control, changes, told, set: (faults: Faults) => control.set(faults, transport) };
  };

  it('end with their lease, and are told once however often it is renewed', () => {
    const { changes, set, told, control } = bench();
    set(CUT);
    vi.advanceTimersByTime(4_000);
    set(CUT);
    vi.advanceTimersByTime(4_000);
    expect(control.current.links).toHaveLength(1);
    vi.advanceTimersByTime(1_000);
    expect(control.current.links).toEqual([]);
    expect(told.at(-1)).toBe(0);
    expect(changes.map((faults) => faults.links.length)).toEqual([1, 0]);
  });

  it('stay without a lease, also after one that had one', () => {
    const { control, set } = bench();
    set(CUT);
    set({ ...CUT, leaseMs: 0 });
    vi.advanceTimersByTime(3_600_000);
    expect(control.current.links).toHaveLength(1);
  });

  it('are refused with a lease that is too long', () => {
    const { set } = bench();
    expect(() => set({ ...CUT, leaseMs: 3_600_001 })).toThrow('up to 3600000 ms');
  });
});
