import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseJson, printJson, sameJson, type JsonTree } from '../../../renderer/features/keys/json-tree.ts';

function tree(text: string): JsonTree {
  const result = parseJson(text);
  if (!result.ok) throw new Error(result.problem.message);
  return result.tree;
}

test('accepts and prints what JSON.parse accepts, with the same meaning', () => {
  fc.assert(
    fc.property(fc.json(), fc.constantFrom(0, 1, 3), (text, indent) => {
      const written = JSON.stringify(JSON.parse(text), null, indent);
      expect(JSON.parse(printJson(tree(written)))).toEqual(JSON.parse(text));
    }),
  );
});

test('refuses what JSON.parse refuses', () => {
  fc.assert(
    fc.property(
      fc.json(),
      fc.nat(),
      fc.constantFrom('', ',', '}', ']', '"', '\\', '0', 'x', '\u0001'),
      (text, at, junk) => {
        const cut = at % (text.length + 1);
        const broken = text.slice(0, cut) + junk + text.slice(cut + 1);
        let valid = true;
        try {
          JSON.parse(broken);
        } catch {
          valid = false;
        }
        expect(parseJson(broken).ok).toBe(valid);
      },
    ),
    { numRuns: 2000 },
  );
});

test('numbers, escapes, order and repeated names survive', () => {
  const text = '{"10":1,"2":12345678901234567890,"a":1.0e+2,"a":"\\u0041","e":{},"l":[]}';
  expect(printJson(tree(text)).replaceAll(/\n */g, '').replaceAll('": ', '":')).toBe(text);
});

test.each([
  ['{"a":1,\n "b" 2}', '":" is missing after the name', 2, 6],
  ['{"a":1,}', 'a name in double quotes is missing', 1, 8],
  ['[1 2]', '"," or "]" is missing', 1, 4],
  ['', 'a value is missing', 1, 1],
  ['{} x', 'nothing may follow the value', 1, 4],
  ['["a]', 'the string does not end well', 1, 2],
])('says what is wrong with %j and where', (text, message, line, column) => {
  expect(parseJson(text)).toEqual({ ok: false, problem: { message, line, column } });
});

test('a value nested without end is refused, not a crash', () => {
  expect(parseJson('['.repeat(1_000_000))).toMatchObject({ ok: false });
});

test('strings as long as a value may be are read', () => {
  expect(parseJson(`"${'a'.repeat(1_000_000)}"`).ok).toBe(true);
  expect(parseJson(`"${String.raw`\n`.repeat(500_000)}"`).ok).toBe(true);
});

test('equality ignores spacing and the order of names, not the writing of numbers', () => {
  expect(sameJson(tree('{"a":1,"b":[2]}'), tree('{ "b": [2], "a": 1 }'))).toBe(true);
  expect(sameJson(tree('1.0'), tree('1'))).toBe(false);
  expect(sameJson(tree('[1,2]'), tree('[2,1]'))).toBe(false);
  expect(sameJson(tree('{"a":1,"a":2}'), tree('{"a":2,"a":1}'))).toBe(false);
});
