import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { envelopeSize, MAX_FRAME_ENTRIES, MAX_FRAME_MESSAGES } from '../../../engine/transport/codec.ts';
import type { Envelope } from '../../../engine/transport/types.ts';
import { OutboundQueue } from '../../../engine/transport/outbound-queue.ts';
import { entry, envelope } from './frames.ts';

const limits = { maxMessages: 40, maxBytes: 3000, frameBytes: 500, maxMessageBytes: 1000 };

describe('OutboundQueue', () => {
  it('does what a plain list would, whatever is pushed and taken', () => {
    const step = fc.record({
      sizes: fc.array(fc.nat({ max: 1200 }), { maxLength: 12 }),
      delayMs: fc.nat({ max: 20 }),
      afterMs: fc.nat({ max: 15 }),
      takes: fc.nat({ max: 3 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const queue = new OutboundQueue(limits);
        const model: { envelope: Envelope; size: number; releaseAtMs: number }[] = [];
        const modelBytes = (): number => model.reduce((sum, one) => sum + one.size, 0);
        let nowMs = 0;
        for (const { sizes, delayMs, afterMs, takes } of steps) {
          const envelopes = sizes.map((size, index) => envelope({ index, entries: [entry(1, new Uint8Array(size))] }));
          let refused = 0;
          for (const value of envelopes) {
            const size = envelopeSize(value);
            const fits =
              size <= limits.maxMessageBytes &&
              model.length < limits.maxMessages &&
              modelBytes() + size <= limits.maxBytes;
            if (fits) model.push({ envelope: value, size, releaseAtMs: nowMs + delayMs });
            else refused++;
          }
          expect(queue.push(envelopes, nowMs + delayMs)).toBe(refused);

          nowMs += afterMs;
          for (let i = 0; i < takes; i++) {
            const due = model.findIndex((one) => one.releaseAtMs > nowMs);
            const candidates = model.slice(0, due === -1 ? model.length : due);
            let bytes = 0;
            const overflow = candidates.findIndex((one, at) => (bytes += one.size) > limits.frameBytes && at > 0);
            const expected = model.splice(0, overflow === -1 ? candidates.length : overflow);
            const taken = queue.takeFrame(nowMs);
            expect(taken?.frame.messages ?? []).toEqual(expected.map((one) => one.envelope));
          }
          expect(queue.messageCount).toBe(model.length);
          expect(queue.sizeBytes).toBe(modelBytes());
          expect(queue.nextReleaseMs()).toBe(model[0]?.releaseAtMs ?? Infinity);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('drops the newest, but lets a small one in where a large one did not fit', () => {
    const queue = new OutboundQueue({ ...limits, maxBytes: 600 });
    const large = new Uint8Array(400);
    const dropped = queue.push(
      [
        envelope({ index: 1, entries: [entry(1, large)] }),
        envelope({ index: 2, entries: [entry(2, large)] }),
        envelope({ index: 3 }),
      ],
      0,
    );
    expect(dropped).toBe(1);
    expect(queue.takeFrame(0)?.frame.messages.map((one) => one.message.index)).toEqual([1, 3]);
    expect(queue.sizeBytes).toBe(0);
  });

  it('makes no frame that the decoder would refuse for its counts', () => {
    const wide = { maxMessages: 1e6, maxBytes: 1e9, frameBytes: 1e9, maxMessageBytes: 1e9 };
    const many = new OutboundQueue(wide);
    many.push(
      Array.from({ length: MAX_FRAME_MESSAGES + 5 }, () => envelope()),
      0,
    );
    expect(many.takeFrame(0)?.frame.messages.length).toBe(MAX_FRAME_MESSAGES);
    expect(many.takeFrame(0)?.frame.messages.length).toBe(5);

    const entries = Array.from({ length: MAX_FRAME_ENTRIES - 10 }, (_, i) => entry(i + 1));
    const full = new OutboundQueue(wide);
    const tooMany = [...entries, ...entries.slice(0, 11)];
    expect(full.push([envelope({ entries }), envelope({ entries }), envelope({ entries: tooMany })], 0)).toBe(1);
    expect(full.takeFrame(0)?.frame.messages.length).toBe(1);
    expect(full.takeFrame(0)?.frame.messages.length).toBe(1);
  });

  it('puts a probe on the next frame, or makes one for it', () => {
    const queue = new OutboundQueue(limits);
    queue.pushProbe(11, 0, 0);
    queue.pushProbe(0, 12, 0);
    queue.pushProbe(0, 13, 50);
    queue.push([envelope()], 0);
    expect(queue.takeFrame(0)?.frame).toMatchObject({ ping: 11, pong: 0, messages: [{ group: 1 }] });
    expect(queue.takeFrame(0)?.frame).toEqual({ hello: null, messages: [], ping: 0, pong: 12 });
    expect(queue.takeFrame(0)).toBeUndefined();
    expect(queue.nextReleaseMs()).toBe(50);
    queue.releaseAll();
    expect(queue.takeFrame(0)?.frame.pong).toBe(13);
  });
});
