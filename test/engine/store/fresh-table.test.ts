import { describe, expect, it } from 'vitest';
import { FreshTable } from '../../../engine/store/fresh-table.ts';
import type { ReadAnswer } from '../../../engine/store/types.ts';

const MAX_AGE_MS = 100;

function asking() {
  const asked: ((answer: ReadAnswer) => void)[] = [];
  return { asked, table: new FreshTable(MAX_AGE_MS, (_deadlineMs, respond) => void asked.push(respond)) };
}

describe('the routing table that a leader acts by', () => {
  it('is known from the answer on, for as long as it was in force when it was asked for', () => {
    const { asked, table } = asking();
    expect(table.isKnown(1000)).toBe(false);
    expect(table.isKnown(1010)).toBe(false);
    expect(asked).toHaveLength(1);
    asked[0]!({ ok: true, stalenessMs: 0 });
    expect(table.isKnown(1050)).toBe(true);
    expect(table.isKnown(1000 + MAX_AGE_MS)).toBe(true);
    expect(asked).toHaveLength(1);
    // It was in force at 1000, whenever that was said.
    expect(table.isKnown(1001 + MAX_AGE_MS)).toBe(false);
    expect(asked).toHaveLength(2);
  });

  it('is not known by a refusal, and asked for again', () => {
    const { asked, table } = asking();
    table.isKnown(0);
    asked[0]!({ ok: false, reason: 'noLeader' });
    expect(table.isKnown(10)).toBe(false);
    expect(asked).toHaveLength(2);
  });
});
