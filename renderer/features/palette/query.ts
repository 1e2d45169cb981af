/** What is looked for, said by the first character typed: ">" commands, "/" keys, "#" partitions. */
export interface PaletteQuery {
  readonly scope: 'all' | 'commands' | 'keys' | 'partitions';
  /** The rest, without the character and the blanks around. */
  readonly words: string;
}

const scopes: Readonly<Record<string, PaletteQuery['scope']>> = { '>': 'commands', '/': 'keys', '#': 'partitions' };

export function readQuery(text: string): PaletteQuery {
  const scope = scopes[text.charAt(0)];
  return scope === undefined ? { scope: 'all', words: text.trim() } : { scope, words: text.slice(1).trim() };
}

/**
 * The prefixes of keys that a text may mean, as written keys, the likeliest first. Keys
 * often begin with their separator, so "orders" may mean "/orders"; and the "/" that asks
 * for keys may itself be the first character of one.
 */
export function keyPrefixes(text: string, separator: string): readonly string[] {
  const { scope, words } = readQuery(text);
  if (words === '' && scope !== 'keys') return [];
  if (scope === 'all') return words.startsWith(separator) ? [words] : [words, `${separator}${words}`];
  if (scope !== 'keys') return [];
  const after = text.slice(1).trim();
  return after === '' ? ['/'] : [`/${after}`, after];
}
