import { hasRepeatedNames, sameJson, type JsonMember, type JsonTree } from './json-tree.ts';

export interface MergeResult {
  /** Paths that changed since the base, as `items[1].qty`; the whole value is "the whole value". */
  readonly mine: readonly string[];
  readonly theirs: readonly string[];
  /** Where both changed, differently. While there is any, `merged` is null. */
  readonly overlapping: readonly string[];
  readonly merged: JsonTree | null;
}

const WHOLE = 'the whole value';

/**
 * Three-way merge. Objects merge by name, arrays of one length by position; anything
 * else is one piece. A change made by one side only is taken; the same change on both
 * sides is no conflict.
 */
export function mergeJson(base: JsonTree, mine: JsonTree, theirs: JsonTree): MergeResult {
  const overlapping: string[] = [];
  const merged = merge(base, mine, theirs, '', overlapping);
  return {
    mine: changedPaths(base, mine),
    theirs: changedPaths(base, theirs),
    overlapping,
    merged: overlapping.length === 0 ? (merged ?? null) : null,
  };
}

/** Undefined stands for "not there", on all sides. */
type Maybe = JsonTree | undefined;

function merge(base: Maybe, mine: Maybe, theirs: Maybe, path: string, overlapping: string[]): Maybe {
  if (same(base, theirs) || same(mine, theirs)) return mine;
  if (same(base, mine)) return theirs;

  const shape = commonShape([base, mine, theirs]);
  if (shape === null) {
    overlapping.push(path === '' ? WHOLE : path);
    return undefined;
  }
  const [b, m, t] = shape.parts as [Parts, Parts, Parts];
  if (shape.kind === 'array') {
    const items = [...m.values()].map((member, i) => {
      const name = String(i);
      return merge(b.get(name)?.value, member.value, t.get(name)?.value, `${path}[${i}]`, overlapping);
    });
    return { kind: 'array', items: items.filter((item) => item !== undefined) };
  }
  // My order, then what only they have, at the end.
  const members: JsonMember[] = [];
  for (const name of new Set([...m.keys(), ...t.keys()])) {
    const value = merge(b.get(name)?.value, m.get(name)?.value, t.get(name)?.value, step(path, name), overlapping);
    const source = (m.get(name) ?? t.get(name))?.source;
    if (value !== undefined && source !== undefined) members.push({ source, name, value });
  }
  return { kind: 'object', members };
}

/** What differs between two values, at the deepest places both share. */
export function changedPaths(from: Maybe, to: Maybe, path = ''): string[] {
  if (same(from, to)) return [];
  const shape = commonShape([from, to]);
  if (shape === null) return [path === '' ? WHOLE : path];
  const [a, b] = shape.parts as [Parts, Parts];
  return [...new Set([...a.keys(), ...b.keys()])].flatMap((name) =>
    changedPaths(
      a.get(name)?.value,
      b.get(name)?.value,
      shape.kind === 'array' ? `${path}[${name}]` : step(path, name),
    ),
  );
}

type Parts = ReadonlyMap<string, JsonMember>;

/** The parts of each tree if all are objects with clear names, or arrays of one length; else null. */
function commonShape(trees: readonly Maybe[]): { kind: 'array' | 'object'; parts: Parts[] } | null {
  const present = trees.filter((tree) => tree !== undefined);
  if (present.length < trees.length) return null;
  if (present.every((tree) => tree.kind === 'object')) {
    if (present.some(hasRepeatedNames)) return null;
    return { kind: 'object', parts: present.map((tree) => new Map(tree.members.map((m) => [m.name, m]))) };
  }
  if (present.every((tree) => tree.kind === 'array')) {
    const lengths = new Set(present.map((tree) => tree.items.length));
    if (lengths.size > 1) return null;
    return {
      kind: 'array',
      parts: present.map(
        (tree) => new Map(tree.items.map((value, i) => [String(i), { source: '', name: String(i), value }])),
      ),
    };
  }
  return null;
}

function same(a: Maybe, b: Maybe): boolean {
  if (a === undefined || b === undefined) return a === b;
  return sameJson(a, b);
}

function step(path: string, name: string): string {
  if (!/^[\p{L}_$][\p{L}\p{N}_$-]*$/u.test(name)) return `${path}[${JSON.stringify(name)}]`;
  return path === '' ? name : `${path}.${name}`;
}
