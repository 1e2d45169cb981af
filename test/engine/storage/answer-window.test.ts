import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AnswerWindow } from '../../../engine/storage/state/answer-window.ts';

describe('the answers of a session', () => {
  it('are what a map of them would hold, whatever is acknowledged when', () => {
    const action = fc.oneof(
      fc.record({ ahead: fc.integer({ min: 1, max: 100 }) }),
      fc.record({ acknowledge: fc.oneof(fc.nat({ max: 40 }), fc.nat({ max: 5000 })) }),
    );
    fc.assert(
      fc.property(fc.array(action, { maxLength: 80 }), (actions) => {
        const window = new AnswerWindow();
        const model = new Map<number, readonly number[]>();
        for (const step of actions) {
          const before = window.acknowledged;
          const forgotten: (readonly [number, readonly number[]])[] = [];
          const upTo = before + ('acknowledge' in step ? step.acknowledge : 0);
          const sequence = before + ('ahead' in step ? step.ahead : 0);
          if (upTo > before) window.acknowledge(upTo, (...each) => forgotten.push(each));
          else if (sequence > before && !model.has(sequence)) {
            window.add(sequence, [sequence]);
            model.set(sequence, [sequence]);
          }
          const inOrder = [...model].sort(([a], [b]) => a - b);
          expect(forgotten).toEqual(inOrder.filter(([at]) => at <= upTo));
          for (const [at] of forgotten) model.delete(at);
          const all: (readonly [number, readonly number[]])[] = [];
          window.forEach((...each) => all.push(each));
          expect(all).toEqual(inOrder.filter(([at]) => at > upTo));
          expect([window.acknowledged, window.count]).toEqual([upTo, model.size]);
          for (let at = upTo - 2; at < upTo + 130; at++) expect(window.get(at)).toEqual(model.get(at));
        }
      }),
    );
  });
});
