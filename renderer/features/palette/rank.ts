import UFuzzy from '@leeoniya/ufuzzy';
import { actionGroups, type PaletteAction } from './action.ts';
import type { PaletteQuery } from './query.ts';

export interface RankedAction {
  readonly action: PaletteAction;
  /** What of the label was typed, as pairs of offsets: [from, to, from, to, …]. */
  readonly marks: readonly number[];
}

export interface RankedGroup {
  readonly title: string;
  readonly items: readonly RankedAction[];
}

/** More than this nobody reads: one types another letter. */
const MAX_MATCHES = 40;
const MAX_RECENT = 5;
/** So many partitions of a kind beside other finds; whoever wants another types its number. */
const MAX_ALIKE = 3;

/** One slip in each word of three letters and more; words in any order. */
// eslint-disable-next-line typescript/no-unsafe-enum-assignment -- SingleError: a const enum, of which nothing is left to import
const fuzzy = new UFuzzy({ intraMode: 1 });
const WORD_ORDERS = 4;

/** Letters in order with anything between them, also across words: "kn1" for "Kill n1". */
const loose = new UFuzzy({ intraIns: 12, intraChars: '.', intraSplit: null, intraBound: null });

/**
 * What is listed for a query, in groups. While nothing is typed: what was run lately, then
 * what is at hand. Else the matches, those that begin as typed before all others, the group
 * with the best one first, and in a group what was run lately before the rest. `recent`
 * holds ids, the latest first.
 */
export function rank(
  actions: readonly PaletteAction[],
  query: PaletteQuery,
  recent: readonly string[],
): readonly RankedGroup[] {
  if (query.scope === 'partitions') return grouped(byPartition(actions, query.words));
  if (query.scope === 'keys') return [];
  const scoped = query.scope === 'commands' ? actions.filter((action) => action.group !== 'Go to') : actions;
  if (query.words === '') return atHand(scoped, recent);
  const age = new Map(recent.map((id, i) => [id, i]));
  const matches = varied(beginningFirst(match(scoped, query.words), query.words)).slice(0, MAX_MATCHES);
  const lately = matches
    .filter(({ action }) => age.has(action.id))
    .sort((a, b) => (age.get(a.action.id) ?? 0) - (age.get(b.action.id) ?? 0));
  const groups = grouped(matches);
  return groups.map(({ title, items }) => {
    const first = lately.filter((item) => items.includes(item));
    return { title, items: [...first, ...items.filter((item) => !first.includes(item))] };
  });
}

function atHand(actions: readonly PaletteAction[], recent: readonly string[]): readonly RankedGroup[] {
  const plain = (action: PaletteAction): RankedAction => ({ action, marks: [] });
  const lately = recent
    .flatMap((id) => actions.find((action) => action.id === id) ?? [])
    .slice(0, MAX_RECENT)
    .map(plain);
  const rest = actions
    .filter((action) => action.onlySearched !== true && !lately.some((item) => item.action === action))
    .map(plain);
  const groups = actionGroups.map((title) => ({ title, items: rest.filter((item) => item.action.group === title) }));
  return [{ title: 'Recent', items: lately }, ...groups].filter((group) => group.items.length > 0);
}

function match(actions: readonly PaletteAction[], words: string): readonly RankedAction[] {
  // A text without letters or digits has no word to look for.
  if (fuzzy.split(words).length === 0) return [];
  const haystack = actions.map((action) => `${action.label} ${action.keywords}`);
  const found = search(fuzzy, haystack, actions, words);
  // What is found by its label goes before what is found by a word that is not seen.
  const seen = found.filter((item) => item.marks.length > 0);
  if (found.length > 0) return [...seen, ...found.filter((item) => item.marks.length === 0)];
  const labels = actions.map((action) => action.label);
  return search(loose, labels, actions, words);
}

function search(
  by: UFuzzy,
  haystack: readonly string[],
  actions: readonly PaletteAction[],
  words: string,
): readonly RankedAction[] {
  const [indexes, info, order] = by.search([...haystack], words, WORD_ORDERS, Infinity);
  if (indexes === null || info === null) return [];
  return order.flatMap((place): RankedAction[] => {
    const action = actions[info.idx[place] ?? -1];
    return action === undefined ? [] : [{ action, marks: within(info.ranges[place] ?? [], action.label.length) }];
  });
}

/** Labels that begin as typed, in the order of their groups: what repairs before what breaks. */
function beginningFirst(matches: readonly RankedAction[], words: string): readonly RankedAction[] {
  const begins = ({ action }: RankedAction) => action.label.toLowerCase().startsWith(words.toLowerCase());
  return [...inGroupOrder(matches.filter(begins)), ...matches.filter((item) => !begins(item))];
}

function inGroupOrder<T extends { readonly action: PaletteAction }>(items: readonly T[]): T[] {
  const place = ({ action }: T) => actionGroups.indexOf(action.group);
  return [...items].sort((a, b) => place(a) - place(b));
}

/** Hundreds of partitions must not bury all else that was found. */
function varied(matches: readonly RankedAction[]): readonly RankedAction[] {
  const kinds = Map.groupBy(matches, ({ action }) => (action.partition === undefined ? null : action.icon));
  if (kinds.size <= 1) return matches;
  return matches.filter((item) => {
    if (item.action.partition === undefined) return true;
    return (kinds.get(item.action.icon) ?? []).indexOf(item) < MAX_ALIKE;
  });
}

/** The marks of a match, if it is wholly within the label. */
function within(ranges: readonly number[], length: number): readonly number[] {
  return ranges.every((offset) => offset <= length) ? ranges : [];
}

/** "3", "p3" or "3 kill": partitions whose number begins so, the exact one first, looking at it before breaking it. */
function byPartition(actions: readonly PaletteAction[], words: string): readonly RankedAction[] {
  const [, digits = '', rest = ''] = /^p?(\d*)\s*(.*)$/i.exec(words) ?? [];
  const numbered = actions
    .filter((action) => action.partition !== undefined && String(action.partition).startsWith(digits))
    .sort((a, b) => (a.partition ?? 0) - (b.partition ?? 0));
  const exact = numbered.filter((action) => String(action.partition) === digits);
  const ordered = [...exact, ...numbered.filter((action) => !exact.includes(action))];
  const plain = inGroupOrder(ordered.map((action): RankedAction => ({ action, marks: [] })));
  return (rest === '' ? plain : match(ordered, rest)).slice(0, MAX_MATCHES);
}

/** In the order in which the groups come up. */
function grouped(items: readonly RankedAction[]): readonly RankedGroup[] {
  const titles = [...new Set(items.map((item) => item.action.group))];
  return titles.map((title) => ({ title, items: items.filter((item) => item.action.group === title) }));
}
