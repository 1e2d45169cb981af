import { describe, expect, test } from 'vitest';
import { paletteActions } from '../../../renderer/features/palette/actions.ts';
import { keyPrefixes, readQuery } from '../../../renderer/features/palette/query.ts';
import { rank } from '../../../renderer/features/palette/rank.ts';
import { parseRecent, withRecent } from '../../../renderer/features/palette/recent.ts';
import { viewOf } from '../../support/view.ts';
import { sceneOf } from './scene.ts';

const actions = paletteActions(sceneOf(viewOf(['live', 'live', 'live'], { partitions: 32 })));
const groupsOf = (text: string, recent: readonly string[] = []) => rank(actions, readQuery(text), recent);
const listed = (text: string, recent: readonly string[] = []) =>
  groupsOf(text, recent).flatMap((group) => group.items.map(({ action }) => action.label));

describe('what is listed', () => {
  test('nothing typed: what was run lately, then what is at hand, no long lists', () => {
    const groups = groupsOf('', ['dev-3/pause/2', 'gone/kill/9', 'dev-3/kill-leader/3']);
    expect(groups[0]).toMatchObject({
      title: 'Recent',
      items: [{ action: { label: 'Pause n2' } }, { action: { label: 'Kill leader of p3' } }],
    });
    const labels = groups.flatMap((group) => group.items.map(({ action }) => action.label));
    expect(labels.filter((label) => label === 'Pause n2')).toHaveLength(1);
    expect(labels).not.toContain('Kill leader of p4');
    // Enter at once must not break anything.
    expect(groupsOf('')[0]?.title).toBe('Go to');
  });

  test('the words typed, in any order', () => {
    expect(listed('kill n2')[0]).toBe('Kill n2');
    expect(listed('n2 kill')[0]).toBe('Kill n2');
  });

  test('one slip of a finger is forgiven', () => {
    expect(listed('pasue n2')).toContain('Pause n2');
    expect(listed('isolte n3')).toContain('Isolate n3');
  });

  test('a few letters of each word do, if nothing holds them together', () => {
    expect(listed('kn1')).toEqual(['Kill n1']);
    expect(listed('iso2')[0]).toBe('Isolate n2');
    expect(listed('klp3')[0]).toBe('Kill leader of p3');
    expect(listed('ovrvw')).toEqual(['Go to overview']);
    expect(groupsOf('kn1')[0]?.items[0]?.marks).toEqual([0, 1, 5, 7]);
  });

  test('words that are not seen find too, after those that are', () => {
    expect(listed('freeze')).toEqual(expect.arrayContaining(['Pause n1', 'Pause n2', 'Pause n3']));
    expect(listed('crash n1')).toContain('Kill n1');
    expect(listed('start')[0]).toMatch(/^Start|^Restart/);
  });

  test('marks what was typed, within the label', () => {
    const item = groupsOf('pause n2')[0]?.items[0];
    expect(item?.action.label).toBe('Pause n2');
    expect(item?.marks).toEqual([0, 5, 6, 8]);
  });

  test('what was run lately comes first in its group', () => {
    expect(listed('pause', ['dev-3/pause/3'])[0]).toBe('Pause n3');
  });

  test('nothing for what is nowhere, nor for mere punctuation', () => {
    expect(listed('zzzzqq')).toEqual([]);
    expect(listed('???')).toEqual([]);
    expect(listed('日本')).toEqual([]);
  });

  test('what begins as typed comes first, what repairs before what breaks', () => {
    expect(listed('p').slice(0, 3)).toEqual(['Pause n1', 'Pause n2', 'Pause n3']);
    const broken = paletteActions(sceneOf(viewOf(['dead', 'live', 'live'])));
    expect(rank(broken, readQuery('start'), [])[0]?.items[0]?.action.label).toBe('Start n1');
  });

  test('partitions do not bury the rest; where there is nothing else, all are there', () => {
    expect(listed('p').filter((label) => label.startsWith('Events of p'))).toHaveLength(3);
    expect(listed('kill leader of p').length).toBe(32);
  });

  test('never more than one reads', () => {
    expect(listed('p').length).toBeLessThanOrEqual(40);
  });
});

describe('the first character', () => {
  test('> finds commands alone', () => {
    expect(groupsOf('> keys').map((group) => group.title)).not.toContain('Go to');
    expect(listed('>kill n1')[0]).toBe('Kill n1');
  });

  test('# finds a partition by its number, the exact one first', () => {
    expect(groupsOf('#3').flatMap((group) => group.items)[0]?.action.partition).toBe(3);
    expect(listed('#3')).toEqual(expect.arrayContaining(['Events of p3', 'Kill leader of p30']));
    // Enter at once looks, and breaks nothing.
    expect(listed('#3')[0]).toBe('Events of p3');
    expect(listed('#31 kill')).toEqual(['Kill leader of p31']);
    expect(listed('#99')).toEqual([]);
  });

  test('/ finds keys alone, with the slash as its own and as the key’s', () => {
    expect(listed('/orders')).toEqual([]);
    expect(keyPrefixes('/orders', '/')).toEqual(['/orders', 'orders']);
    expect(keyPrefixes('/', '/')).toEqual(['/']);
    expect(keyPrefixes('orders', '/')).toEqual(['orders', '/orders']);
    expect(keyPrefixes('user', ':')).toEqual(['user', ':user']);
    expect(keyPrefixes(':user', ':')).toEqual([':user']);
    expect(keyPrefixes('', '/')).toEqual([]);
    expect(keyPrefixes('#3', '/')).toEqual([]);
    expect(keyPrefixes('>kill', '/')).toEqual([]);
  });
});

test('what was run is remembered once, the latest first, and damaged memory is none', () => {
  expect(withRecent(['a', 'b', 'c'], 'b')).toEqual(['b', 'a', 'c']);
  expect(
    withRecent(
      Array.from({ length: 50 }, (_, i) => String(i)),
      'x',
    ),
  ).toHaveLength(30);
  for (const text of [null, '', '{', '7', '{"a":1}']) expect(parseRecent(text)).toEqual([]);
  expect(parseRecent('["a",7,null,"b"]')).toEqual(['a', 'b']);
});
