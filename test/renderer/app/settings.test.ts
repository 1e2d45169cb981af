import { expect, test } from 'vitest';
import { defaultSettings, parseSettings, separatorProblem } from '../../../renderer/app/settings.ts';

test('what was set is read back', () => {
  const settings = {
    density: 'compact',
    keySeparator: '::',
    readMode: 'stale',
    askBeforeFaults: 'quorum',
    typeToDelete: true,
  } as const;
  expect(parseSettings(JSON.stringify(settings))).toEqual(settings);
});

test('nothing, damaged text and other JSON give the defaults', () => {
  for (const text of [null, '', '{', 'null', '7', '"compact"', '[]']) {
    expect(parseSettings(text)).toEqual(defaultSettings);
  }
});

test('a damaged field costs that field alone, and unknown fields are dropped', () => {
  const text = JSON.stringify({ density: 'tight', keySeparator: ':', readMode: 3, colour: 'red' });
  expect(parseSettings(text)).toEqual({ ...defaultSettings, keySeparator: ':' });
  expect(parseSettings('{"keySeparator":"","density":"compact"}')).toEqual({
    ...defaultSettings,
    density: 'compact',
  });
});

test('a separator has one to eight characters', () => {
  expect(separatorProblem('')).toMatch(/at least one/);
  expect(separatorProblem('/')).toBeNull();
  expect(separatorProblem('123456789')).toMatch(/At most 8/);
});
