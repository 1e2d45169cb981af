import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Inflights } from '../../../engine/raft/inflights.ts';

describe('the in-flight window', () => {
  it('equals a plain list of what was sent and not answered for', () => {
    const action = fc.oneof(
      fc.record({ add: fc.integer({ min: 1, max: 5 }), size: fc.integer({ min: 0, max: 50 }) }),
      fc.record({ freeTo: fc.integer({ min: 0, max: 60 }) }),
      fc.constant('clear' as const),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), fc.integer({ min: 1, max: 9 }), (actions, maxCount) => {
        const window = new Inflights(maxCount, 100);
        let model: { last: number; size: number }[] = [];
        let last = 0;
        for (const step of actions) {
          if (step === 'clear') {
            window.clear();
            model = [];
          } else if ('freeTo' in step) {
            window.freeTo(step.freeTo);
            model = model.filter((sent) => sent.last > step.freeTo);
          } else if (!window.full) {
            last += step.add;
            window.add(last, step.size);
            model.push({ last, size: step.size });
          }
          const size = model.reduce((sum, sent) => sum + sent.size, 0);
          expect([window.count, window.bytes]).toEqual([model.length, size]);
          expect(window.full).toBe(model.length >= maxCount || size >= 100);
        }
      }),
    );
  });
});
