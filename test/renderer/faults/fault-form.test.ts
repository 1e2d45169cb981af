import { describe, expect, it } from 'vitest';
import { faultRequestSchema } from '../../../electron/contract/faults.ts';
import {
  faultEffect,
  faultForm,
  readFault,
  withNode,
  withPeer,
  type FaultForm,
} from '../../../renderer/features/faults/fault-form.ts';
import { viewOf } from '../../support/view.ts';

const form = (change: Partial<FaultForm> = {}): FaultForm => ({
  ...faultForm([1, 2, 3], new URLSearchParams()),
  ...change,
});
const read = (change: Partial<FaultForm>) => {
  const result = readFault(form(change));
  if (!result.ok) throw new Error(result.problem);
  return faultRequestSchema.parse(result.fault);
};

describe('the fault lab', () => {
  it('opens with what the address names, and two different nodes', () => {
    expect(faultForm([1, 2, 3], new URLSearchParams('fault=slow&from=3&to=3'))).toMatchObject({
      kind: 'slow',
      node: 3,
      to: 1,
    });
    expect(faultForm([1, 2, 3], new URLSearchParams('fault=nonsense&from=9'))).toMatchObject({
      kind: 'cut',
      node: 1,
      to: 2,
    });
    expect(withNode(form({ node: 1, to: 2 }), 2)).toMatchObject({ node: 2, to: 1 });
    expect(withPeer(form({ node: 1, to: 2 }), 1)).toMatchObject({ node: 2, to: 1 });
  });

  it('asks for what the fields say, in the chosen direction', () => {
    expect(read({ kind: 'cut', direction: 'back' })).toMatchObject({ node: 2, to: 1, bothWays: false, cut: true });
    expect(read({ kind: 'slow', delayMs: 50, dropPercent: 5 })).toMatchObject({
      node: 1,
      to: 2,
      bothWays: true,
      cut: false,
      delayMs: 50,
      dropPercent: 5,
    });
    expect(read({ kind: 'disk', durationMs: null })).toEqual({ kind: 'disk', node: 1, delayMs: 400, durationMs: null });
    expect(read({ kind: 'isolate' })).toEqual({ kind: 'isolate', node: 1, durationMs: 30_000 });
  });

  it('says what is wrong with the fields', () => {
    expect(readFault(form({ kind: 'slow', delayMs: 0, dropPercent: 0 }))).toMatchObject({ ok: false });
    expect(readFault(form({ kind: 'slow', delayMs: 10_001 }))).toEqual({
      ok: false,
      problem: 'A delay is 0 to 10,000 ms.',
    });
    expect(readFault(form({ kind: 'slow', dropPercent: 101 }))).toMatchObject({ ok: false });
    expect(readFault(form({ kind: 'disk', diskDelayMs: 0 }))).toMatchObject({ ok: false });
  });
});

describe('what a fault will do, in words', () => {
  const three = viewOf(['live', 'live', 'live'], { partitions: 3 });

  it('says who falls behind and that a majority stays', () => {
    const text = faultEffect(read({ kind: 'cut' }), three);
    expect(text).toMatch(/^Every message between n1 and n2, both ways, is lost\. One copy of p0 and p1 falls behind/);
    expect(faultEffect(read({ kind: 'cut', direction: 'forth' }), three)).toMatch(
      /^Every message from n1 to n2 is lost\. What n2 sends to n1 arrives\./,
    );
  });

  it('says where writes wait when there is no other copy', () => {
    const degraded = viewOf(['live', 'live', 'dead'], { partitions: 2 });
    expect(faultEffect(read({ kind: 'cut' }), degraded)).toMatch(
      /P0 and p1 have no other copy for a majority: writes wait there\.$/,
    );
    expect(faultEffect(read({ kind: 'slow' }), degraded)).toMatch(
      /arrives 200 ms late\. Writes to p0 and p1 need this link for their majority/,
    );
  });

  it('says what a slow disk holds up', () => {
    expect(faultEffect(read({ kind: 'disk' }), three)).toMatch(
      /^Every write of n1 to its log takes 400 ms longer\. It leads p0: its own copy is late there, though/,
    );
  });
});
