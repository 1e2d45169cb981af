import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Inflights } from '../../../engine/raft/inflights.ts';

describe('the in-flight window', () => {
  it('holds one append at first, and one more each time it is widened, up to its maximum', () => {
    const window = new Inflights(3, 1000);
    const room = () => {
      let sent = 0;
      for (; !window.full; sent++) window.add(sent + 1, 1);
      window.freeTo(sent);
      return sent;
    };
    const rooms = [room()];
    for (let i = 0; i < 4; i++) {
      window.widen();
      rooms.push(room());
    }
    window.clear();
    expect([...rooms, room()]).toEqual([1, 2, 3, 3, 3, 1]);
  });

  it('equals a plain list of what was sent and not answered for', () => {
    const action = fc.oneof(
      fc.record({ add: fc.integer({ min: 1, max: 5 }), size: fc.integer({ min: 0, max: 50 }) }),
      fc.record({ freeTo: fc.integer({ min: 0, max: 60 }) }),
      fc.constantFrom('clear' as const, 'widen' as const),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 60 }), fc.integer({ min: 1, max: 9 }), (actions, maxCount) => {
        const window = new Inflights(maxCount, 100);
        let model: { last: number; size: number }[] = [];
        let last = 0;
        let limit = 1;
        for (const step of actions) {
          if (step === 'clear') {
            window.clear();
            model = [];
            limit = 1;
          } else if (step === 'widen') {
            window.widen();
            limit = Math.min(maxCount, limit + 1);
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
          expect(window.full).toBe(model.length >= limit || size >= 100);
        }
      }),
    );
  });
});
