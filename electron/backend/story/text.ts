import type { StoryEvent } from '../../contract/model.ts';

export type Part = StoryEvent['parts'][number];
type Piece = string | Part | readonly (string | Part)[];

/** A name: shown strong. */
export function strong(text: string): Part {
  return { text, strong: true };
}

/** Joins pieces into parts; neighbours of one weight become one part. */
export function sentence(...pieces: Piece[]): Part[] {
  const parts: Part[] = [];
  for (const piece of pieces.flat()) {
    const part = typeof piece === 'string' ? { text: piece, strong: false } : piece;
    const last = parts.at(-1);
    if (part.text === '') continue;
    if (last !== undefined && last.strong === part.strong) last.text += part.text;
    else parts.push({ ...part });
  }
  return parts;
}

export function nodeName(node: number): Part {
  return strong(`n${node}`);
}

/** "n2", "n2 and n3", "n2, n3 and n4": strong names. */
export function nodeNames(nodes: readonly number[]): Part[] {
  return enumerate(nodes.map((node) => nodeName(node)));
}

/** Up to `most` strong partition names, then how many more. */
export function partitionNames(partitions: readonly number[], most = 8): Part[] {
  if (partitions.length > most) {
    return sentence(strong(`${partitions.length} partitions`), ` (${plainList(partitions.slice(0, most), 'p')}, …)`);
  }
  return enumerate(partitions.map((partition) => strong(`p${partition}`)));
}

/** "p0, p3, p6" in plain weight. */
export function plainList(numbers: readonly number[], prefix: string): string {
  return numbers.map((n) => `${prefix}${n}`).join(', ');
}

function enumerate(parts: readonly Part[]): Part[] {
  return sentence(
    ...parts.flatMap((part, i): (string | Part)[] =>
      i === 0 ? [part] : [i === parts.length - 1 ? ' and ' : ', ', part],
    ),
  );
}

/** 1184 as "1,184", whatever the machine's locale. */
export function count(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+$)/g, ',');
}

export function counted(value: number, one: string, many: string): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

/** "412 ms" below two seconds, then "2.8 s", then "3 min 20 s". */
export function duration(ms: number): string {
  if (ms < 2_000) return `${count(Math.max(0, ms))} ms`;
  if (ms < 120_000) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  return minutes < 60 ? `${minutes} min ${seconds % 60} s` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
