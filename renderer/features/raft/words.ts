export interface Word {
  readonly text: string;
  readonly look: 'plain' | 'strong' | 'accent';
}

/** A sentence or several, whose names are strong. */
export type Words = readonly Word[];

export function text(words: string): Word {
  return { text: words, look: 'plain' };
}

export function strong(words: string, look: 'strong' | 'accent' = 'strong'): Word {
  return { text: words, look };
}

/** "**n1**, **n2** and **n3**". */
export function strongList(names: readonly string[], word = 'and'): Words {
  return names.flatMap((name, i): Words => {
    if (i === 0) return [strong(name)];
    return [text(i === names.length - 1 ? ` ${word} ` : ', '), strong(name)];
  });
}

export function plainText(words: Words): string {
  return words.map((word) => word.text).join('');
}
