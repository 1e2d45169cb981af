import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodePast, pastAfter, type Replaced } from '../../../engine/storage/state/history.ts';
import { Gone } from '../../../engine/storage/types.ts';
import { bytes } from './support.ts';

const replaced: fc.Arbitrary<Replaced> = fc
  .record({
    length: fc.constantFrom(0, 1, 100, 500, 1000, 1536, 1537),
    isUnread: fc.boolean(),
    gone: fc.constantFrom(Gone.No, Gone.No, Gone.Deleted),
    revision: fc.nat({ max: 1e12 }),
  })
  .map(({ length, isUnread, gone, revision }) => ({
    meta: {
      key: bytes('k'),
      valueSizeBytes: length,
      revision,
      version: 1,
      createdAtMs: 1,
      updatedAtMs: 2,
      expiresAtMs: 0,
      gone,
    },
    value: isUnread && length > 1536 ? null : Buffer.alloc(length, revision),
  }));

describe('the history of a key, as it is stored', () => {
  it('has the same bytes whether rows are replaced one by one or are taken together', () => {
    fc.assert(
      fc.property(fc.array(replaced, { maxLength: 12 }), fc.nat({ max: 12 }), (rows, before) => {
        const each = (of: readonly Replaced[], past: Uint8Array) =>
          of.reduce<Uint8Array>((sum, row) => pastAfter([row], sum), past);
        const past = each(rows.slice(0, before), new Uint8Array(0));
        const later = rows.slice(before);
        const oneByOne = each(later, past);
        expect(Buffer.from(pastAfter(later, past))).toEqual(Buffer.from(oneByOne));
        const revisions = decodePast(oneByOne).map((r) => r.revision);
        expect(revisions).toEqual(
          rows
            .slice(rows.length - revisions.length)
            .toReversed()
            .map((r) => r.meta.revision),
        );
      }),
    );
  });
});
