import { describe, expect, test } from 'vitest';
import { copyViewSchema, type CopyView } from '../../../electron/contract/copies.ts';
import {
  beginLabel,
  briefly,
  comparisonWords,
  countRows,
  fractionOf,
  hindrance,
  progressWords,
  stageWords,
  stepOf,
} from '../../../renderer/features/copies/copy-words.ts';

const none = { read: 0, written: 0, same: 0, skipped: 0, conflicts: 0, expired: 0, tooLarge: 0, bytes: 0 };

function copyOf(change: Partial<CopyView> = {}): CopyView {
  return copyViewSchema.parse({
    id: '1',
    settings: {
      from: 'dev',
      to: 'k8s',
      prefix: '',
      onConflict: 'fail',
      skipTooLarge: false,
      keysPerSecond: null,
      follow: false,
    },
    stage: 'rehearsed',
    stageSinceMs: 0,
    error: null,
    rehearsal: { ...none, read: 1_000, written: 900, same: 100 },
    counts: none,
    isCopied: false,
    keysPerSecond: null,
    followed: null,
    named: [],
    comparison: null,
    ...change,
  });
}

describe('the words of a copy', () => {
  test('lead from step to step', () => {
    expect(stepOf(null)).toBe(0);
    expect(stepOf(copyOf())).toBe(1);
    expect(stepOf(copyOf({ stage: 'copying' }))).toBe(2);
    expect(stepOf(copyOf({ stage: 'paused', isCopied: true }))).toBe(3);
    expect(beginLabel(copyOf())).toBe('Copy 900 keys');
    expect(beginLabel(copyOf({ rehearsal: none }))).toBe('Begin');
    expect(stageWords(copyOf({ stage: 'paused' }))).toBe('Paused. It goes on where it was.');
    expect(stageWords(copyOf({ stage: 'paused', isCopied: true }))).toBe('Paused: changes of the source wait.');
  });

  test('say how far it is and how long it takes', () => {
    const copy = copyOf({ stage: 'copying', counts: { ...none, read: 250 }, keysPerSecond: 50 });
    expect(fractionOf(copy)).toBe(0.25);
    expect(progressWords(copy)).toBe('250 of 1,000 keys, 50 a second, 15 s left');
    expect(briefly(copy)).toBe('copying, 250 of 1,000');
    const more = copyOf({ stage: 'copying', counts: { ...none, read: 1_200 } });
    expect([fractionOf(more), progressWords(more)]).toEqual([1, '1,200 of 1,200 keys']);
    expect(fractionOf(copyOf({ stage: 'rehearsing', rehearsal: null }))).toBeNull();
  });

  test('name what stands in the way, and what to choose', () => {
    expect(hindrance(copyOf())).toBeNull();
    expect(hindrance(copyOf({ rehearsal: { ...none, conflicts: 2 } }))).toMatch(/2 keys of k8s would be in the way/);
    const large = { rehearsal: { ...none, tooLarge: 1 } };
    expect(hindrance(copyOf(large))).toMatch(/1 key cannot be taken by k8s/);
    expect(hindrance(copyOf({ ...large, settings: { ...copyOf().settings, skipTooLarge: true } }))).toBeNull();
  });

  test('count only what there is', () => {
    const rows = countRows({ ...none, written: 3, bytes: 2_048, tooLarge: 1 }, false);
    expect(rows.map(({ label, value }) => `${label}: ${value}`)).toEqual([
      'Written: 3 (2.0 KB)',
      'Equal on both sides already: 0',
      'More than the target can take: 1',
    ]);
  });

  test('say whether both sides are equal', () => {
    const compared = { isRunning: false, endedAtMs: 1, same: 5, different: 0, missing: 0, extra: 0, named: [] };
    const words = (change: object) => comparisonWords(copyOf({ comparison: { ...compared, error: null, ...change } }));
    expect(words({})).toEqual({ text: 'Both sides are equal, byte for byte: 5 keys.', isEqual: true });
    expect(words({ missing: 1, extra: 2 })).toEqual({
      text: '5 keys are equal, 1 are missing in the target, 2 are only in the target.',
      isEqual: false,
    });
    expect(words({ isRunning: true })?.isEqual).toBe(false);
    expect(words({ error: { message: 'gone', hint: null } })?.text).toBe('Both sides were not compared: gone');
    expect(comparisonWords(copyOf())).toBeNull();
  });
});
